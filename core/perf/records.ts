import { MISC, RECORD } from "./abi.ts";
import { type SampleLayout, u64At } from "./sample_layout.ts";

/** A task took a new name, by exec or by prctl(2). Names are bytes that the task chose. */
export interface CommRecord {
  readonly type: "comm";
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly exec: boolean;
}

/** A process mapped something executable. */
export interface MmapRecord {
  readonly type: "mmap";
  readonly pid: number;
  readonly tid: number;
  readonly start: number;
  /** Bytes. */
  readonly length: number;
  /** Offset in the file, in bytes. */
  readonly offset: number;
  readonly major: number;
  readonly minor: number;
  /** 0 when the record has a build id instead, and for memory without a file. */
  readonly inode: number;
  /** Lower-case hex; empty when not known. */
  readonly buildId: string;
  readonly path: string;
}

/** A task was created or ended. Threads have their process's pid and a tid of their own. */
export interface TaskRecord {
  readonly type: "fork" | "exit";
  readonly pid: number;
  readonly parentPid: number;
  readonly tid: number;
  readonly parentTid: number;
}

/** The ring was full (`ring`), or the hardware dropped samples (`hardware`). */
export interface LostRecord {
  readonly type: "lost";
  readonly count: number;
  readonly by: "ring" | "hardware";
}

/** The kernel sampled less often for a while, to protect itself. */
export interface ThrottleRecord {
  readonly type: "throttle" | "unthrottle";
}

/** What a ring holds beside samples. */
export type PerfRecord = CommRecord | MmapRecord | TaskRecord | LostRecord | ThrottleRecord;

/**
 * Decodes a record that is no sample. These are few, so they come as objects; samples are read in place.
 *
 * @param words a view over the ring, or over a copy of the record
 * @param at the header's index in it
 * @returns null for a type we do not know, or one whose size cannot be
 */
export function readRecord(words: Uint32Array, at: number, layout: SampleLayout): PerfRecord | null {
  const type = words[at];
  const misc = words[at + 1] & 0xffff;
  const size = (words[at + 1] >>> 16) >>> 2;
  const end = at + size - layout.trailer;
  const body = at + 2;
  switch (type) {
    case RECORD.COMM: {
      if (end < body + 2) return null;
      const exec = (misc & MISC.COMM_EXEC) !== 0;
      return { type: "comm", pid: words[body], tid: words[body + 1], comm: text(words, body + 2, end), exec };
    }
    case RECORD.MMAP2:
      return end < body + 16 ? null : readMmap2(words, body, end, (misc & MISC.MMAP_BUILD_ID) !== 0);
    case RECORD.FORK:
    case RECORD.EXIT:
      if (end < body + 4) return null;
      return {
        type: type === RECORD.FORK ? "fork" : "exit",
        pid: words[body],
        parentPid: words[body + 1],
        tid: words[body + 2],
        parentTid: words[body + 3],
      };
    case RECORD.LOST:
      return end < body + 4 ? null : { type: "lost", count: u64At(words, body + 2), by: "ring" };
    case RECORD.LOST_SAMPLES:
      return end < body + 2 ? null : { type: "lost", count: u64At(words, body), by: "hardware" };
    case RECORD.THROTTLE:
      return { type: "throttle" };
    case RECORD.UNTHROTTLE:
      return { type: "unthrottle" };
    default:
      return null;
  }
}

/**
 * The time of any record.
 *
 * @returns nanoseconds of the event's clock; 0 when the layout holds no time
 */
export function recordTime(words: Uint32Array, at: number, layout: SampleLayout): number {
  if (words[at] === RECORD.SAMPLE) return layout.time < 0 ? 0 : u64At(words, at + layout.time);
  if (layout.trailerTime < 0) return 0;
  const size = (words[at + 1] >>> 16) >>> 2;
  return size < 2 + layout.trailerTime ? 0 : u64At(words, at + size - layout.trailerTime);
}

/** pid tid addr len pgoff, then maj min ino generation or a build id, then prot flags filename. */
function readMmap2(words: Uint32Array, body: number, end: number, byBuildId: boolean): MmapRecord {
  const identity = body + 8;
  return {
    type: "mmap",
    pid: words[body],
    tid: words[body + 1],
    start: u64At(words, body + 2),
    length: u64At(words, body + 4),
    offset: u64At(words, body + 6),
    major: byBuildId ? 0 : words[identity],
    minor: byBuildId ? 0 : words[identity + 1],
    inode: byBuildId ? 0 : u64At(words, identity + 2),
    buildId: byBuildId ? hex(words, identity + 1, Math.min(20, words[identity] & 0xff)) : "",
    path: text(words, body + 16, end),
  };
}

function hex(words: Uint32Array, at: number, length: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, length);
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The text up to its NUL; names are padded to 8 bytes with more of them. */
function text(words: Uint32Array, from: number, to: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + from * 4, Math.max(0, to - from) * 4);
  const nul = bytes.indexOf(0);
  return decoder.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

const decoder = new TextDecoder();
