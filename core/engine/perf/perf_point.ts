import {
  type AddressForm,
  argumentWidth,
  type Format,
  type FormatField,
  formatKind,
  type TraceEvents,
} from "../../host/mod.ts";
import type { ProbeDefinition } from "../../ftrace/define_probes.ts";
import { PERF_TYPE, type ProbeEvent, SW } from "../../perf/mod.ts";
import { type ProbePoint, probePointText } from "../../query/mod.ts";
import { CannotTrace } from "./cannot_trace.ts";
import { HARDWARE_EVENTS, SOFTWARE_EVENTS } from "./point_names.ts";

/** A field of a tracepoint's record, as it is read. */
export interface RecordField {
  readonly kind: "number" | "text" | "located_text" | "ip";
  /** Bytes from the record's start. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** How an address of the network lies there; of `ip` only. */
  readonly address?: AddressForm;
}

/** A probe point as a perf event. */
export interface PerfPoint {
  readonly point: ProbePoint;
  readonly event: Pick<ProbeEvent, "attr" | "raw" | "once">;
  /** By name: `args.filename`. */
  readonly args: ReadonlyMap<string, RecordField>;
  /** Part of what happens that becomes a sample, 0–1; null where each sample is an event of its own. */
  readonly fraction: number | null;
  /** An event that is to be defined first: its number is not known yet. */
  readonly define?: ProbeDefinition;
}

/**
 * Finds the perf event of a probe point.
 *
 * @param events of tracefs, asked for tracepoints only
 * @throws {CannotTrace} when there is none
 */
export function perfPoint(point: ProbePoint, events: () => TraceEvents): PerfPoint {
  switch (point.kind) {
    case "tracepoint":
      return tracepoint(point, formatOf(events(), point.category, point.name, point), point.category === "syscalls");
    case "raw_tracepoint": {
      const { name } = point;
      if (name !== "sys_enter" && name !== "sys_exit") {
        throw new CannotTrace(
          `the arguments of ${probePointText(point)} are kernel memory, which a perf event does not carry`,
          "Use the tracepoint: of the same name, or the bpf engine.",
        );
      }
      return tracepoint(point, formatOf(events(), "raw_syscalls", name, point), false);
    }
    case "software":
    case "hardware": {
      const names = point.kind === "software" ? SOFTWARE_EVENTS : HARDWARE_EVENTS;
      if (!Object.hasOwn(names, point.event)) {
        throw new CannotTrace(`there is no ${point.kind} event "${point.event}"`, `There are ${keys(names)}.`);
      }
      const type = point.kind === "software" ? PERF_TYPE.SOFTWARE : PERF_TYPE.HARDWARE;
      const attr = { type, config: names[point.event], period: point.period };
      return clock(point, { attr, raw: false, once: false }, 1 / point.period);
    }
    case "profile": {
      const attr = { type: PERF_TYPE.SOFTWARE, config: SW.CPU_CLOCK, frequencyHz: point.hz };
      return clock(point, { attr, raw: false, once: false }, 1);
    }
    case "interval": {
      const attr = { type: PERF_TYPE.SOFTWARE, config: SW.CPU_CLOCK, period: point.periodNs };
      return clock(point, { attr, raw: false, once: true }, null);
    }
    default:
      throw new CannotTrace(
        `perf events do not serve ${point.kind}: probes here`,
        "Use tracepoint:, raw_tracepoint:sys_enter or sys_exit, software:, hardware:, profile:, interval:, kprobe: or uprobe: probes, " +
          "or the bpf engine.",
      );
  }
}

function clock(point: ProbePoint, event: PerfPoint["event"], fraction: number | null): PerfPoint {
  return { point, event, args: new Map(), fraction };
}

/** A tracepoint, each of whose firings is a sample. @param syscall its fields are registers, wider than their types */
function tracepoint(point: ProbePoint, format: Format, syscall: boolean): PerfPoint {
  const args = new Map<string, RecordField>();
  for (const f of format.fields) {
    const kind = formatKind(f);
    if (kind === null) continue;
    const address = kind === "ip" ? { address: f.address } : {};
    args.set(`args.${f.name}`, { kind, ...extentOf(f, syscall && kind === "number"), ...address });
  }
  if (syscall) addPositions(format, args);
  const attr = { type: PERF_TYPE.TRACEPOINT, config: format.id, period: 1 };
  return { point, event: { attr, raw: true, once: false }, args, fraction: null };
}

/**
 * `arg0` to `arg5`: the arguments of a system call by position, as whole registers. Beyond the last stands the first field,
 * so that system calls of all lengths are read alike; whoever shows arguments knows how many there are.
 */
function addPositions({ fields }: Format, args: Map<string, RecordField>): void {
  const registers = fields.filter((f) => f.size === 8 && !f.name.startsWith("__"));
  const [any] = fields;
  const ret = args.get("args.ret");
  if (ret) args.set("result", ret).set("error", ret);
  for (let i = 0; i < 6; i++) {
    const { offset, size } = registers[i] ?? any;
    args.set(`arg${i}`, { kind: "number", offset, size, signed: false });
  }
}

function extentOf(f: FormatField, register: boolean): Omit<RecordField, "kind"> {
  // Processors that Sonde knows are little-endian: the low bytes come first.
  if (!register || f.size !== 8) return { offset: f.offset, size: f.size, signed: f.signed };
  const { width, signed } = argumentWidth(f);
  return { offset: f.offset, size: width, signed };
}

function formatOf(events: TraceEvents, category: string, name: string, point: ProbePoint): Format {
  const format = events.format(category, name);
  if (format) return format;
  if (events.problem === null) {
    throw new CannotTrace(
      `there is no ${probePointText(point)} on this machine`,
      "`sonde list probes` lists what there is.",
    );
  }
  throw new CannotTrace(
    `${probePointText(point)} cannot be looked up: ${events.problem}`,
    "As root: mount -t tracefs tracefs /sys/kernel/tracing; else give CAP_DAC_READ_SEARCH to read it.",
  );
}

function keys(names: Readonly<Record<string, number>>): string {
  return Object.keys(names).join(", ");
}
