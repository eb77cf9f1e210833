/** A half-open range of UTF-16 offsets in the text of a recipe. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place in a text, as editors count: lines and columns from 1, columns and offsets in UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** From the beginning of the recipe; texts that it includes are counted behind it. */
  readonly offset: number;
  /** The included file in which it is; absent in the recipe itself. */
  readonly file?: string;
}

/** Turns offsets into lines and columns. */
export interface LineIndex {
  /** @param offset clamped to the text */
  position(offset: number): Position;
  /** The text of a line without its line break; empty outside the text. @param line from 1 */
  line(line: number): string;
}

/** Indexes the line breaks (`\n`, `\r\n`) of a text. */
export function lineIndex(text: string): LineIndex {
  const starts = [0];
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) starts.push(i + 1);
  return {
    position(offset): Position {
      const at = Math.max(0, Math.min(offset, text.length));
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle] <= at) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: at - starts[low] + 1, offset: at };
    },
    line(line): string {
      if (line < 1 || line > starts.length) return "";
      return text.slice(starts[line - 1], line < starts.length ? starts[line] - 1 : undefined).replace(/\r$/, "");
    },
  };
}

/** A recipe and the files that it includes, one behind the other. */
export interface Sources extends LineIndex {
  /** Length of the recipe itself. */
  readonly ownLength: number;
  /** Adds a file. @returns the offset of its beginning */
  add(name: string, text: string): number;
}

/** The sources of a recipe, to begin with its own text alone. */
export function openSources(text: string): Sources {
  const own = lineIndex(text);
  const files: { name: string; base: number; lines: LineIndex }[] = [];
  let end = text.length + 1;
  return {
    ownLength: text.length,
    line: own.line,
    position(offset): Position {
      const found = files.findLast((f) => f.base <= offset);
      if (!found) return own.position(offset);
      const p = found.lines.position(offset - found.base);
      return { ...p, offset: p.offset + found.base, file: found.name };
    },
    add(name, included): number {
      const base = end;
      files.push({ name, base, lines: lineIndex(included) });
      end += included.length + 1;
      return base;
    },
  };
}
