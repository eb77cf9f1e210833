import { FORMAT, readRecord, RECORD, SAMPLE, type SampleLayout, u64At } from "../../perf/mod.ts";
import { FormatError } from "../formats/format_error.ts";
import { CPU_MODE, FILE_RECORD, KERNEL_RECORD } from "./_abi.ts";
import { eventName } from "./event_name.ts";
import { FILE_HEADER, type FileHeader, PIPE_HEADER, readFileHeader } from "./file_header.ts";
import { type KernelMaps, kernelMaps, recordAddress } from "./kernel_maps.ts";
import { orderQueue } from "./order_queue.ts";
import { attrOwnSize, readAttr, type RecordedAttr } from "./recorded_attr.ts";
import { type RecordedTask, type RecordedTasks, recordedTasks } from "./recorded_tasks.ts";
import { readBuildId, readFeature, type RecordingInfo, recordingInfo } from "./recording_info.ts";
import { type RecordSplitter, recordSplitter, type RecordVisitor } from "./record_splitter.ts";
import { type SampleDecoder, sampleDecoder, type SampleFields, sampleFields } from "./sample_fields.ts";
import { ZstdError } from "./zstd/zstd_error.ts";
import { type ZstdStream, zstdStream } from "./zstd/zstd_stream.ts";

/** An event that was recorded. */
export interface RecordedEvent {
  readonly index: number;
  readonly attr: RecordedAttr;
  /** Final once the whole file was read. */
  name: string;
}

/** Takes the samples of a file, in the order of their times. */
export interface PerfDataSink {
  /** @param sample valid during the call, as is what it points to */
  sample(sample: SampleFields, event: RecordedEvent, task: RecordedTask, time: number): void;
}

/** Reads perf.data in pieces. */
export interface PerfDataParser {
  /** @throws {FormatError} when the file is broken where nothing can be read without it */
  push(bytes: Uint8Array): void;
  /** @throws {FormatError} when the file ends before its first event is described */
  end(): void;
  readonly events: readonly RecordedEvent[];
  readonly tasks: RecordedTasks;
  readonly kernel: KernelMaps;
  readonly info: RecordingInfo;
  /** Lost events by reason, as the records tell. */
  readonly lost: Record<string, number>;
  /** High word that times are relative to; see {@linkcode PerfDataSink.sample}. In nanoseconds. */
  timeBase(): bigint;
  /** What could not be read, in sentences. */
  notes(): string[];
}

interface Decoder {
  readonly event: RecordedEvent;
  readonly decode: SampleDecoder;
  /** Words from a sample's header to its id, -1 without one. */
  readonly sampleId: number;
  /** Words from the end of another record back to its time, -1 without one. */
  readonly trailerTime: number;
  readonly sampleTime: number;
  readonly layout: SampleLayout;
}

/**
 * A reader of perf.data (tools/perf/Documentation/perf.data-file-format.txt), of files and of pipes, compressed or not.
 * Samples come out by time: rounds that the file marks bound how far records are out of order, and where there are no
 * marks the older half of what waits goes out when it grows above 128 MiB.
 */
export function perfDataParser(sink: PerfDataSink): PerfDataParser {
  const info = recordingInfo();
  const events: RecordedEvent[] = [];
  const decoders: Decoder[] = [];
  const byId = new Map<number, Decoder>();
  const tasks = recordedTasks();
  const kernel = kernelMaps();
  const queue = orderQueue();
  const sample = sampleFields();
  const counts = { samples: 0, broken: 0, late: 0, unknown: 0, auxtrace: 0, features: 0, noEvent: 0 };
  const lost: Record<string, number> = {};
  const updatedNames = new Map<number, string>();
  const readings = new Map<number, number>();
  const notes: string[] = [];
  let header: FileHeader | null = null;
  let head: Uint8Array = new Uint8Array(0);
  let position = 0;
  let tail: Uint8Array[] = [];
  let tailSize = 0;
  let timeBase = -1;
  let flushed = -Infinity;
  let round = -Infinity;
  let zstd: ZstdStream | null = null;
  let packed = 0;
  let unpacked = 0;

  const addEvent = (attr: RecordedAttr, ids: readonly number[]): void => {
    if (events.length >= MAX_EVENTS) throw new FormatError(`more than ${MAX_EVENTS} events`, `byte ${position}`);
    const event: RecordedEvent = { index: events.length, attr, name: eventName(attr) };
    const decoder = { event, decode: sampleDecoder(attr), ...places(attr) };
    events.push(event);
    decoders.push(decoder);
    for (const id of ids) if (byId.size < MAX_IDS) byId.set(id, decoder);
  };
  /** The event of a sample: all samples hold an id in the same place, or there is one event. */
  const decoderOf = (words: Uint32Array, at: number, end: number): Decoder | null => {
    const first = decoders[0];
    if (decoders.length === 1 || first === undefined || first.sampleId < 0) return first ?? null;
    if (at + first.sampleId + 2 > end) return null;
    const id = u64At(words, at + first.sampleId);
    // 0: what perf made itself, and it means the first.
    return byId.get(id) ?? (id === 0 ? first : null);
  };
  /** Nanoseconds since the first record's time, rounded down to 2^32; exact for a hundred days. */
  const timeAt = (words: Uint32Array, at: number): number => {
    const high = words[at + 1];
    if (timeBase < 0) timeBase = high;
    return (high - timeBase) * 4294967296 + words[at];
  };

  const onSample = (words: Uint32Array, at: number, time: number): void => {
    const end = at + (words[at + 1] >>> 18);
    const decoder = decoderOf(words, at, end);
    if (!decoder) return void counts.noEvent++;
    if (!decoder.decode(words, at, sample)) return void counts.broken++;
    const { attr } = decoder.event;
    if ((attr.sampleType & SAMPLE.READ) !== 0 && (attr.readFormat & FORMAT.ID) !== 0) return members(decoder, time);
    deliver(decoder.event, time);
  };
  const deliver = (event: RecordedEvent, time: number): void => {
    counts.samples++;
    sink.sample(sample, event, tasks.task(sample.pid, sample.tid), time);
  };
  /**
   * A sample with counter values is one of each counter that moved, with what it moved as period: so perf counts groups
   * of which only the leader interrupts (tools/perf/util/session.c, deliver_sample_group).
   */
  const members = (decoder: Decoder, time: number): void => {
    const format = decoder.event.attr.readFormat;
    const group = (format & FORMAT.GROUP) !== 0;
    const { words } = sample;
    let p = sample.parts.read;
    const each = 4 + (format & FORMAT.LOST ? 2 : 0);
    const times = (format & FORMAT.TOTAL_TIME_ENABLED ? 2 : 0) + (format & FORMAT.TOTAL_TIME_RUNNING ? 2 : 0);
    if (!group) {
      const id = u64At(words, p + 2 + times);
      return member(decoder, id, u64At(words, p), time);
    }
    const n = words[p];
    p += 2 + times;
    for (let i = 0; i < n; i++, p += each) member(decoder, u64At(words, p + 2), u64At(words, p), time);
  };
  const member = (leader: Decoder, id: number, value: number, time: number): void => {
    const event = (byId.get(id) ?? leader).event;
    const period = value - (readings.get(id) ?? 0);
    if (readings.size < MAX_IDS) readings.set(id, value);
    if (period === 0) return;
    sample.period = period;
    deliver(event, time);
  };

  const onRecord = (words: Uint32Array, at: number, layout: SampleLayout): void => {
    const type = words[at];
    const misc = words[at + 1] & 0xffff;
    const end = at + (words[at + 1] >>> 18);
    if (type === KERNEL_RECORD.MMAP) {
      // pid tid start length offset path
      if (end - at < 10) return void counts.broken++;
      const path = text(words, at + 10, end - layout.trailer);
      const [start, length, offset] = [2, 4, 6].map((i) => recordAddress(words, at + 2 + i));
      mapped(misc, words[at + 2] | 0, { start, length, offset, major: 0, minor: 0, inode: 0, buildId: "", path });
      return;
    }
    if (type === KERNEL_RECORD.KSYMBOL) {
      // start length kind flags name
      if (end - at < 6) return void counts.broken++;
      const gone = (words[at + 5] >>> 16 & 1) === 1;
      kernel.ksymbol(recordAddress(words, at + 2), words[at + 4], text(words, at + 6, end - layout.trailer), gone);
      return;
    }
    const record = readRecord(words, at, layout);
    switch (record?.type) {
      case "comm":
        return tasks.comm(record.pid | 0, record.tid | 0, record.comm, record.exec);
      case "fork":
        return tasks.fork(record.pid | 0, record.tid | 0, record.parentPid | 0, record.parentTid | 0);
      case "mmap":
        return mapped(misc, record.pid | 0, {
          ...record,
          start: recordAddress(words, at + 4),
          offset: recordAddress(words, at + 8),
        });
      case "lost":
        if (Number.isSafeInteger(record.count)) lost[record.by] = (lost[record.by] ?? 0) + record.count;
        return;
    }
  };
  const mapped = (misc: number, pid: number, m: Mapped): void => {
    const mode = misc & 7;
    if (mode === CPU_MODE.KERNEL || mode === CPU_MODE.GUEST_KERNEL) {
      return kernel.map(m.start, m.length, m.path, m.offset);
    }
    if (m.start < 0 || !(m.length > 0)) return;
    const { start, length, offset, major, minor, inode, buildId, path } = m;
    tasks.map(pid, { start, end: start + length, offset, major, minor, inode, buildId, path });
  };
  const take = (words: Uint32Array, at: number, tag: number): void => {
    if (words[at] === RECORD.SAMPLE) onSample(words, at, lastTime(words, at, tag));
    else onRecord(words, at, decoders[tag].layout);
  };
  const lastTime = (words: Uint32Array, at: number, tag: number): number => {
    const { sampleTime } = decoders[tag];
    return sampleTime < 0 ? NaN : timeAt(words, at + sampleTime);
  };
  const flush = (upTo: number): void => {
    if (upTo > flushed) flushed = upTo;
    queue.flush(upTo, take);
  };

  /** A record of the kernel: now when it has no time, else when its time has come. */
  const enqueue = (words: Uint32Array, at: number, bytes: number): void => {
    const length = bytes >>> 2;
    if ((bytes & 3) !== 0) return void counts.broken++;
    const end = at + length;
    const sampled = words[at] === RECORD.SAMPLE;
    const decoder = (sampled ? decoderOf(words, at, end) : null) ?? decoders[0];
    if (decoder === undefined) return void counts.noEvent++;
    const place = sampled ? decoder.sampleTime : decoder.trailerTime;
    const at64 = sampled ? at + place : end - place;
    if (place < 0 || at64 < at + 2 || at64 + 2 > end) return take(words, at, decoder.event.index);
    // 0 and -1 are no times: perf made the record from what there was before.
    if ((words[at64] | words[at64 + 1]) === 0 || (words[at64] & words[at64 + 1]) === 0xffffffff >> 0) {
      return take(words, at, decoder.event.index);
    }
    const time = timeAt(words, at64);
    if (time < flushed) counts.late++;
    queue.add(words, at, length, time, decoder.event.index);
    if (queue.words > MAX_QUEUE_WORDS) flush(queue.middle());
  };

  const visitor = (inside: boolean): RecordVisitor => ({
    record: (words, at, bytes) => {
      const type = words[at];
      if (type < 64) {
        if (type === 0) return void counts.unknown++;
        return enqueue(words, at, bytes);
      }
      const from = at * 4;
      const all = new Uint8Array(words.buffer, words.byteOffset);
      switch (type) {
        case FILE_RECORD.HEADER_ATTR: {
          const size = bytes >= 16 ? attrOwnSize(all, from + 8) : 0;
          if (size + 8 > bytes) throw new FormatError("event attributes are cut", `byte ${position}`);
          const ids: number[] = [];
          for (let i = from + 8 + size; i + 8 <= from + bytes; i += 8) ids.push(u64At(words, i >>> 2));
          return addEvent(readAttr(all, from + 8, size), ids);
        }
        case FILE_RECORD.EVENT_UPDATE:
          // type u64, id u64, name; 2 is a name
          if (bytes >= 32 && words[at + 2] === 2) {
            updatedNames.set(u64At(words, at + 4), text(words, at + 6, at + (bytes >>> 2)));
          }
          return;
        case FILE_RECORD.HEADER_BUILD_ID:
          try {
            readBuildId(all, from, bytes, info.buildIds);
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
            counts.features++;
          }
          return;
        case FILE_RECORD.HEADER_FEATURE:
          if (bytes < 16 || !readFeature(words[at + 2], all.slice(from + 16, from + bytes), info)) counts.features++;
          return;
        case FILE_RECORD.FINISHED_ROUND:
          flush(round);
          round = queue.latest;
          return;
        case FILE_RECORD.AUXTRACE:
          counts.auxtrace++;
          return;
        case FILE_RECORD.COMPRESSED:
        case FILE_RECORD.COMPRESSED2: {
          if (inside) throw new FormatError("a compressed record inside of another", `byte ${position}`);
          const second = type === FILE_RECORD.COMPRESSED2;
          const start = from + (second ? 16 : 8);
          // The later form says how long its data is: what follows pads the record.
          const length = second ? Math.min(bytes - 16, bytes < 16 ? 0 : u64At(words, at + 2)) : bytes - 8;
          return decompress(all.slice(start, start + Math.max(0, length)));
        }
        default:
          if (type > FILE_RECORD.COMPRESSED2 + 16) counts.unknown++;
      }
    },
    broken: (offset, why) =>
      notes.push(
        `The file is damaged at byte ${offset + (inside ? 0 : dataStart())}${
          inside ? " of its compressed data" : ""
        } (${why}): what follows was not read.`,
      ),
  });
  const dataStart = (): number => header ? header.pipe ? PIPE_HEADER : header.data.offset : 0;
  const outer = recordSplitter(visitor(false));
  let inner: RecordSplitter | null = null;
  let compressedBroken = false;

  const decompress = (bytes: Uint8Array): void => {
    if (compressedBroken) return;
    packed += bytes.length;
    zstd ??= zstdStream((out) => {
      unpacked += out.length;
      // A few bytes can stand for gigabytes of zeros; records do not compress like that.
      if (unpacked > packed * MAX_RATIO + (16 << 20)) {
        throw new FormatError(`compressed data that grows more than ${MAX_RATIO} times`, `byte ${position}`);
      }
      inner ??= recordSplitter(visitor(true));
      inner.push(out);
    });
    try {
      zstd.push(bytes);
    } catch (error) {
      if (!(error instanceof ZstdError)) throw error;
      compressedBroken = true;
      notes.push(`The compressed data is damaged (${error.message}): what follows was not read.`);
    }
  };

  /** Everything before the data: attributes and where their ids lie. */
  const readHead = (h: FileHeader): void => {
    const { attrs, attrSize } = h;
    const n = attrs.size / attrSize;
    if (attrSize < 80 || attrSize > 4096 || !Number.isInteger(n) || n === 0 || n > MAX_EVENTS) {
      throw new FormatError(`${attrs.size} bytes of event attributes of ${attrSize} bytes each`, "byte 16");
    }
    const v = new DataView(head.buffer, head.byteOffset, head.length);
    for (let i = 0; i < n; i++) {
      const at = attrs.offset + i * attrSize;
      const attr = readAttr(head, at, attrSize - 16);
      const offset = u64(v, at + attrSize - 16);
      const size = u64(v, at + attrSize - 8);
      if (offset + size > head.length) throw new FormatError("ids of an event lie behind the data", `byte ${at}`);
      const ids: number[] = [];
      for (let k = 0; k + 8 <= size; k += 8) ids.push(u64(v, offset + k));
      addEvent(attr, ids);
    }
    // perf before 3.9: names by number of the event.
    const types = h.eventTypes;
    for (let at = types.offset; at + 72 <= types.offset + types.size && at + 72 <= head.length; at += 72) {
      const config = v.getUint32(at, true);
      const nameBytes = head.subarray(at + 8, at + 72);
      const nul = nameBytes.indexOf(0);
      const name = decoder.decode(nul < 0 ? nameBytes : nameBytes.subarray(0, nul));
      for (const e of events) if (e.attr.config === config && e.attr.type === 2) e.name = name;
    }
  };
  const pushHead = (bytes: Uint8Array): Uint8Array => {
    const need = header ? header.data.offset : FILE_HEADER;
    const n = Math.min(bytes.length, Math.max(0, need - head.length));
    head = joined(head, bytes.subarray(0, n));
    if (!header) {
      header = readFileHeader(head);
      if (!header) return bytes.subarray(n);
      if (header.pipe) {
        // What was taken beyond the head of a pipe are records.
        const records = head.slice(PIPE_HEADER);
        head = head.subarray(0, PIPE_HEADER);
        outer.push(records);
        return bytes.subarray(n);
      }
      const { attrs, data } = header;
      if (data.offset > MAX_HEAD) throw new FormatError(`data begins at byte ${data.offset}`, "byte 40");
      if (data.offset < FILE_HEADER || attrs.offset + attrs.size > data.offset) {
        throw new FormatError("event attributes lie behind the data: this order is not read", "byte 24");
      }
      return pushHead(bytes.subarray(n));
    }
    if (!header.pipe && head.length === header.data.offset && events.length === 0) readHead(header);
    return bytes.subarray(n);
  };
  const inHead = (): boolean => !header || (!header.pipe && events.length === 0);

  const readSections = (h: FileHeader): void => {
    const bytes = new Uint8Array(tailSize);
    let at = 0;
    for (const t of tail) {
      bytes.set(t, at);
      at += t.length;
    }
    const origin = h.data.offset + h.data.size;
    const v = new DataView(bytes.buffer);
    h.features.forEach((feature, i) => {
      if (i * 16 + 16 > bytes.length) return void counts.features++;
      const from = u64(v, i * 16) - origin;
      const size = u64(v, i * 16 + 8);
      if (!(from >= 0 && from + size <= bytes.length)) return void counts.features++;
      if (!readFeature(feature, bytes.slice(from, from + size), info)) counts.features++;
    });
  };
  const nameEvents = (): void => {
    info.eventNames.forEach(({ name, ids }, i) => {
      const byFirst = ids.length > 0 ? byId.get(ids[0])?.event : undefined;
      const event = byFirst ?? (info.eventNames.length === events.length ? events[i] : undefined);
      if (event && name !== "") event.name = name;
    });
    for (const [id, name] of updatedNames) {
      const event = byId.get(id)?.event;
      if (event && name !== "") event.name = name;
    }
  };

  return {
    events,
    tasks,
    kernel,
    info,
    lost,
    timeBase: () => timeBase < 0 ? 0n : BigInt(timeBase) << 32n,
    push: (bytes) => {
      while (inHead() && bytes.length > 0) {
        const before = bytes.length;
        bytes = pushHead(bytes);
        position += before - bytes.length;
      }
      if (bytes.length === 0 || !header) return;
      if (header.pipe) outer.push(bytes);
      else {
        // A file that was not closed does not know its size: all that is there is data.
        const { offset, size } = header.data;
        const stop = size === 0 ? Infinity : offset + size;
        const n = Math.min(bytes.length, Math.max(0, stop - position));
        if (n > 0) outer.push(bytes.subarray(0, n));
        if (n < bytes.length && tailSize < MAX_TAIL) {
          const rest = bytes.slice(n);
          tail.push(rest);
          tailSize += rest.length;
        }
      }
      position += bytes.length;
    },
    end: () => {
      if (!header || inHead()) {
        throw new FormatError("the file ends before it says what was recorded", `byte ${position}`);
      }
      if (header.pipe && events.length === 0) throw new FormatError("no event is described", `byte ${position}`);
      const { data, pipe } = header;
      const missing = pipe || data.size === 0 ? 0 : data.offset + data.size - position;
      if (missing > 0) notes.push(`The file ends early: ${missing} of ${data.size} bytes of its data are missing.`);
      else if (outer.pending > 0 && !outer.stopped) notes.push("The file ends in the middle of a record.");
      if (!pipe && data.size === 0) notes.push("The file was not closed by perf record: its descriptions are missing.");
      if (zstd && !compressedBroken && (!zstd.atBoundary || (inner?.pending ?? 0) > 0) && !inner?.stopped) {
        notes.push("The compressed data ends in the middle of a record.");
      }
      flush(Infinity);
      if (!pipe && data.size > 0) readSections(header);
      tail = [];
      nameEvents();
    },
    notes: () => {
      const out = [...notes];
      if (counts.broken > 0) out.push(`${counts.broken} records were broken and are left out.`);
      if (counts.noEvent > 0) out.push(`${counts.noEvent} records belong to no event that the file describes.`);
      if (counts.late > 0) out.push(`${counts.late} records came out of the order of time.`);
      if (counts.unknown > 0) out.push(`${counts.unknown} records are of kinds that are not known.`);
      if (counts.features > 0) out.push(`${counts.features} descriptions in the file could not be read.`);
      if (counts.auxtrace > 0) out.push("Hardware traces (Intel PT, CoreSight, SPE) in the file were not decoded.");
      return out;
    },
  };
}

type Mapped = {
  start: number;
  length: number;
  offset: number;
  major: number;
  minor: number;
  inode: number;
  buildId: string;
  path: string;
};

/** Where id and time lie: in samples from the front, in other records from the end (`sample_id_all`). */
function places({ sampleType, sampleIdAll }: RecordedAttr): Omit<Decoder, "event" | "decode"> {
  const on = (flag: number): number => (sampleType & flag) !== 0 ? 2 : 0;
  const before = 2 + on(SAMPLE.IDENTIFIER) + on(SAMPLE.IP) + on(SAMPLE.TID);
  const toId = before + on(SAMPLE.TIME) + on(SAMPLE.ADDR);
  const after = on(SAMPLE.ID) + on(SAMPLE.STREAM_ID) + on(SAMPLE.CPU) + on(SAMPLE.IDENTIFIER);
  const timed = on(SAMPLE.TIME);
  const trailer = sampleIdAll ? on(SAMPLE.TID) + timed + after : 0;
  const trailerTime = sampleIdAll && timed ? timed + after : -1;
  return {
    sampleId: on(SAMPLE.IDENTIFIER) ? 2 : on(SAMPLE.ID) ? toId : -1,
    sampleTime: timed ? before : -1,
    trailerTime,
    layout: { ip: -1, pid: -1, time: -1, cpu: -1, period: -1, callchain: -1, raw: -1, trailer, trailerTime },
  };
}

function text(words: Uint32Array, from: number, to: number): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + from * 4, Math.max(0, to - from) * 4);
  const nul = bytes.indexOf(0);
  return decoder.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}

const MAX_EVENTS = 1 << 14;
const MAX_IDS = 1 << 22;
const MAX_HEAD = 64 << 20;
const MAX_TAIL = 64 << 20;
const MAX_RATIO = 1000;
/** 128 MiB. */
const MAX_QUEUE_WORDS = 32 << 20;
const decoder = new TextDecoder();
