import type { FlatRanges } from "./flatten.ts";
import { type LineTable, NO_ROW } from "./lines.ts";

/** Code cut wherever its innermost function or its line changes, as columns; a piece ends where the next begins. */
export interface Pieces {
  /** Ascending, no two the same. */
  readonly starts: Float64Array;
  /** The innermost scope; -1 for none. */
  readonly owners: Int32Array;
  /** Numbers in the table of files; {@linkcode NO_ROW} where no line is known. */
  readonly files: Uint32Array;
  readonly lines: Uint32Array;
}

/** Cuts ranges of scopes where lines change, so that one search answers for both. */
export function crossPieces(ranges: FlatRanges | null, rows: LineTable | null): Pieces {
  const scopeStarts = ranges?.starts ?? NOTHING;
  const rowStarts = rows?.starts ?? NOTHING;
  const room = scopeStarts.length + rowStarts.length;
  const starts = new Float64Array(room), owners = new Int32Array(room);
  const files = new Uint32Array(room), lines = new Uint32Array(room);
  let n = 0;
  for (let scope = 0, row = 0; scope < scopeStarts.length || row < rowStarts.length; n++) {
    const nextScope = scope < scopeStarts.length ? scopeStarts[scope] : Infinity;
    const nextRow = row < rowStarts.length ? rowStarts[row] : Infinity;
    starts[n] = nextScope < nextRow ? nextScope : nextRow;
    if (nextScope <= nextRow) scope++;
    if (nextRow <= nextScope) row++;
    owners[n] = scope === 0 ? -1 : ranges!.owners[scope - 1];
    files[n] = row === 0 ? NO_ROW : rows!.files[row - 1];
    lines[n] = row === 0 ? 0 : rows!.lines[row - 1];
  }
  return {
    starts: starts.subarray(0, n),
    owners: owners.subarray(0, n),
    files: files.subarray(0, n),
    lines: lines.subarray(0, n),
  };
}

const NOTHING = new Float64Array(0);
