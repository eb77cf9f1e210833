/**
 * Inclusive ranges of code points that take two columns: East Asian Wide and Fullwidth of Unicode's
 * EastAsianWidth.txt, merged where only unassigned code points lie between. Emoji are asked of the engine's own tables.
 */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18d7f],
  [0x1aff0, 0x1b2ff],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];
const ZERO = /^[\p{Mn}\p{Me}\u1160-\u11ff]$/u;
// Of a flag each of the two letters takes one column.
const EMOJI = /^(?!\p{Regional_Indicator})\p{Emoji_Presentation}$/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Columns of one code point on a terminal: 0, 1 or 2. Control characters are expected to be escaped before. */
export function charWidth(char: string): number {
  const code = char.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (ZERO.test(char)) return 0;
  for (const [lo, hi] of WIDE) {
    if (code < lo) break;
    if (code <= hi) return 2;
  }
  return EMOJI.test(char) ? 2 : 1;
}

/** Columns of a text without escape sequences. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** Cuts a text to at most `width` columns, marking the cut with `…` at its end, its middle or its start. */
export function truncate(text: string, width: number, where: "end" | "middle" | "start" = "end"): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 1) return width === 1 ? "…" : "";
  const room = width - 1;
  const tail = where === "end" ? 0 : where === "start" ? room : Math.floor(room / 2);
  if (ASCII.test(text)) return text.slice(0, room - tail) + "…" + text.slice(text.length - tail);
  const chars = [...text];
  const end = takeColumns([...chars].reverse(), tail).reverse().join("");
  return takeColumns(chars, room - tail).join("") + "…" + end;
}

function takeColumns(chars: readonly string[], width: number): string[] {
  const out: string[] = [];
  let used = 0;
  for (const char of chars) {
    used += charWidth(char);
    if (used > width) break;
    out.push(char);
  }
  return out;
}

/** Fills with spaces on the right (`left` aligned text) or on the left up to `width` columns. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const fill = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + fill : fill + text;
}

/**
 * Breaks a text at spaces, and between CJK characters, into lines of at most `width` columns. Words wider than a line are
 * broken where they reach its end. Newlines of the text are kept.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    let used = 0;
    for (const piece of pieces(paragraph)) {
      const w = displayWidth(piece.trimEnd());
      if (used > 0 && used + w > width) {
        lines.push(line.trimEnd());
        line = "";
        used = 0;
      }
      let rest = piece;
      while (displayWidth(rest.trimEnd()) > width) {
        const part = takeColumns([...rest], width).join("");
        if (part === "") break;
        lines.push(part);
        rest = rest.slice(part.length);
      }
      line += rest;
      used += displayWidth(rest);
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

/** Places where a line may break: after spaces, and before a wide character that is no closing punctuation. */
function pieces(text: string): string[] {
  return text.match(
    /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}](?:[、。，．：；！？）」』】》…]| )*|[^\s\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]+ *| +/gu,
  ) ??
    [];
}
