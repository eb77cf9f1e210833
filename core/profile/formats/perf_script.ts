/**
 * The text that `perf script` prints (tools/perf/builtin-script.c): for each sample a line
 * `COMM PID/TID [CPU] TIME: PERIOD EVENT:`, then its frames, leaf first: `ADDRESS SYMBOL+0xOFFSET (MODULE)`, each with
 * its source line below when asked for (`-F +srcline`), and an empty line. Samples without a call chain have their frame
 * on the first line, and no empty line behind. Fields that `-F` leaves out may be missing, but for the thread.
 *
 * perf writes names as they are: a process whose name holds a line break breaks the text, and is skipped. Branch stacks
 * (`-F +brstack`) are passed over.
 */
import { type Frame, quality, type SampleType } from "../../data/mod.ts";
import { byteInterner } from "./_byte_interner.ts";
import { lineSplitter } from "./_lines.ts";
import { frameKey, parsePerfScriptFrame } from "./_perf_script_frame.ts";
import { headerLabels, parseTimelessHeader } from "./_perf_script_header.ts";
import { stackInterner } from "./_stack_interner.ts";
import { timelineBuilder } from "./_timeline_builder.ts";
import type { ProfileFormat, ProfileReader, ReadOptions } from "./format.ts";
import { FormatError } from "./format_error.ts";

/**
 * Text of `perf script`. The profile has the sample type `samples`, and, where periods are printed or events are
 * several, one for each event, in the order in which they came; labels `comm`, `pid`, `tid`, `cpu`, as far as printed.
 */
export const perfScriptFormat: ProfileFormat = {
  name: "perf-script",
  endings: [".perf", ".perf.txt", ".script"],
  doc: "Text of perf script, with call chains",
  sniff,
  reader,
};

function reader(options: ReadOptions = {}): ProfileReader {
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const stacks = stackInterner();
  const labelSets: Readonly<Record<string, string>>[] = [{}];
  const labelIndex = new Map<string, number>([["{}", 0]]);
  const events: { name: string; periods: boolean; samples: Float64Array; sum: Float64Array }[] = [];
  const eventIndex = new Map<string, number>();
  const timeline = options.timeline ? timelineBuilder() : null;

  // What lines and their parts came to before, so that what repeats is not parsed again. Caches: emptied when large.
  const frameLines = byteInterner();
  let frameOfLine = new Int32Array(1 << 10);
  const functions = byteInterner();
  let frameOfFunction: number[] = [];
  const key = new Uint8Array(1 << 12);
  const prefixes = byteInterner();
  let labelsOfPrefix: number[] = [];
  const eventNames = byteInterner();
  const eventOfName: number[] = [];
  const withSource = new Map<string, number>();

  // The sample that is being read.
  let open = false;
  let inline = false;
  let chains = false;
  let labels = 0;
  let event = -1;
  let period = -1;
  let timeNs = NaN;
  let chain = new Int32Array(256);
  let depth = 0;

  let firstSecond = NaN;
  let lineNumber = 0;
  let skipped = 0;
  let branches = 0;
  let samples = 0;
  let headers = 0;
  let lost = 0;
  let deep = 0;

  const finish = (): void => {
    if (!open) return;
    open = false;
    if (depth > 0 && !inline) chains = true;
    inline = false;
    const id = stacks.intern(chain, depth, labels);
    samples++;
    const of = events[event < 0 ? eventOf("") : event];
    if (id >= of.samples.length) {
      of.samples = larger(of.samples, id);
      of.sum = larger(of.sum, id);
    }
    of.samples[id]++;
    if (period >= 0) {
      of.periods = true;
      of.sum[id] += period;
    } else of.sum[id]++;
    timeline?.add(timeNs, id, 1);
    depth = 0;
  };
  const begin = (): void => {
    finish();
    open = true;
    headers++;
    period = -1;
    event = -1;
    timeNs = NaN;
    depth = 0;
  };
  const eventOf = (name: string): number => {
    let index = eventIndex.get(name);
    if (index === undefined) {
      if (events.length === MAX_EVENTS) throw new FormatError(`more than ${MAX_EVENTS} kinds of event`, lineNumber);
      const none = new Float64Array(0);
      eventIndex.set(name, index = events.push({ name, periods: false, samples: none, sum: none }) - 1);
    }
    return index;
  };
  const labelsOf = (set: Readonly<Record<string, string>>): number => {
    const key = JSON.stringify(set);
    let index = labelIndex.get(key);
    if (index === undefined) labelIndex.set(key, index = labelSets.push(set) - 1);
    return index;
  };
  const frameOf = (frame: Frame): number => {
    const key = `${frame.kind}\0${frame.function}\0${frame.module}\0${frame.file}\0${frame.line}`;
    let index = frameIndex.get(key);
    if (index === undefined) frameIndex.set(key, index = frames.push(frame) - 1);
    return index;
  };
  const push = (frame: number): void => {
    if (depth === MAX_DEPTH) {
      deep++;
      return;
    }
    if (depth === chain.length) {
      const more = new Int32Array(depth * 2);
      more.set(chain);
      chain = more;
    }
    chain[depth++] = frame;
  };

  /** The frame that a part of a line tells; -1 when it is none. */
  const cachedFrame = (bytes: Uint8Array, from: number, to: number): number => {
    if (frameLines.bytes() > MAX_CACHE) frameLines.clear();
    const known = frameLines.size();
    const id = frameLines.intern(bytes, from, to);
    if (id < known) return frameOfLine[id];
    if (id === frameOfLine.length) {
      const more = new Int32Array(id * 2);
      more.set(frameOfLine);
      frameOfLine = more;
    }
    return frameOfLine[id] = functionFrame(bytes, from, to);
  };
  /** The same for a line that is new: most differ from another in address and offset alone. */
  const functionFrame = (bytes: Uint8Array, from: number, to: number): number => {
    const length = frameKey(bytes, from, to, key);
    if (length < 0) return -1;
    if (length === 0) return parsedFrame(bytes, from, to);
    if (functions.bytes() > MAX_CACHE) {
      functions.clear();
      frameOfFunction = [];
    }
    const id = functions.intern(key, 0, length);
    return id < frameOfFunction.length ? frameOfFunction[id] : frameOfFunction[id] = parsedFrame(bytes, from, to);
  };
  const parsedFrame = (bytes: Uint8Array, from: number, to: number): number => {
    const frame = parsePerfScriptFrame(decoder.decode(bytes.subarray(from, to)));
    return frame ? frameOf(frame) : -1;
  };

  /** A line that is a header with a time, the usual one: `COMM PID/TID [CPU] TIME: PERIOD EVENT: …`. */
  const timedHeader = (bytes: Uint8Array, from: number, to: number): boolean => {
    const limit = Math.min(to, from + MAX_HEADER);
    for (let dot = from + 2; dot < limit; dot++) {
      if (bytes[dot] !== DOT || !isDigit(bytes[dot - 1])) continue;
      let start = dot - 1;
      while (start > from && isDigit(bytes[start - 1])) start--;
      let end = dot + 1;
      while (end < to && isDigit(bytes[end])) end++;
      if (end === dot + 1 || bytes[end] !== COLON || end >= to) continue;
      if (start === from || !isSpace(bytes[start - 1]) || end + 1 < to && !isSpace(bytes[end + 1])) continue;
      const set = prefixLabels(bytes, from, start);
      if (set < 0) continue;
      return startSample(bytes, set, start, dot, end, to);
    }
    return false;
  };
  const prefixLabels = (bytes: Uint8Array, from: number, to: number): number => {
    if (prefixes.bytes() > MAX_CACHE) {
      prefixes.clear();
      labelsOfPrefix = [];
    }
    const id = prefixes.intern(bytes, from, to);
    if (id < labelsOfPrefix.length) return labelsOfPrefix[id];
    const set = headerLabels(decoder.decode(bytes.subarray(from, to)));
    return labelsOfPrefix[id] = set ? labelsOf(set) : -1;
  };
  /** Reads on behind the time: `PERIOD EVENT: …`. */
  const startSample = (
    bytes: Uint8Array,
    set: number,
    start: number,
    dot: number,
    end: number,
    to: number,
  ): boolean => {
    let at = skipSpaces(bytes, end + 1, to);
    if (startsWith(bytes, at, to, RECORD)) {
      const told = /^PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)/.exec(
        decoder.decode(bytes.subarray(at, Math.min(to, at + 80))),
      );
      if (told) lost += Number(told[1]);
      finish();
      return true;
    }
    begin();
    labels = set;
    if (timeline) timeNs = timeOf(bytes, start, dot, end);
    let digits = 0;
    let value = 0;
    while (at + digits < to && isDigit(bytes[at + digits])) value = value * 10 + bytes[at + digits++] - 48;
    if (digits > 0 && (at + digits === to || isSpace(bytes[at + digits]))) {
      const behind = skipSpaces(bytes, at + digits, to);
      // Without its event a number is an address: `-F comm,tid,time,ip`.
      if (eventEnd(bytes, behind, to) >= 0) {
        period = value;
        at = behind;
      }
    }
    const colon = eventEnd(bytes, at, to);
    if (colon >= 0) {
      const id = eventNames.intern(bytes, at, colon);
      if (id === eventOfName.length) eventOfName.push(eventOf(decoder.decode(bytes.subarray(at, colon))));
      event = eventOfName[id];
      at = colon + 1;
    }
    at = skipSpaces(bytes, at, to);
    if (at < to) inlineFrame(bytes, at, to);
    return true;
  };
  const timeOf = (bytes: Uint8Array, start: number, dot: number, end: number): number => {
    let seconds = 0;
    for (let i = start; i < dot; i++) seconds = seconds * 10 + bytes[i] - 48;
    let ns = 0;
    for (let i = 1; i <= 9; i++) ns = ns * 10 + (dot + i < end ? bytes[dot + i] - 48 : 0);
    if (Number.isNaN(firstSecond)) firstSecond = seconds;
    return (seconds - firstSecond) * 1e9 + ns;
  };
  /** A frame on the sample's line. What tracepoints tell stands there as well, and seldom looks like a frame. */
  const inlineFrame = (bytes: Uint8Array, from: number, to: number): void => {
    if (bytes[to - 1] !== CLOSE && !isHex(bytes[from])) return;
    const frame = cachedFrame(bytes, from, to);
    if (frame < 0) return;
    push(frame);
    inline = true;
  };

  const line = (bytes: Uint8Array, from: number, to: number, cut: boolean): void => {
    lineNumber++;
    const first = skipSpaces(bytes, from, to);
    if (first === to) return finish();
    if (cut) return void skipped++;
    if (first === from) {
      if (bytes[from] === HASH && !open) return;
      if (timedHeader(bytes, from, to)) return;
    } else {
      // Frames are indented, by a tab mostly; names of processes may be, by spaces, where samples have no chain.
      if (bytes[from] !== TAB && timedHeader(bytes, from, to)) return;
      if (open && !inline) {
        const frame = cachedFrame(bytes, first, to);
        if (frame >= 0) return push(frame);
      }
    }
    other(decoder.decode(bytes.subarray(from, to)));
  };
  /** The lines that are less usual. */
  const other = (text: string): void => {
    if (open && depth > 0 && /^\s/.test(text)) {
      const source = SOURCE.exec(text);
      if (source) {
        const key = `${chain[depth - 1]}\0${source[0]}`;
        let frame = withSource.get(key);
        if (frame === undefined) {
          if (withSource.size > 1 << 18) withSource.clear();
          frame = frameOf({ ...frames[chain[depth - 1]], file: source[1], line: Number(source[2]) });
          withSource.set(key, frame);
        }
        chain[depth - 1] = frame;
        return;
      }
      if (/^\s+\S+\[[0-9a-f]+\]$/.test(text)) return; // `deno[2325bc2]`: an address without a source line
    }
    if (BRANCH.test(text)) return void branches++;
    const header = parseTimelessHeader(text, !open);
    if (header) {
      begin();
      labels = labelsOf(header.labels);
      if (header.period !== null) period = header.period;
      event = eventOf(header.event);
      const frame = parsePerfScriptFrame(header.rest);
      if (frame) {
        push(frameOf(frame));
        inline = true;
      }
      return;
    }
    skipped++;
  };
  const lines = lineSplitter(MAX_LINE, line);

  return {
    push: lines.push,
    end: () => {
      lines.end();
      // An empty line ends a call chain: without it the file was cut off within the chain, and its root is missing.
      const cut = open && !inline && (depth > 0 || chains);
      if (cut) open = false;
      finish();
      if (samples === 0 && skipped > 0) throw new FormatError("no sample of perf script so far", lineNumber);
      const shown = events.some((e) => e.periods) || events.length > 1 ? events : [];
      const types = [SAMPLES, ...shown.map((e): SampleType => ({ name: e.name || "event", unit: unitOf(e) }))];
      const used: Frame[] = [];
      const place = new Int32Array(frames.length).fill(-1);
      const placed = (frame: number): number =>
        place[frame] >= 0 ? place[frame] : place[frame] = used.push(frames[frame]) - 1;
      const list = Array.from({ length: stacks.size() }, (_, id) => ({
        frames: stacks.frames(id).reverse().map(placed),
        values: [events.reduce((sum, e) => sum + (e.samples[id] ?? 0), 0), ...shown.map((e) => e.sum[id] ?? 0)],
        labels: labelSets[stacks.tag(id)],
      }));
      const lost_by = { ...lost > 0 ? { ring: lost } : {}, ...cut ? { truncated_file: 1 } : {} };
      const notes: string[] = [];
      if (skipped > 0) notes.push(`${skipped} lines could not be read as perf script text.`);
      if (branches > 0) notes.push(`${branches} lines of branch stacks were passed over.`);
      if (cut) notes.push("The text ends within a sample, which is left out.");
      if (deep > 0) notes.push(`Stacks are cut to ${MAX_DEPTH} frames.`);
      return {
        kind: "profile",
        sampleTypes: types,
        frames: used,
        stacks: list,
        ...timeline && headers > 0 && !Number.isNaN(firstSecond) ? { timeline: timeline.build(null) } : {},
        quality: quality({ events: samples, truncated: deep, lost_by, notes }),
      };
    },
  };
}

/** Whether one of the first lines is a header, and no line says that it is something else. */
function sniff(head: Uint8Array): boolean {
  const text = decoder.decode(head);
  const lines = text.split("\n").filter((l) => l !== "" && !l.startsWith("#")).slice(0, 50);
  return lines.some((l) => TIMED.test(l.slice(0, MAX_HEADER))) ||
    lines.some((l, i) => !/^\s/.test(l) && parseTimelessHeader(l, false) && /^\s+[0-9a-f]+ /.test(lines[i + 1] ?? ""));
}

function unitOf(event: { name: string; periods: boolean }): SampleType["unit"] {
  return event.periods && /^(cpu|task)-clock/.test(event.name) ? "ns" : "count";
}

/** Where the event's name ends that begins here: at a colon before a space or the end; -1 when no event stands here. */
function eventEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !isSpace(bytes[at])) at++;
  return at > from + 1 && bytes[at - 1] === COLON ? at - 1 : -1;
}

function skipSpaces(bytes: Uint8Array, from: number, to: number): number {
  while (from < to && isSpace(bytes[from])) from++;
  return from;
}

function startsWith(bytes: Uint8Array, from: number, to: number, what: Uint8Array): boolean {
  return to - from >= what.length && what.every((byte, i) => bytes[from + i] === byte);
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || byte >= 97 && byte <= 102;
}

function larger(values: Float64Array, index: number): Float64Array {
  const more = new Float64Array(Math.max(256, index + 1, values.length * 2));
  more.set(values);
  return more;
}

const decoder = new TextDecoder();
const RECORD = new TextEncoder().encode("PERF_RECORD_");
const TAB = 9;
const HASH = 35;
const CLOSE = 41;
const DOT = 46;
const COLON = 58;
const TIMED = /^\s*\S.*?\s+-?\d+(?:\/-?\d+)?\s+(?:\[\d+\]\s+)?(?:[A-Z]{1,4}\s+)?\d+\.\d+:(?:\s|$)/;
const SOURCE = /^\s+(\S.*):(\d+)(?: \(discriminator \d+\))?$/;
/** `0x4005b0/0x4005c0/P/-/-/0`, or with names for addresses: from, to, predicted or mispredicted, transaction, abort, cycles. */
const BRANCH = /^\s*\S.*\/[PMN-]\/[X-]\/[A-]\/\d+/;
/** Longer lines are none that perf writes. */
const MAX_LINE = 1 << 16;
const MAX_HEADER = 1024;
/** The kernel's limit is 127 frames unless kernel.perf_event_max_stack says otherwise. */
const MAX_DEPTH = 1 << 16;
const MAX_EVENTS = 1 << 10;
/** Bytes of lines that a cache holds at most. */
const MAX_CACHE = 1 << 24;
const SAMPLES: SampleType = { name: "samples", unit: "count" };
