import { KIND } from "../btf/mod.ts";
import type { FunctionType } from "./kernel_types.ts";

/**
 * Whether a trampoline's program may read the first arguments of a function. The verifier (btf_ctx_access in
 * kernel/bpf/btf.c) gives numbers and addresses of structs, of void and of text; the address of another number is refused
 * before Linux 5.17, and that of a pointer, a function or a struct that is only declared, as a struct by value, also later.
 *
 * @param count how many of them are read
 * @param toNumbers whether the kernel gives addresses of numbers
 */
export function trampolineReads({ params, types }: FunctionType, count: number, toNumbers: () => boolean): boolean {
  return params.slice(0, count).every(({ type }) => {
    const real = types.resolve(type);
    const kind = types.kind(real);
    if (kind === KIND.INT || kind === KIND.ENUM || kind === KIND.ENUM64) return types.size(real) <= 8;
    if (kind !== KIND.PTR) return false;
    const target = types.resolve(types.target(real));
    if (target === VOID) return true;
    switch (types.kind(target)) {
      case KIND.STRUCT:
      case KIND.UNION:
        return true;
      case KIND.INT:
        return types.name(target) === "char" || toNumbers();
      default:
        return false;
    }
  });
}

/** The id of no type. */
const VOID = 0;
