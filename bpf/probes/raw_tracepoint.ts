import type { Field } from "../../core/data/mod.ts";
import type { Access } from "../codegen/access.ts";
import type { KernelTypes } from "./kernel_types.ts";
import type { ProbeField } from "./probe_field.ts";
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
    return { field: { name, type: "int", unit: null, unsigned: true, doc: "the bare argument" }, access };
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
