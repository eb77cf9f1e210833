import { UnsupportedError, UsageError } from "../../data/mod.ts";
import { type Host, parseCpuList } from "../../host/mod.ts";
import { openTraceEvents } from "../../host/tracefs/trace_events.ts";
import { PERF_TYPE } from "../abi.ts";
import type { PerfAttr } from "../attr.ts";
import { EVENT_NAMES } from "./event_names.ts";
import type { EventText } from "./parse_events.ts";
import { pmuEvent } from "./pmu_event.ts";

/** An event that can be opened. */
export interface CountedEvent {
  /** As results call it. */
  readonly label: string;
  /** Without its modifier, under its usual name. */
  readonly name: string;
  readonly attr: Pick<PerfAttr, "type" | "config" | "config1" | "config2" | "excludeUser" | "excludeKernel">;
  /** `count`, `ns`, or what its source says (`MiB`, `Joules`). */
  readonly unit: string;
  /** What one count stands for, in the unit. */
  readonly scale: number;
  /** CPUs on which a source outside of the cores counts for all; null otherwise. */
  readonly cpus: readonly number[] | null;
}

/**
 * Finds what the kernel knows the events as. On processors with two kinds of cores, an event that both count becomes
 * one for each, as one counter cannot follow a task from the one to the other.
 *
 * @throws {UsageError} when there is no event of that name
 * @throws {UnsupportedError} when tracefs cannot be read and a tracepoint is asked for
 */
export function resolveEvents(groups: readonly (readonly EventText[])[], host: Host): CountedEvent[][] {
  const root = host.path("event_source");
  const kinds = coreKinds(root);
  return groups.flatMap((group) => {
    const events = group.map((event) => resolve(event, host, root));
    const byKind = kinds.length > 1 && events.every((e) => BY_CORE.has(e.attr.type));
    return byKind ? kinds.map(({ name, type }) => events.map((e) => onCore(e, name, type))) : [events];
  });
}

const BY_CORE: ReadonlySet<number> = new Set([PERF_TYPE.HARDWARE, PERF_TYPE.HW_CACHE]);

function resolve(event: EventText, host: Host, root: string): CountedEvent {
  const levels = event.modifier === "" ? {} : {
    excludeUser: !event.modifier.includes("u"),
    excludeKernel: !event.modifier.includes("k"),
  };
  const base = { label: event.label, name: event.name, unit: "count", scale: 1, cpus: null };
  const known = EVENT_NAMES.get(event.name);
  if (known) {
    return {
      ...base,
      name: usualName(event.name),
      unit: known.unit,
      attr: { type: known.type, config: known.config, ...levels },
    };
  }
  if (event.name.includes("/")) {
    const found = pmuEvent(event.name, root, readText);
    if (!found) throw unknownSource(event.name, root);
    const { type, config, config1, config2, unit, scale, cpumask } = found;
    return {
      ...base,
      unit: unit === "" ? "count" : unit,
      scale,
      cpus: cpumask === null ? null : parseCpuList(cpumask),
      // Sources outside of the cores know no levels and refuse to be asked for one.
      attr: { type, config, config1, config2, ...levels },
    };
  }
  if (event.name.includes(":")) {
    const [category, name] = event.name.split(":");
    const traceEvents = openTraceEvents(host);
    const format = traceEvents.format(category, name);
    if (!format) {
      if (traceEvents.problem) throw new UnsupportedError(`Cannot count ${event.name}`, traceEvents.problem);
      throw new UsageError(`There is no tracepoint ${event.name}`, 'sonde list probes "tracepoint:*" lists them');
    }
    return { ...base, attr: { type: PERF_TYPE.TRACEPOINT, config: format.id, ...levels } };
  }
  const raw = /^r([\da-f]{1,16})$/i.exec(event.name);
  if (raw) return { ...base, attr: { type: PERF_TYPE.RAW, config: BigInt(`0x${raw[1]}`), ...levels } };
  throw new UsageError(`There is no event "${event.name}"`, `There are: ${similar(event.name)}`);
}

/** The first of the names of an event. */
function usualName(name: string): string {
  const code = EVENT_NAMES.get(name)!;
  for (const [other, c] of EVENT_NAMES) if (c.type === code.type && c.config === code.config) return other;
  return name;
}

/** Names that share the beginning, or else those that are asked for most. */
function similar(name: string): string {
  const alike = [...EVENT_NAMES.keys()].filter((n) => n.slice(0, 3) === name.slice(0, 3));
  const shown = alike.length > 0 ? alike : [...EVENT_NAMES.keys()].slice(0, 24);
  return `${shown.join(", ")}; category:name of a tracepoint, pmu/event/, rNNN (hexadecimal)`;
}

interface CoreKind {
  readonly name: string;
  readonly type: number;
}

/** Event sources of the cores, where there are several kinds (`cpu_core` and `cpu_atom`). */
function coreKinds(root: string): CoreKind[] {
  return ["cpu_core", "cpu_atom"].flatMap((name) => {
    const type = parseInt(readText(`${root}/${name}/type`) ?? "");
    return Number.isInteger(type) ? [{ name, type }] : [];
  });
}

/** The upper half of `config` chooses the source (PERF_PMU_TYPE_SHIFT of include/uapi/linux/perf_event.h; Linux 5.13). */
function onCore(event: CountedEvent, core: string, type: number): CountedEvent {
  const config = BigInt(type) << 32n | BigInt(event.attr.config);
  return { ...event, label: `${core}/${event.label}/`, attr: { ...event.attr, config } };
}

function unknownSource(text: string, root: string): UsageError {
  let names: string[] = [];
  try {
    names = Array.from(Deno.readDirSync(root), (e) => e.name).sort();
  } catch {
    // Without the folder there is no source at all.
  }
  const [pmu] = text.split("/");
  return new UsageError(`There is no event source "${pmu}"`, `There are: ${names.join(", ") || "none"}`);
}

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return null;
    throw error;
  }
}
