import { lastAtOrBelow } from "../symbol_table.ts";
import { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";
import { join, type LineHeader } from "./lines_header.ts";

/** The lines of a unit's code, as columns: row `i` holds from its start up to the next row's. */
export interface LineTable {
  /** Ascending, no two the same. */
  readonly starts: Float64Array;
  /** Numbers in the header's table of files; {@linkcode NO_ROW} where there is code of no row. */
  readonly files: Uint32Array;
  /** 0 where the code belongs to no line. */
  readonly lines: Uint32Array;
}

/** Stands for the file between rows, and behind the last. */
export const NO_ROW = 0xffffffff;

/**
 * Runs a line program (DWARF 5, 6.2).
 *
 * @param isCode whether code can lie at an address: what the linker threw away is left out
 * @throws {DwarfError} when it is broken, or makes more than four million rows
 */
export function runLineProgram(header: LineHeader, isCode: (address: number) => boolean): LineTable {
  const { lineBase, lineRange, minInstruction, operands, addressSize, program } = header;
  // A row takes a byte or more: mostly two to four.
  let addresses = new Float64Array(Math.min((program.length >> 1) + 16, MAX_ROWS));
  let files = new Uint32Array(addresses.length);
  let lines = new Uint32Array(addresses.length);
  let n = 0;
  const sequences: Sequence[] = [];
  const opcodeBase = operands.length + 1;
  const constAdd = Math.floor((255 - opcodeBase) / lineRange) * minInstruction;
  // What each special opcode adds.
  const addressSteps = new Float64Array(256), lineSteps = new Int32Array(256);
  for (let opcode = opcodeBase; opcode < 256; opcode++) {
    addressSteps[opcode] = Math.floor((opcode - opcodeBase) / lineRange) * minInstruction;
    lineSteps[opcode] = lineBase + (opcode - opcodeBase) % lineRange;
  }
  const cursor = new Cursor(program);
  // `first` is the sequence's first row, `latest` the address that it has come to.
  let address = 0, file = 1, line = 1, first = 0, latest = 0;

  const row = (): void => {
    if (n > first) {
      // Rows that go back are against the rules; those before are whole all the same.
      if (latest > address) end(latest + 1);
      else {
        latest = address;
        const last = n - 1;
        if (addresses[last] === address) {
          // Of rows for one address the last holds.
          files[last] = file;
          lines[last] = line;
          return;
        }
        // A row that says the same as the one before it only makes that longer.
        if (files[last] === file && lines[last] === line) return;
      }
    }
    if (n === addresses.length) {
      if (n >= MAX_ROWS) throw new DwarfError(`More than ${MAX_ROWS} lines`, cursor.at);
      const room = Math.min(2 * n, MAX_ROWS);
      addresses = grown(addresses, new Float64Array(room));
      files = grown(files, new Uint32Array(room));
      lines = grown(lines, new Uint32Array(room));
    }
    latest = addresses[n] = address;
    files[n] = file;
    lines[n] = line;
    n++;
  };
  const end = (at: number): void => {
    if (n > first && at > addresses[first] && isCode(addresses[first])) {
      sequences.push({ first, last: n, start: addresses[first], end: at });
    } else n = first;
    first = n;
  };

  while (cursor.at < cursor.end) {
    const opcode = program[cursor.at++];
    if (opcode >= opcodeBase) {
      address += addressSteps[opcode];
      line += lineSteps[opcode];
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
          header.files.add(join(header.directories.at(cursor.uleb()), name));
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
  if (n > first) end(latest + 1);
  return tableOf(addresses, files, lines, sequences);
}

interface Sequence {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
}

/** Puts sequences one behind the other, in the order of addresses. */
function tableOf(addresses: Float64Array, files: Uint32Array, lines: Uint32Array, sequences: Sequence[]): LineTable {
  sequences.sort((a, b) => a.start - b.start);
  const room = sequences.reduce((sum, s) => sum + s.last - s.first + 1, 0);
  const out = { starts: new Float64Array(room), files: new Uint32Array(room), lines: new Uint32Array(room) };
  let n = 0;
  const put = (start: number, row: number): void => {
    if (n > 0 && out.starts[n - 1] === start) n--;
    out.starts[n] = start;
    out.files[n] = row < 0 ? NO_ROW : files[row];
    out.lines[n] = row < 0 ? 0 : lines[row];
    n++;
  };
  const overlap = sequences.some((s, i) => i > 0 && sequences[i - 1].end > s.start);
  if (!overlap) {
    for (const s of sequences) {
      for (let row = s.first; row < s.last; row++) put(addresses[row], row);
      put(s.end, -1);
    }
  } else {
    // Only where linkers folded equal functions: the sequence that begins last holds.
    const borders = new Float64Array(room);
    let i = 0;
    for (const s of sequences) {
      borders.set(addresses.subarray(s.first, s.last), i);
      i += s.last - s.first;
      borders[i++] = s.end;
    }
    borders.sort();
    const starts = Float64Array.from(sequences, (s) => s.start);
    for (const border of borders) {
      let row = -1;
      let at = lastAtOrBelow(starts, starts.length, border);
      for (let steps = 0; at >= 0 && steps < MAX_OVERLAP; at--, steps++) {
        const { first, last, end } = sequences[at];
        if (border >= end) continue;
        row = first + lastAtOrBelow(addresses.subarray(first, last), last - first, border);
        break;
      }
      put(border, row);
    }
  }
  return { starts: out.starts.slice(0, n), files: out.files.slice(0, n), lines: out.lines.slice(0, n) };
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

const MAX_ROWS = 4 << 20;
const MAX_OVERLAP = 8;
