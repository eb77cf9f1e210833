import type { Field } from "../../core/data/mod.ts";
import { formatField, type TraceEvents } from "../../core/host/mod.ts";
import { type ProbePoint } from "../../core/query/mod.ts";
import { probePointText } from "../../core/query/probe_spec.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import { PROBE, TRACEPOINT } from "../codegen/program.ts";
import { formatAccess } from "./format_access.ts";
import type { KernelTypes } from "./kernel_types.ts";
import { LOWERED, LOWERED_TEXTS } from "./lowered.ts";
import { globOf, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";
import { type SyscallProbe, syscallProbe } from "./syscall_probe.ts";

type Tracepoint = Extract<ProbePoint, { kind: "tracepoint" }>;

/**
 * Tracepoints: read from the raw tracepoint where all wanted fields are there, else from their own record; of system
 * calls from the raw tracepoints of all.
 */
export function tracepointKind(types: KernelTypes, events: () => TraceEvents): PointKind<Tracepoint> {
  const syscalls = new Map<string, SyscallProbe | null>();
  const syscallOf = ({ category, name }: Tracepoint): SyscallProbe | null => {
    if (category !== "syscalls") return null;
    let probe = syscalls.get(name);
    if (probe === undefined) {
      syscalls.set(
        name,
        probe = syscallProbe(name, name.startsWith("sys_exit_") ? null : events().format(category, name)),
      );
    }
    return probe;
  };

  const lowered = (point: Tracepoint, name: string): ProbeField | null => {
    const key = `${point.category}:${point.name}`;
    const short = name.slice("args.".length);
    const path = LOWERED[key]?.[short];
    const param = path && types.arguments(point.name)?.params[path[0]];
    if (!param) return null;
    const found = types.ofArgument(name, path[0], param.type, path.slice(1) as string[]);
    if (!found || !LOWERED_TEXTS.has(`${key}.${short}`)) return found;
    const field: Field = { name, type: "string", unit: null, doc: "char *" };
    return { field, access: { kind: "pointed_text", pointer: found.access } };
  };

  const recorded = (point: Tracepoint, name: string): ProbeField | null => {
    const [, first, ...path] = name.split(".");
    const found = events().format(point.category, point.name)?.fields.find((f) => f.name === first);
    const access = found && formatAccess(found);
    if (!access) return null;
    if (path.length === 0) return { field: formatField(found, name), access };
    return access.kind === "context" && access.width === 8 ? types.ofAddress(name, access.offset, path) : null;
  };

  const field = (point: Tracepoint, name: string): ProbeField | null => {
    const syscall = syscallOf(point);
    if (syscall) return syscall.args.get(name.slice("args.".length)) ?? null;
    return lowered(point, name) ?? recorded(point, name);
  };

  return {
    field,
    fields(point): Field[] | null {
      const syscall = syscallOf(point);
      if (syscall) return [...syscall.args.values()].map((a) => a.field);
      const names = events().format(point.category, point.name)?.fields.map((f) => f.name) ??
        Object.keys(LOWERED[`${point.category}:${point.name}`] ?? {});
      return names.length === 0 ? null : names.flatMap((n) => field(point, `args.${n}`)?.field ?? []);
    },
    places(point, names): readonly Place[] {
      const syscall = syscallOf(point);
      if (syscall) {
        const access = (name: string): Access | null => field(point, name)?.access ?? null;
        return [{
          attach: { kind: "raw_tracepoint", name: syscall.rawName },
          guards: syscall.guards,
          surroundings: PROBE,
          access,
        }];
      }
      const { category, name } = point;
      const args = names.filter((n) => n.startsWith("args."));
      const lowers = `${category}:${name}` in LOWERED && types.arguments(name) !== null;
      if (lowers && args.every((n) => lowered(point, n) !== null)) {
        const access = (wanted: string): Access | null => lowered(point, wanted)?.access ?? null;
        return [{ attach: { kind: "raw_tracepoint", name }, guards: [], surroundings: PROBE, access }];
      }
      const record = events().format(category, name);
      if (!record) throw unknown(point, events().problem);
      const access = (wanted: string): Access | null => recorded(point, wanted)?.access ?? null;
      const attach = { kind: "tracepoint", id: record.id, name: `${category}:${name}` } as const;
      return [{ attach, guards: [], surroundings: TRACEPOINT, access }];
    },
    match(pattern, limit): ReturnType<PointKind<Tracepoint>["match"]> {
      const category = globOf(pattern?.category ?? "*"), name = globOf(pattern?.name ?? "*");
      const points = events().names().flatMap((text): Tracepoint[] => {
        const [first, second] = text.split(":");
        return category(first) && name(second) ? [{ kind: "tracepoint", category: first, name: second }] : [];
      });
      return upTo(points, limit);
    },
  };
}

function unknown(point: Tracepoint, problem: string | null): CannotGenerate {
  if (problem === null) {
    return new CannotGenerate(
      `there is no ${probePointText(point)} on this machine`,
      "`sonde list probes` lists what there is.",
    );
  }
  return new CannotGenerate(
    `${probePointText(point)} cannot be looked up: ${problem}`,
    "As root: mount -t tracefs tracefs /sys/kernel/tracing",
  );
}
