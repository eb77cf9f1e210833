import { FILE_RECORD } from "./_abi.ts";

/** Takes records one after another. */
export interface RecordVisitor {
  /**
   * @param words holds the record at `at`, valid during the call
   * @param bytes of the record; where it is no multiple of 4 the last word holds bytes that are not its own
   */
  record(words: Uint32Array, at: number, bytes: number): void;
  /** A record that cannot be: reading ends here. @param offset of it, in bytes from the first record */
  broken(offset: number, why: string): void;
}

/** Cuts a stream of bytes into records. */
export interface RecordSplitter {
  push(bytes: Uint8Array): void;
  /** Bytes of a record that has begun. */
  readonly pending: number;
  /** Whether a record was broken: everything after it is ignored. */
  readonly stopped: boolean;
}

/** Room for several of the longest records, 64 KiB each. */
const BUFFER = 1 << 18;

/**
 * Cuts bytes that come in pieces of any size into records (`struct perf_event_header`: type u32, misc u16, size u16).
 * What follows a record without being one, hardware traces and descriptions of tracepoints, is passed over.
 */
export function recordSplitter(visitor: RecordVisitor): RecordSplitter {
  const bytes = new Uint8Array(BUFFER);
  const words = new Uint32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  // A compressed record has any length: those behind it are moved to where words can be read.
  let moved: Uint32Array | null = null;
  let end = 0;
  let skip = 0;
  let passed = 0;
  let stopped = false;

  const stop = (at: number, why: string): void => {
    stopped = true;
    end = 0;
    visitor.broken(passed + at, why);
  };
  const parse = (): void => {
    let at = 0;
    while (!stopped && at < end) {
      if (skip > 0) {
        const n = Math.min(skip, end - at);
        skip -= n;
        at += n;
        continue;
      }
      if (end - at < 8) break;
      const type = view.getUint32(at, true);
      const size = view.getUint16(at + 6, true);
      if (size < 8) return stop(at, `a record of ${size} bytes`);
      if (end - at < size) break;
      if ((at & 3) === 0) visitor.record(words, at >>> 2, size);
      else {
        moved ??= new Uint32Array(1 << 14);
        new Uint8Array(moved.buffer).set(bytes.subarray(at, at + size));
        visitor.record(moved, 0, size);
      }
      if (type === FILE_RECORD.AUXTRACE && size >= 16) skip = u64(view, at + 8);
      else if (type === FILE_RECORD.HEADER_TRACING_DATA && size >= 12) skip = view.getUint32(at + 8, true) + 7 & ~7;
      at += size;
    }
    if (stopped) return;
    passed += at;
    // Kept 8-byte aligned: the next record is read in place.
    bytes.copyWithin(0, at, end);
    end -= at;
  };
  return {
    push: (chunk) => {
      for (let from = 0; from < chunk.length && !stopped;) {
        if (end === 0 && skip > 0) {
          const n = Math.min(skip, chunk.length - from);
          skip -= n;
          from += n;
          passed += n;
          continue;
        }
        const n = Math.min(BUFFER - end, chunk.length - from);
        bytes.set(n === chunk.length ? chunk : chunk.subarray(from, from + n), end);
        end += n;
        from += n;
        parse();
      }
    },
    get pending() {
      return end + skip;
    },
    get stopped() {
      return stopped;
    },
  };
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}
