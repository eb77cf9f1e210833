/**
 * Characters that would act on a terminal, reorder text, or be there without being seen: controls, format characters
 * (bidirectional overrides, zero width joiners, tags), line and paragraph separators, lone surrogates, unassigned code
 * points, fillers and variation selectors.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
const UNSAFE_BUT_NEWLINE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
/** More combining marks on one character than any script needs. */
const STACKED_MARKS = /(\p{M}{4})(\p{M}+)/gu;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0" };

/** How {@linkcode escapeText} treats a text. */
export interface EscapeOptions {
  /** Most UTF-16 units of the input that are looked at; what follows becomes `…`. Default 65,536. */
  readonly limit?: number;
  /** Lets newlines through, for texts that may have several lines. Default false. */
  readonly newlines?: boolean;
}

/**
 * Makes text from the machine safe to print: everything that a terminal would obey, that changes the order of what is
 * read, or that cannot be seen is written out as `\n`, `\x1b`, `\u202e`, `\u{e0041}`. Meant for eyes, not for
 * reading back: a backslash stays as it is.
 *
 * `escapeText("evil\x1b[2J\nname")` is the visible text `evil\x1b[2J\nname`, on one line.
 */
export function escapeText(text: string, options: EscapeOptions = {}): string {
  const limit = options.limit ?? 65_536;
  const cut = text.length > limit;
  const head = cut ? text.slice(0, limit) : text;
  if (PLAIN_ASCII.test(head)) return cut ? head + "…" : head;
  const safe = head.replace(STACKED_MARKS, (_, kept: string, rest: string) => kept + [...rest].map(visible).join(""))
    .replace(options.newlines ? UNSAFE_BUT_NEWLINE : UNSAFE, visible);
  return cut ? safe + "…" : safe;
}

function visible(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

const XML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for element content or a quoted attribute of XML, SVG or HTML. What cannot be seen is made visible first. */
export function escapeXml(text: string, options: EscapeOptions = {}): string {
  return escapeText(text, options).replace(/[&<>"']/g, (c) => XML[c]);
}
