import type { Atom, Note } from "./_format_atoms.ts";

/** Columns of a line, the comment behind it left out. */
export const WIDTH = 120;

/** A text that grows line by line. */
export interface Page {
  /** Adds a line. */
  line(text: string): void;
  /**
   * Adds comments, each on a line of its own or behind the last one.
   *
   * @param paragraphs keep empty lines between them
   */
  notes(notes: readonly Note[], indent: number, paragraphs?: boolean): void;
  /** Adds an empty line, unless a block or the text begins here. */
  gap(): void;
  /** What is added next is the first of its block. */
  begin(): void;
  /** Adds atoms, broken into lines where they are too long or a comment ends a line. */
  fill(atoms: readonly Atom[], indent: number, continuation: number): void;
  text(): string;
}

interface Line {
  readonly text: string;
  /** The comment behind it. */
  note: string;
}

/** An empty page. */
export function page(): Page {
  const lines: Line[] = [];
  let first = true;

  const line = (text: string): void => {
    lines.push({ text, note: "" });
    first = false;
  };
  const gap = (): void => {
    if (!first) lines.push({ text: "", note: "" });
  };
  const notes = (all: readonly Note[], indent: number, paragraphs = false): void => {
    for (const note of all) {
      const last = lines.at(-1);
      if (note.trailing && last && last.text !== "" && last.note === "" && !last.text.trimStart().startsWith("#")) {
        last.note = note.text;
        continue;
      }
      if (paragraphs && note.blank) gap();
      line(" ".repeat(indent) + note.text);
    }
  };

  return {
    line,
    gap,
    notes,
    begin(): void {
      first = true;
    },
    fill(atoms, indent, continuation): void {
      let from = 0;
      for (let to = 1; to <= atoms.length; to++) {
        if (to < atoms.length && atoms[to].notes.length === 0) continue;
        if (from > 0) notes(atoms[from].notes, continuation);
        wrapped(atoms.slice(from, to), from > 0 ? continuation : indent, continuation).forEach(line);
        from = to;
      }
    },
    text: () => aligned(lines).map((l) => `${l}\n`).join(""),
  };
}

/** Atoms on one line. */
export function joined(atoms: readonly Atom[]): string {
  return atoms.map((a, i) => i > 0 && a.space ? ` ${a.text}` : a.text).join("");
}

/** Fills lines; each breaks at the last of the best places that it has. */
function wrapped(atoms: readonly Atom[], indent: number, continuation: number): string[] {
  const lines: string[] = [];
  for (let from = 0; from < atoms.length;) {
    const margin = lines.length === 0 ? indent : continuation;
    let width = margin + atoms[from].text.length;
    let best = -1;
    let to = from + 1;
    for (; to < atoms.length; to++) {
      const { rank, space, text } = atoms[to];
      if (rank > 0 && (best < 0 || rank <= atoms[best].rank)) best = to;
      width += text.length + (space ? 1 : 0);
      if (width > WIDTH && best > 0) break;
    }
    const end = to < atoms.length ? best : to;
    lines.push(" ".repeat(margin) + joined(atoms.slice(from, end)));
    from = end;
  }
  return lines;
}

/** Comments behind lines of one block that follow one another stand in one column. */
function aligned(lines: readonly Line[]): string[] {
  const out: string[] = [];
  for (let from = 0; from < lines.length;) {
    let to = from + 1;
    if (joins(lines[from])) { while (to < lines.length && joins(lines[to])) to++; }
    const run = lines.slice(from, to);
    const column = run.reduce((most, l) => Math.max(most, l.text.length), 0);
    for (const { text, note } of run) out.push(note === "" ? text : `${text.padEnd(column)}  ${note}`);
    from = to;
  }
  return out;
}

/** Whether the comment behind a line may move: none does behind a brace, whose block is longer than the line. */
function joins({ text, note }: Line): boolean {
  return note !== "" && !/^ *}|{$/.test(text);
}
