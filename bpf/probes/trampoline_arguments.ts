import { KIND } from "../btf/mod.ts";
import type { Mechanism } from "../mechanisms.ts";
import type { FunctionType } from "./kernel_types.ts";

/**
 * Whether a trampoline's program may read the first arguments of a function. The verifier (btf_ctx_access in
 * kernel/bpf/btf.c) gives numbers and addresses of structs, of void and of text. Addresses of other numbers it refuses
 * before Linux 5.17, those of `const void`, of addresses, of functions and of structs that are only declared in 6.12 still;
 * 7.3 gives all. Structs by value are not tried: newer kernels give them, in one place or two.
 *
 * @param count how many of them are read
 */
export function trampolineReads(
  { params, types }: FunctionType,
  count: number,
  works: (which: Mechanism) => boolean,
): boolean {
  return params.slice(0, count).every(({ type }) => {
    const real = types.resolve(type);
    const kind = types.kind(real);
    if (kind === KIND.INT || kind === KIND.ENUM || kind === KIND.ENUM64) return types.size(real) <= 8;
    if (kind !== KIND.PTR) return false;
    const target = types.target(real);
    const object = types.resolve(target);
    if (object === VOID) return target === VOID || works("fentry_const_void_pointer");
    switch (types.kind(object)) {
      case KIND.STRUCT:
      case KIND.UNION:
        return true;
      case KIND.INT:
        return types.name(object) === "char" || works("fentry_number_pointer");
      default:
        return works("fentry_any_pointer");
    }
  });
}

/** The id of no type. */
const VOID = 0;
