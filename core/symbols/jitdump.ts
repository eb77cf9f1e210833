import { latestCode } from "./_latest_code.ts";
import type { ByteSource } from "./byte_source.ts";
import { lastAtOrBelow } from "./symbol_table.ts";

/** Code that a runtime compiled, as it told it in a `jit-PID.dump` file. */
export interface JitDump {
  readonly length: number;
  /** Whether there is more code, or are more names or lines, than are kept: the last ones are missing. */
  readonly isCut: boolean;
  /**
   * The function at an address.
   *
   * @param timeNs when, by the clock that the runtime used (commonly CLOCK_MONOTONIC); without, the last that was there
   */
  find(address: number, timeNs?: number): JitHit | null;
}

/** A compiled function, and the line where the address lies in it when the runtime told lines. */
export interface JitHit {
  readonly name: string;
  readonly start: number;
  readonly file: string;
  readonly line: number;
}

/** A file that is no jitdump, or whose head is broken. */
export class JitDumpError extends SyntaxError {
  override readonly name = "JitDumpError";
}

interface JitDumpLimits {
  readonly code: number;
  readonly names: number;
  readonly rows: number;
}

interface Lines {
  readonly addresses: Float64Array;
  readonly lines: number[];
  readonly files: string[];
}

/** Lines of code that was moved, by so many bytes: many moves share one table. */
interface PlacedLines {
  readonly table: Lines;
  readonly by: number;
}

const LOAD = 0, MOVE = 1, DEBUG_INFO = 2, CLOSE = 3;
const HEAD = 16;

/**
 * Reads a jitdump file (tools/perf/Documentation/jitdump-specification.txt). The runtime may be writing still: what
 * comes behind the last whole record is left out. Code itself is not kept.
 *
 * @param limits most functions, bytes of their names, and rows of lines that are kept
 * @throws {JitDumpError} when it does not begin like one, or has the other order of bytes
 */
export function readJitDump(source: ByteSource, limits: JitDumpLimits = LIMITS): JitDump {
  const head = source.read(0, Math.min(40, source.size));
  if (!head || head.length < 40) throw new JitDumpError("Too short for a jitdump");
  const h = new DataView(head.buffer);
  const magic = h.getUint32(0, true);
  if (magic === 0x4454694a) throw new JitDumpError("A jitdump of a big-endian machine");
  if (magic !== 0x4a695444) throw new JitDumpError("Not a jitdump");
  const starts: number[] = [], sizes: number[] = [], times: number[] = [], names: string[] = [];
  const lines: (PlacedLines | null)[] = [];
  const byIndex = new Map<number, number>();
  let pending: { at: number; lines: Lines } | null = null;
  let rows = 0;
  let nameBytes = 0;
  let linesCut = false;
  const isFull = (): boolean => starts.length >= limits.code || nameBytes >= limits.names;
  const add = (start: number, size: number, time: number, name: string, table: PlacedLines | null): void => {
    starts.push(start);
    sizes.push(size);
    times.push(time);
    names.push(name);
    lines.push(table);
  };

  let at = h.getUint32(8, true);
  let done = false;
  while (!done && at >= 40 && at + HEAD <= source.size && !isFull()) {
    const bytes = source.read(at, Math.min(PIECE, source.size - at));
    if (!bytes) break;
    const v = new DataView(bytes.buffer);
    let within = 0;
    while (within + HEAD <= bytes.length && !isFull()) {
      const kind = v.getUint32(within, true);
      const size = v.getUint32(within + 4, true);
      const time = u64(v, within + 8);
      if (size < HEAD || at + within + size > source.size) {
        done = true;
        break;
      }
      // Of code only the head is looked at; lines are needed whole.
      const needed = kind === LOAD
        ? Math.min(size, HEAD + 40 + MAX_NAME)
        : kind === DEBUG_INFO
        ? size
        : Math.min(size, 64);
      if (within + needed > bytes.length && within > 0) break;
      const record = within + needed > bytes.length
        ? source.read(at + within, Math.min(needed, MAX_RECORD))
        : bytes.subarray(within, within + needed);
      if (!record) break;
      const r = new DataView(record.buffer, record.byteOffset, record.length);
      if (kind === LOAD && r.byteLength > 56) {
        const name = text(record, 56);
        const address = u64(r, 32);
        nameBytes += name.end - 56;
        // Lines come before the code they are about.
        add(address, u64(r, 40), time, name.text, pending?.at === address ? { table: pending.lines, by: 0 } : null);
        byIndex.set(u64(r, 48), starts.length - 1);
        pending = null;
      } else if (kind === MOVE && r.byteLength >= 64) {
        const old = byIndex.get(u64(r, 56));
        if (old !== undefined) {
          const to = u64(r, 40);
          const placed = lines[old];
          const moved = placed && { table: placed.table, by: placed.by + to - starts[old] };
          add(to, u64(r, 48), time, names[old], moved);
          byIndex.set(u64(r, 56), starts.length - 1);
        }
      } else if (kind === DEBUG_INFO && r.byteLength >= 32) {
        const table = readLines(record, r, limits.rows - rows);
        rows += table.lines.length;
        linesCut ||= table.isCut || needed > MAX_RECORD;
        pending = { at: u64(r, 16), lines: table };
      } else if (kind === CLOSE) {
        done = true;
        break;
      }
      within += size;
    }
    if (within === 0) break;
    at += within;
  }

  const code = latestCode(starts, sizes, times);
  return {
    length: starts.length,
    isCut: linesCut || (isFull() && !done && at + HEAD <= source.size),
    find: (address, timeNs) => {
      const piece = code.find(address, timeNs);
      if (piece < 0) return null;
      const placed = lines[piece];
      const row = placed
        ? lastAtOrBelow(placed.table.addresses, placed.table.addresses.length, address - placed.by)
        : -1;
      const known = placed !== null && row >= 0;
      return {
        name: names[piece],
        start: starts[piece],
        file: known ? placed.table.files[row] : "",
        line: known ? placed.table.lines[row] : 0,
      };
    },
  };
}

/** Entries of `address u64, line i32, discriminator u32, file name`; a name of one 0xff is that of before. @param most rows kept */
function readLines(bytes: Uint8Array, v: DataView, most: number): Lines & { readonly isCut: boolean } {
  const addresses: number[] = [], lines: number[] = [], files: string[] = [];
  const n = u64(v, 24);
  let at = 32;
  let file = "";
  let i = 0;
  for (; i < n && at + 17 <= bytes.length && lines.length < most; i++) {
    const address = u64(v, at);
    const line = v.getInt32(at + 8, true);
    const same = bytes[at + 16] === 0xff && bytes[at + 17] === 0;
    const name = text(bytes, at + 16);
    if (!same) file = name.text;
    at = name.end;
    if (addresses.length > 0 && address < addresses[addresses.length - 1]) continue;
    addresses.push(address);
    lines.push(Math.max(0, line));
    files.push(file);
  }
  return { addresses: Float64Array.from(addresses), lines, files, isCut: i < n && at + 17 <= bytes.length };
}

function text(bytes: Uint8Array, at: number): { text: string; end: number } {
  const nul = bytes.indexOf(0, at);
  const end = nul < 0 ? bytes.length : nul;
  return { text: decoder.decode(bytes.subarray(at, Math.min(end, at + MAX_NAME))), end: end + 1 };
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}

const PIECE = 1 << 20;
const MAX_RECORD = 64 << 20;
const MAX_NAME = 4096;
/** Anybody may write such a file, and make it as large as a disk. */
const LIMITS: JitDumpLimits = { code: 4_000_000, names: 256 << 20, rows: 8_000_000 };
const decoder = new TextDecoder();
