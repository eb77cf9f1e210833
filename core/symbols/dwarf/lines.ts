import { lastAtOrBelow } from "../symbol_table.ts";
import { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";
import { join, type LineHeader } from "./lines_header.ts";

/** The lines of a unit's code by address, as columns. */
export interface LineTable {
  /** The row that holds for an address; -1 when none does. */
  find(address: number): number;
  /** Numbers in the header's table of files. */
  readonly files: Uint32Array;
  /** 0 where the code belongs to no line. */
  readonly lines: Uint32Array;
}

/**
 * Runs a line program (DWARF 5, 6.2).
 *
 * @param isCode whether code can lie at an address: what the linker threw away is left out
 * @throws {DwarfError} when it is broken, or makes more than 64 million rows
 */
export function runLineProgram(header: LineHeader, isCode: (address: number) => boolean): LineTable {
  const rows: Rows = { addresses: [], files: [], lines: [] };
  const sequences: Sequence[] = [];
  const { lineBase, lineRange, minInstruction, operands, addressSize } = header;
  const opcodeBase = operands.length + 1;
  const constAdd = Math.floor((255 - opcodeBase) / lineRange) * minInstruction;
  const cursor = new Cursor(header.program);
  let address = 0, file = 1, line = 1, first = 0;

  const row = (): void => {
    const last = rows.addresses.length - 1;
    if (last >= first && rows.addresses[last] === address) {
      // Of rows for one address the last holds.
      rows.files[last] = file;
      rows.lines[last] = line;
      return;
    }
    if (last > MAX_ROWS) throw new DwarfError(`More than ${MAX_ROWS} lines`, cursor.at);
    // Rows that go back are against the rules; those before are whole all the same.
    if (last >= first && rows.addresses[last] > address) end(rows.addresses[last] + 1);
    rows.addresses.push(address);
    rows.files.push(file);
    rows.lines.push(line);
  };
  const end = (at: number): void => {
    const n = rows.addresses.length;
    if (n > first && at > rows.addresses[first] && isCode(rows.addresses[first])) {
      sequences.push({ first, last: n, start: rows.addresses[first], end: at });
    } else rows.addresses.length = rows.files.length = rows.lines.length = first;
    first = rows.addresses.length;
  };

  while (cursor.at < cursor.end) {
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      address += Math.floor(adjusted / lineRange) * minInstruction;
      line += lineBase + adjusted % lineRange;
      row();
      continue;
    }
    switch (opcode) {
      case 0: {
        const next = cursor.uleb() + cursor.at;
        if (next > cursor.end) throw new DwarfError("The data ends inside an entry", cursor.at);
        const kind = next > cursor.at ? cursor.u8() : -1;
        if (kind === 1) {
          end(address);
          address = 0;
          file = 1;
          line = 1;
        } else if (kind === 2) {
          address = cursor.uint(next - cursor.at === 4 ? 4 : next - cursor.at === 8 ? 8 : addressSize);
        } else if (kind === 3) {
          const name = cursor.string();
          header.files.push(join(header.directories[cursor.uleb()] ?? "", name));
        }
        cursor.at = next;
        break;
      }
      case 1:
        row();
        break;
      case 2:
        address += cursor.uleb() * minInstruction;
        break;
      case 3:
        line += cursor.sleb();
        break;
      case 4:
        file = cursor.uleb();
        break;
      case 8:
        address += constAdd;
        break;
      case 9:
        address += cursor.u16();
        break;
      default:
        for (let i = operands[opcode - 1]; i > 0; i--) cursor.skipLeb();
    }
  }
  // A program without its end: its last row reaches as far as itself.
  if (rows.addresses.length > first) end(rows.addresses[rows.addresses.length - 1] + 1);
  return tableOf(rows, sequences);
}

interface Rows {
  readonly addresses: number[];
  readonly files: number[];
  readonly lines: number[];
}

interface Sequence {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
}

function tableOf(rows: Rows, sequences: Sequence[]): LineTable {
  const addresses = Float64Array.from(rows.addresses);
  sequences.sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(sequences, (s) => s.start);
  return {
    find: (address) => {
      let i = lastAtOrBelow(starts, starts.length, address);
      // Sequences overlap only where linkers folded equal functions.
      for (let steps = 0; i >= 0 && steps < MAX_OVERLAP; i--, steps++) {
        const s = sequences[i];
        if (address < s.end) return lastIn(addresses, s.first, s.last, address);
      }
      return -1;
    },
    files: Uint32Array.from(rows.files),
    lines: Uint32Array.from(rows.lines),
  };
}

/** The last index from `lo` on, below `hi`, whose value is at most `x`. */
function lastIn(values: Float64Array, lo: number, hi: number, x: number): number {
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (values[mid] <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}

const MAX_ROWS = 64 << 20;
const MAX_OVERLAP = 8;
