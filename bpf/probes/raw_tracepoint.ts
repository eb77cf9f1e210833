import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import { PROBE } from "../codegen/program.ts";
import type { KernelTypes } from "./kernel_types.ts";
import { globOf, type Place, type PointKind, upTo } from "./point_kind.ts";
import type { ProbeField } from "./probe_field.ts";
import { rawTracepointNames } from "./raw_arguments.ts";
import { isSyscallRaw, NUMBER, REGISTERS, syscallRawFields } from "./syscall_probe.ts";

/** Most arguments that the kernel hands to a program (include/trace/bpf_probe.h). */
const MAX_ARGUMENTS = 12;

/** `args.NAME`, `args.N`, or a member reached from an argument; null when there is none of that name. */
export function rawTracepointField(tracepoint: string, name: string, types: KernelTypes): ProbeField | null {
  const [, first, ...path] = name.split(".");
  if (path.length === 0 && isSyscallRaw(tracepoint)) {
    const i = syscallRawFields(tracepoint).findIndex((f) => f.name === name);
    if (i >= 0) return { field: syscallRawFields(tracepoint)[i], access: i === 1 ? NUMBER : REGISTERS };
  }
  const position = /^\d+$/.test(first) ? Number(first) : -1;
  if (position >= 0 && path.length === 0) {
    if (position >= MAX_ARGUMENTS) return null;
    const access: Access = { kind: "context", offset: position * 8, width: 8, signed: false };
    const field: Field = { name, type: "int", unit: null, unsigned: true, bare: true, doc: "the bare argument" };
    return { field, access };
  }
  const args = types.arguments(tracepoint);
  const index = position >= 0 ? position : args?.params.findIndex((p) => p.name === first) ?? -1;
  const param = args?.params[index];
  return param ? types.ofArgument(name, index, param.type, path) : null;
}

/** The arguments as fields; null when there is no such raw tracepoint that we know of. */
export function rawTracepointFields(tracepoint: string, types: KernelTypes): Field[] | null {
  // The two that everybody uses need no type information.
  if (isSyscallRaw(tracepoint)) return syscallRawFields(tracepoint);
  const args = types.arguments(tracepoint);
  return args &&
    args.params.flatMap((p, i) => rawTracepointField(tracepoint, `args.${p.name || i}`, types)?.field ?? []);
}

type RawTracepoint = Extract<ProbePoint, { kind: "raw_tracepoint" }>;

/** Raw tracepoints: the arguments as the kernel hands them to its own tracepoint functions. */
export function rawTracepointKind(types: KernelTypes): PointKind<RawTracepoint> {
  return {
    field: (point, name) => rawTracepointField(point.name, name, types),
    fields: (point) => rawTracepointFields(point.name, types),
    places: (point): readonly Place[] => [{
      attach: { kind: "raw_tracepoint", name: point.name },
      guards: [],
      surroundings: PROBE,
      access: (name) => name.startsWith("args.") ? rawTracepointField(point.name, name, types)?.access ?? null : null,
    }],
    match(pattern, limit): ReturnType<PointKind<RawTracepoint>["match"]> {
      const btf = types.btfOrNull();
      const names = btf ? rawTracepointNames(btf).filter(globOf(pattern?.name ?? "*")) : [];
      return upTo(names.map((name): RawTracepoint => ({ kind: "raw_tracepoint", name })), limit);
    },
  };
}
