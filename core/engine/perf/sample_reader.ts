import type { Column } from "../../data/mod.ts";
import { type ProbeEvents, u64At } from "../../perf/mod.ts";
import type { RecordField } from "./perf_point.ts";
import type { StackPart, StackReader } from "./stacks.ts";
import type { Tasks } from "./tasks.ts";
import type { SourceField } from "./plan.ts";
import { isTextType } from "../../query/mod.ts";
import { numberColumn } from "../../query/columns/number_column.ts";
import { ipColumn } from "../../query/columns/ip_column.ts";
import { textColumn, type TextColumnBuilder } from "../../query/columns/text_column.ts";
import { ipReader } from "./ip_reader.ts";

/** What samples are read with. */
export interface SampleContext {
  readonly layout: ProbeEvents["layout"];
  readonly chained: ProbeEvents["chained"];
  readonly tasks: Tasks;
  /** Null when no stacks are wanted. */
  readonly stacks: StackReader | null;
  /** CLOCK_REALTIME − CLOCK_MONOTONIC, ns. */
  readonly realtimeOffsetNs: bigint;
  /** We are in the initial pid namespace: task numbers of the kernel's records are ours too. */
  readonly initialNamespace: boolean;
  /** Counts an event whose task's name is not known. */
  unnamed(): void;
}

/**
 * Appends the value of one event to a column.
 *
 * @param at of the sample's header in `words`
 * @param raw of the event's own record in `words`; -1 when there is none
 */
export type Reader = (words: Uint32Array, at: number, raw: number) => void;

/** A column of a source, under way: each probe has a reader of its own, which all append to it. */
export interface SampleColumn {
  /** @param args of the probe @param probe its name @param hasRecord whether its samples hold a record */
  reader(args: ReadonlyMap<string, RecordField>, probe: string, hasRecord: boolean): Reader;
  take(): Column;
}

/** The column of a field that {@linkcode planPerf} let pass. */
export function sampleColumn(field: SourceField, cx: SampleContext): SampleColumn {
  const { name, t } = field;
  const { layout } = cx;
  switch (name) {
    case "stack":
    case "kstack":
    case "ustack":
      return stackColumn(name, cx);
    case "probe": {
      const column = textColumn();
      return { reader: (_args, probe) => () => column.addText(probe), take: () => column.take() };
    }
    case "comm": {
      const column = textColumn();
      return {
        reader: (_args, _probe, hasRecord) => {
          const tid = tidOf(cx, hasRecord);
          return (words, at, raw) => {
            const id = tid(words, at, raw);
            const comm = id === 0 && cx.initialNamespace ? idleName(words[at + layout.cpu]) : cx.tasks.comm(id);
            if (comm === null) {
              column.addNull();
              cx.unnamed();
            } else column.addText(comm);
          };
        },
        take: () => column.take(),
      };
    }
  }
  if (t.type === "ip") {
    const column = ipColumn();
    return {
      reader: (args) => {
        const { offset, address } = args.get(name)!;
        const read = ipReader(address!, column);
        return (words, _at, raw) => read(bytesOf(words), raw * 4 + offset);
      },
      take: () => column.take(),
    };
  }
  if (isTextType(t.type)) {
    const column = textColumn();
    return { reader: (args) => textReader(args.get(name)!, column), take: () => column.take() };
  }
  const column = numberColumn(t.unsigned === true || t.type === "address");
  const { add, addNull } = column;
  const take = (): Column => column.take();
  switch (name) {
    case "ktime":
      return { reader: () => (words, at) => add(words[at + layout.time], words[at + layout.time + 1]), take };
    case "time": {
      const offset = BigInt.asUintN(64, cx.realtimeOffsetNs);
      const low = Number(offset & 0xffff_ffffn);
      const high = Number(offset >> 32n);
      return {
        reader: () => (words, at) => {
          const sum = words[at + layout.time] + low;
          add(sum >>> 0, (words[at + layout.time + 1] + high + (sum > 0xffff_ffff ? 1 : 0)) >>> 0);
        },
        take,
      };
    }
    case "cpu":
      return { reader: () => (words, at) => add(words[at + layout.cpu], 0), take };
    case "pid":
    case "tid":
      return {
        reader: (_args, _probe, hasRecord) => {
          const id = name === "pid" ? pidOf(cx, hasRecord) : tidOf(cx, hasRecord);
          return (words, at, raw) => {
            const n = id(words, at, raw);
            if (n > 0 || n === 0 && cx.initialNamespace) add(n, 0);
            else addNull();
          };
        },
        take,
      };
    default:
      return { reader: (args) => numberReader(args.get(name)!, add), take };
  }
}

type TaskNumber = (words: Uint32Array, at: number, raw: number) => number;

/** A tracepoint's record begins with its type, flags and the thread's number in the initial namespace (trace_entry). */
const COMMON_PID = 1;

/**
 * The thread. A task that was reaped while it still ran for the last time has no number left in the sample (-1, see
 * perf_event_pid_type in kernel/events/core.c), but in its record.
 */
function tidOf(cx: SampleContext, hasRecord: boolean): TaskNumber {
  const tid = cx.layout.pid + 1;
  if (!hasRecord || !cx.initialNamespace) return (words, at) => words[at + tid] | 0;
  return (words, at, raw) => {
    const n = words[at + tid] | 0;
    return n === -1 ? words[raw + COMMON_PID] | 0 : n;
  };
}

/** The process of a sample likewise: records told whose thread it was. */
export function pidOf(cx: SampleContext, hasRecord: boolean): TaskNumber {
  const { pid } = cx.layout;
  if (!hasRecord || !cx.initialNamespace) return (words, at) => words[at + pid] | 0;
  return (words, at, raw) => {
    const n = words[at + pid] | 0;
    return n === -1 ? cx.tasks.pidOf(words[raw + COMMON_PID]) ?? -1 : n;
  };
}

function numberReader(f: RecordField, add: (low: number, high: number) => void): Reader {
  const word = f.offset >> 2;
  const { signed } = f;
  if (f.size === 8) {
    if ((f.offset & 3) === 0) return (words, _at, raw) => add(words[raw + word], words[raw + word + 1]);
  } else if ((f.offset & 3) + f.size <= 4) {
    const shift = (f.offset & 3) * 8;
    const unused = 32 - f.size * 8;
    return (words, _at, raw) => {
      const top = words[raw + word] >>> shift << unused;
      const value = signed ? top >> unused : top >>> unused;
      add(value >>> 0, signed && value < 0 ? 0xffff_ffff : 0);
    };
  }
  // A packed record: byte by byte.
  return (words, _at, raw) => {
    const bytes = bytesOf(words);
    const from = raw * 4 + f.offset;
    const half = (start: number, count: number): number => {
      let value = 0;
      for (let i = 0; i < count; i++) value |= bytes[start + i] << (i * 8);
      return value >>> 0;
    };
    const low = half(from, Math.min(4, f.size));
    const unused = 32 - Math.min(4, f.size) * 8;
    if (f.size === 8) add(low, half(from + 4, 4));
    else if (!signed) add(low, 0);
    else add(((low << unused) >> unused) >>> 0, (low << unused) < 0 ? 0xffff_ffff : 0);
  };
}

function textReader(f: RecordField, column: TextColumnBuilder): Reader {
  if (f.kind === "text") {
    return (words, _at, raw) => {
      const from = raw * 4 + f.offset;
      column.add(bytesOf(words), from, from + f.size, true);
    };
  }
  // __data_loc: where in the record the text lies, and how many bytes it has.
  return (words, _at, raw) => {
    const bytes = bytesOf(words);
    const at = raw * 4 + f.offset;
    const from = bytes[at] | bytes[at + 1] << 8;
    const length = bytes[at + 2] | bytes[at + 3] << 8;
    if (from + length > words[raw - 1]) column.addNull();
    else column.add(bytes, raw * 4 + from, raw * 4 + from + length, true);
  };
}

function stackColumn(part: StackPart, cx: SampleContext): SampleColumn {
  let values: unknown[] = [];
  const chain = cx.chained.callchain;
  return {
    reader: (_args, _probe, hasRecord) => {
      const pid = pidOf(cx, hasRecord);
      return (words, at, raw) => values.push(cx.stacks!.read(part, words, at + chain, pid(words, at, raw)));
    },
    take(): Column {
      const column: Column = { kind: "object", values };
      values = [];
      return column;
    },
  };
}

/**
 * The word where a sample's own record begins; -1 when the sample is too short for what it says.
 *
 * @param chained whether a call chain comes before it
 */
export function recordAt(words: Uint32Array, at: number, cx: SampleContext, chained: boolean): number {
  const end = at + (words[at + 1] >>> 18);
  let size = at + cx.layout.raw;
  if (chained) size = at + cx.chained.callchain + 2 + 2 * u64At(words, at + cx.chained.callchain);
  return size < end && size + 1 + (words[size] >>> 2) <= end ? size + 1 : -1;
}

/** The bytes of a ring: looked up once a change, as records of one ring come in runs. */
function bytesOf(words: Uint32Array): Uint8Array {
  if (words !== lastWords) {
    lastWords = words;
    lastBytes = views.get(words) ?? new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    views.set(words, lastBytes);
  }
  return lastBytes;
}

const views = new WeakMap<Uint32Array, Uint8Array>();
let lastWords: Uint32Array = new Uint32Array(0);
let lastBytes: Uint8Array = new Uint8Array(0);

function idleName(cpu: number): string {
  return idle[cpu] ??= `swapper/${cpu}`;
}

const idle: string[] = [];
