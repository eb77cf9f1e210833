import { CONTEXT, type SampleParts } from "../perf/mod.ts";

/** Of a sample, where its chain and its branches lie. */
export type LbrParts = Pick<SampleParts, "chain" | "chainEntries" | "branches" | "branchEntries">;

/**
 * A call chain whose user part comes from the processor's record of calls that have not returned: where the thread was,
 * then the call instruction of each caller, newest first (`PERF_SAMPLE_BRANCH_CALL_STACK`; Intel SDM volume 3, "LBR call
 * stack"). The kernel's part, and where the thread was, are taken from the sample's own chain.
 *
 * @param words holds the sample
 * @param out takes the chain
 * @returns length of the chain in words; what does not fit is left out
 */
export function lbrChain(words: Uint32Array, parts: LbrParts, out: Uint32Array): number {
  let n = 0;
  const put = (lo: number, hi: number): void => {
    if (n + 2 > out.length) return;
    out[n++] = lo;
    out[n++] = hi;
  };
  const end = parts.chain + Math.max(0, parts.chainEntries) * 2;
  let user = -1;
  for (let i = Math.max(0, parts.chain); i < end; i += 2) {
    put(words[i], words[i + 1]);
    if (words[i + 1] === 0xffffffff && words[i] === CONTEXT.USER >>> 0) {
      user = i + 2;
      break;
    }
  }
  if (user < 0 || user >= end) return n;
  put(words[user], words[user + 1]);
  for (let i = 0; i < parts.branchEntries; i++) {
    const from = parts.branches + i * 6;
    if (words[from] === 0 && words[from + 1] === 0) break;
    // It is the call itself; who names the chain takes one off, as off any return address.
    const lo = (words[from] + 1) >>> 0;
    put(lo, lo === 0 ? words[from + 1] + 1 : words[from + 1]);
  }
  return n;
}
