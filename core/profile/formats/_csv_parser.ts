import { FormatError } from "./format_error.ts";

/** Takes CSV in pieces. */
export interface CsvParser {
  push(chunk: Uint8Array): void;
  /** @throws {FormatError} when the text ends within quotes */
  end(): void;
}

/**
 * Reads CSV (RFC 4180; LF or CR LF).
 *
 * @param row gets the cells of a row, which of them stood in quotes, and the line on which it ends
 */
export function csvParser(
  row: (cells: readonly string[], quoted: readonly boolean[], line: number) => void,
): CsvParser {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let cells: string[] = [];
  let quoted: boolean[] = [];
  let cell = "";
  let state: "start" | "plain" | "quoted" | "quote" = "start";
  let line = 1;
  let held = 0;

  const endCell = (): void => {
    cells.push(cell);
    quoted.push(state === "quote");
    cell = "";
    state = "start";
    if (cells.length > MAX_CELLS) throw new FormatError(`more than ${MAX_CELLS} cells`, line);
  };
  const endRow = (): void => {
    if (state === "plain" && cell.endsWith("\r")) cell = cell.slice(0, -1);
    endCell();
    if (cells.length > 1 || cells[0] !== "" || quoted[0]) row(cells, quoted, line);
    cells = [];
    quoted = [];
    held = 0;
  };
  const take = (text: string): void => {
    let at = 0;
    while (at < text.length) {
      if (state === "quoted") {
        const end = text.indexOf('"', at);
        const to = end < 0 ? text.length : end;
        add(text.slice(at, to));
        for (let i = text.indexOf("\n", at); i >= 0 && i < to; i = text.indexOf("\n", i + 1)) line++;
        at = to + 1;
        if (end >= 0) state = "quote";
        continue;
      }
      const c = text[at];
      if (c === '"' && state === "start") state = "quoted";
      else if (c === '"' && state === "quote") {
        add('"');
        state = "quoted";
      } else if (c === ",") endCell();
      else if (c === "\n") {
        endRow();
        line++;
      } else if (c === "\r" && state === "quote") {
        // The first half of a line end.
      } else if (state === "quote") throw new FormatError("text behind a closing quote", line);
      else {
        PLAIN.lastIndex = at;
        const run = PLAIN.exec(text)?.[0] ?? c;
        add(run);
        state = "plain";
        at += run.length;
        continue;
      }
      at++;
    }
  };
  const add = (text: string): void => {
    cell += text;
    held += text.length;
    if (held > MAX_ROW) throw new FormatError(`a row of more than ${MAX_ROW >> 20} Mi characters`, line);
  };

  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => {
      take(decoder.decode());
      if (state === "quoted") throw new FormatError("the text ends within quotes", line);
      if (cell !== "" || cells.length > 0 || state !== "start") endRow();
    },
  };
}

const PLAIN = /[^,"\n]+/y;
const MAX_CELLS = 1 << 16;
const MAX_ROW = 1 << 26;
