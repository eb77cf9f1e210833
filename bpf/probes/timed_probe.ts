import { type Field, field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { PROBE } from "../codegen/program.ts";
import { type Place, type PointKind, upTo } from "./point_kind.ts";
import type { Attach } from "./target.ts";

type Point = Extract<ProbePoint, { kind: "profile" | "interval" | "software" | "hardware" }>;

const PERF_TYPE_HARDWARE = 0;
const PERF_TYPE_SOFTWARE = 1;
const PERF_TYPE_HW_CACHE = 3;
const CPU_CLOCK = 0;

/** enum perf_sw_ids (include/uapi/linux/perf_event.h), by the names that perf has for them. */
export const SOFTWARE_EVENTS: Readonly<Record<string, number>> = {
  "cpu-clock": 0,
  "task-clock": 1,
  "page-faults": 2,
  faults: 2,
  "context-switches": 3,
  "cpu-migrations": 4,
  "minor-faults": 5,
  "major-faults": 6,
  "alignment-faults": 7,
  "emulation-faults": 8,
};

const cache = (id: number, miss: boolean): number => id | (miss ? 1 << 16 : 0);

/** enum perf_hw_id, and the reads of enum perf_hw_cache_id as `id | op << 8 | result << 16`. */
export const HARDWARE_EVENTS: Readonly<Record<string, readonly [type: number, config: number]>> = {
  cycles: [PERF_TYPE_HARDWARE, 0],
  "cpu-cycles": [PERF_TYPE_HARDWARE, 0],
  instructions: [PERF_TYPE_HARDWARE, 1],
  "cache-references": [PERF_TYPE_HARDWARE, 2],
  "cache-misses": [PERF_TYPE_HARDWARE, 3],
  branches: [PERF_TYPE_HARDWARE, 4],
  "branch-instructions": [PERF_TYPE_HARDWARE, 4],
  "branch-misses": [PERF_TYPE_HARDWARE, 5],
  "bus-cycles": [PERF_TYPE_HARDWARE, 6],
  "stalled-cycles-frontend": [PERF_TYPE_HARDWARE, 7],
  "stalled-cycles-backend": [PERF_TYPE_HARDWARE, 8],
  "ref-cycles": [PERF_TYPE_HARDWARE, 9],
  "L1-dcache-loads": [PERF_TYPE_HW_CACHE, cache(0, false)],
  "L1-dcache-load-misses": [PERF_TYPE_HW_CACHE, cache(0, true)],
  "LLC-loads": [PERF_TYPE_HW_CACHE, cache(2, false)],
  "LLC-load-misses": [PERF_TYPE_HW_CACHE, cache(2, true)],
  "dTLB-loads": [PERF_TYPE_HW_CACHE, cache(3, false)],
  "dTLB-load-misses": [PERF_TYPE_HW_CACHE, cache(3, true)],
  "iTLB-load-misses": [PERF_TYPE_HW_CACHE, cache(4, true)],
};

/** struct bpf_perf_event_data: registers, sample_period, addr (include/uapi/linux/bpf_perf_event.h). */
const FIELDS: readonly { readonly field: Field; readonly access: Access }[] = [
  {
    field: field("args.ip", "address", "Where the CPU was"),
    access: { kind: "context", offset: PT_REGS.instructionPointer, width: 8, signed: false },
  },
  {
    field: { ...field("args.period", "int", "Events that this one stands for"), unsigned: true },
    access: { kind: "context", offset: PT_REGS.bytes, width: 8, signed: false },
  },
  {
    field: field("args.addr", "address", "The address that a page fault was about"),
    access: { kind: "context", offset: PT_REGS.bytes + 8, width: 8, signed: false },
  },
];

/** Events by the clock, and by counters of the kernel and the processor. */
export function timedKind(): PointKind<Point> {
  const find = (name: string): typeof FIELDS[number] | null => FIELDS.find((f) => f.field.name === name) ?? null;
  return {
    field: (_point, name) => find(name),
    fields: (point) => eventOf(point) === null ? null : FIELDS.map((f) => f.field),
    places(point): readonly Place[] {
      const attach = eventOf(point);
      if (!attach) {
        throw new CannotGenerate(`there is no ${point.kind} event of that name`, "`sonde list probes` lists them.");
      }
      return [{ attach, guards: [], surroundings: PROBE, access: (name) => find(name)?.access ?? null }];
    },
    match(pattern, limit): ReturnType<PointKind<Point>["match"]> {
      if (pattern && (pattern.kind === "profile" || pattern.kind === "interval")) return upTo([pattern], limit);
      const software = Object.keys(SOFTWARE_EVENTS).map((event): Point => ({ kind: "software", event, period: 1 }));
      const hardware = Object.keys(HARDWARE_EVENTS).map((event): Point => ({
        kind: "hardware",
        event,
        period: 1_000_000,
      }));
      if (pattern) return upTo([...software, ...hardware].filter((p) => p.kind === pattern.kind), limit);
      const timed: Point[] = [{ kind: "profile", hz: 99 }, { kind: "interval", periodNs: 1e9 }];
      return upTo([...timed, ...software, ...hardware], limit);
    },
  };
}

function eventOf(point: Point): Extract<Attach, { kind: "perf_event" }> | null {
  const common = { kind: "perf_event", frequencyHz: null, period: 0, everyCpu: true } as const;
  switch (point.kind) {
    case "profile":
      return { ...common, type: PERF_TYPE_SOFTWARE, config: CPU_CLOCK, frequencyHz: point.hz };
    case "interval":
      return { ...common, type: PERF_TYPE_SOFTWARE, config: CPU_CLOCK, period: point.periodNs, everyCpu: false };
    case "software": {
      const config = Object.hasOwn(SOFTWARE_EVENTS, point.event) ? SOFTWARE_EVENTS[point.event] : undefined;
      return config === undefined ? null : { ...common, type: PERF_TYPE_SOFTWARE, config, period: point.period };
    }
    case "hardware": {
      const event = Object.hasOwn(HARDWARE_EVENTS, point.event) ? HARDWARE_EVENTS[point.event] : undefined;
      return event ? { ...common, type: event[0], config: event[1], period: point.period } : null;
    }
  }
}
