import { findMapping } from "../symbols/mod.ts";
import type { Unwind } from "./_user_chains.ts";
import type { UserStack } from "./unwind/unwinder.ts";

const out: UserStack = { addresses: new Float64Array(256), exact: new Uint8Array(256), length: 0, end: "root" };

/** Follows frame pointers through the copy of a stack. */
export const framePointerUnwind: Unwind = (state, _pid, mappings) => {
  let fp = state.registers[6];
  const sp = state.registers[7];
  out.addresses[0] = state.registers[16];
  out.exact[0] = 1;
  out.length = 1;
  out.end = "root";
  while (out.length < 250) {
    const at = state.at + ((fp - sp) >>> 2);
    if (fp < sp || fp + 16 > sp + state.bytes) {
      out.end = fp === 0 || fp === 1 ? "root" : "copy_too_short";
      break;
    }
    const { stack } = state;
    const next = stack[at + 1] * 4294967296 + stack[at];
    const ra = stack[at + 3] * 4294967296 + stack[at + 2];
    if (!findMapping(mappings, ra)) break;
    out.exact[out.length] = 0;
    out.addresses[out.length++] = ra;
    if (next <= fp) break;
    fp = next;
  }
  return out;
};
