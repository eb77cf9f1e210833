/**
 * Folded stacks, the text that flame graph tools exchange (github.com/brendangregg/FlameGraph): one stack a line, frames
 * root first joined by `;`, a space, a value; `_[k]`, `_[i]`, `_[j]` end the names of kernel, inlined and
 * just-in-time-compiled frames.
 *
 * A frame's name may hold what the format cannot: `;`, line breaks, a mark that is not one, a `#` in front, a number
 * behind. These are written as `\x3b`, `\x0a`, `\x0d`, `\x5f`, `\x23` and `\x20`, and a backslash as `\x5c` where it
 * would otherwise read as one of these. All else stays as it is, so that text which other tools wrote comes back
 * unchanged.
 */
import { type Frame, type FrameKind, type Profile, quality, type SampleType } from "../../data/mod.ts";
import { byteInterner } from "./_byte_interner.ts";
import { lineSplitter } from "./_lines.ts";
import { pieces } from "./_pieces.ts";
import { stackInterner } from "./_stack_interner.ts";
import type { ProfileFormat, ProfileReader } from "./format.ts";
import { FormatError } from "./format_error.ts";
import { foldedLines } from "./write_folded.ts";

/**
 * Folded stacks. Sample type `samples`, or `before` and `after` for a comparison (difffolded.pl); no labels: the first
 * frame may be a process's name, which the text does not tell. Written is one sample type, or a comparison.
 */
export const foldedFormat: ProfileFormat = {
  name: "folded",
  endings: [".folded", ".collapsed"],
  doc: "Folded stacks, a line each: flamegraph.pl, inferno, speedscope, bpftrace's stack counts",
  sniff,
  reader,
  write: (profile, options) => pieces(foldedLines(profile, { sampleType: options?.sampleType })),
};

/**
 * The profile that folded text holds.
 *
 * @throws {FormatError} at a line that has no value at its end
 */
export function parseFolded(text: string): Profile {
  const whole = reader();
  whole.push(new TextEncoder().encode(text));
  return whole.end();
}

function reader(): ProfileReader {
  const frames: Frame[] = [];
  const names = byteInterner();
  const stacks = stackInterner();
  /** Two a stack: before, after; or the value and 0. */
  let values = new Float64Array(1 << 10);
  let chain = new Int32Array(256);
  /** The stack of the line before: its bytes, and where in them each of its frames, which are in `chain`, ends. */
  let before = new Uint8Array(1 << 12);
  let beforeLength = 0;
  let ends = new Int32Array(256);
  let beforeDepth = 0;
  let lineNumber = 0;
  let columns = 1;

  const line = (bytes: Uint8Array, from: number, to: number, cut: boolean): void => {
    lineNumber++;
    if (cut) throw new FormatError(`longer than ${MAX_LINE} bytes`, lineNumber);
    if (from === to || bytes[from] === HASH) return;
    let end = valueStart(bytes, from, to);
    if (end < 0) throw new FormatError("no stack and value", lineNumber);
    let value = Number(ascii(bytes, end + 1, to));
    let second = 0;
    // Two values are a comparison: before, after. A name may end in a space and a number all the same, so the first
    // line decides for all.
    if (stacks.size() === 0 || columns === 2) {
      const before = valueStart(bytes, from, end);
      if (before >= 0) {
        columns = 2;
        second = value;
        value = Number(ascii(bytes, before + 1, end));
        end = before;
      } else if (columns === 2) throw new FormatError("one value where others have two", lineNumber);
    }
    const id = stacks.intern(chain, split(bytes, from, end), 0);
    if (id * 2 >= values.length) {
      const more = new Float64Array(values.length * 2);
      more.set(values);
      values = more;
    }
    values[id * 2] += value;
    values[id * 2 + 1] += second;
  };
  /** The frames of a stack into `chain`; how many. */
  const split = (bytes: Uint8Array, from: number, to: number): number => {
    // Lines that follow each other mostly begin alike: those frames are known.
    const start = from;
    const length = to - from;
    const most = Math.min(length, beforeLength);
    let same = 0;
    while (same < most && bytes[from + same] === before[same]) same++;
    let depth = 0;
    while (depth < beforeDepth && ends[depth] < same) depth++;
    if (depth > 0) from += ends[depth - 1] + 1;
    while (from < to) {
      let end = from;
      while (end < to && bytes[end] !== SEMICOLON) end++;
      const id = names.intern(bytes, from, end);
      if (id === frames.length) frames.push(parseFrame(decoder.decode(bytes.subarray(from, end))));
      if (depth === chain.length) {
        chain = enlarged(chain);
        ends = enlarged(ends);
      }
      ends[depth] = end - start;
      chain[depth++] = id;
      from = end + 1;
    }
    if (length > before.length) before = new Uint8Array(length * 2);
    before.set(bytes.subarray(start, to));
    beforeLength = length;
    beforeDepth = depth;
    return depth;
  };
  const lines = lineSplitter(MAX_LINE, line);

  return {
    push: lines.push,
    end: () => {
      lines.end();
      let events = 0;
      const list = Array.from({ length: stacks.size() }, (_, id) => {
        const pair = [values[id * 2], values[id * 2 + 1]];
        events += pair[columns - 1];
        return { frames: stacks.frames(id), values: pair.slice(0, columns), labels: {} };
      });
      return {
        kind: "profile",
        sampleTypes: columns === 2 ? BEFORE_AFTER : SAMPLES,
        frames,
        stacks: list,
        quality: quality({ events: Math.max(0, events) }),
      };
    },
  };
}

function enlarged(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(column.length * 2);
  more.set(column);
  return more;
}

/** Whether text begins like folded stacks: its first lines all end in a value, and one has two frames. */
function sniff(head: Uint8Array): boolean {
  const lines = decoder.decode(head).split("\n").slice(0, 20);
  if (lines.length > 1) lines.pop();
  const used = lines.filter((l) => l !== "" && !l.startsWith("#")).map((l) => l.replace(/\r$/, ""));
  return used.length > 0 && used.every((l) => VALUE.test(l)) && used.some((l) => l.includes(";"));
}

/** Where the space stands before the number that ends here; -1 when none does. */
function valueStart(bytes: Uint8Array, from: number, to: number): number {
  let at = to - 1;
  while (at >= from && isDigit(bytes[at])) at--;
  if (at === to - 1 || at < from) return -1;
  if (bytes[at] === DOT) {
    const dot = at--;
    while (at >= from && isDigit(bytes[at])) at--;
    if (at === dot - 1 || at < from) return -1;
  }
  if (bytes[at] === MINUS) at--;
  return at >= from && bytes[at] === SPACE ? at : -1;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 400)));
}

function parseFrame(text: string): Frame {
  const mark = /_\[([kij])\]$/.exec(text);
  const name = (mark ? text.slice(0, mark.index) : text).replace(
    ESCAPED,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  const kind: FrameKind = mark ? KINDS[mark[1]] : "user";
  return { function: name, module: "", file: "", line: 0, kind };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const SPACE = 32;
const HASH = 35;
const MINUS = 45;
const DOT = 46;
const SEMICOLON = 59;
/** Stacks of 100,000 frames with long names are longer than anything that was seen. */
const MAX_LINE = 1 << 24;
const KINDS: Readonly<Record<string, FrameKind>> = { k: "kernel", i: "inlined", j: "interpreted" };
const ESCAPED = /\\x(3b|0a|0d|5c|5f|23|20)/g;
const VALUE = / (-?\d+(?:\.\d+)?)$/;
const SAMPLES: readonly SampleType[] = [{ name: "samples", unit: "count" }];
const BEFORE_AFTER: readonly SampleType[] = [{ name: "before", unit: "count" }, { name: "after", unit: "count" }];
