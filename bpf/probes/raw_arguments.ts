import { type Btf, type BtfParam, KIND } from "../btf/mod.ts";

/** Arguments of a raw tracepoint. */
export interface RawArguments {
  /** In order, without the private first one of the kernel. Names are empty where the kernel does not keep them. */
  readonly params: readonly BtfParam[];
}

/** The functions whose prototypes name a tracepoint's arguments: since 6.6, since 5.10, and without names. */
const PREFIXES = ["__probestub_", "__traceiter_"];

/**
 * The arguments of a raw tracepoint by the kernel's type information.
 *
 * @returns null when there is no such tracepoint (in the kernel itself: modules have their own BTF)
 */
export function rawArguments(btf: Btf, name: string): RawArguments | null {
  for (const prefix of PREFIXES) {
    const id = btf.find(`${prefix}${name}`, KIND.FUNC);
    if (id !== 0) return { params: btf.params(btf.target(id)).slice(1) };
  }
  const typedef = btf.find(`btf_trace_${name}`, KIND.TYPEDEF);
  if (typedef === 0) return null;
  return { params: btf.params(btf.target(btf.target(typedef))).slice(1) };
}

/** Names of all raw tracepoints that the kernel has, modules' excepted. */
export function rawTracepointNames(btf: Btf): string[] {
  const prefix = "btf_trace_";
  return [...btf.withPrefix(prefix, KIND.TYPEDEF)].map((id) => btf.name(id).slice(prefix.length)).sort();
}
