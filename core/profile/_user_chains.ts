import { CONTEXT, REGS_ABI, type SampleParts, type UserRegs } from "../perf/mod.ts";
import { addressOf, type CodeMapping } from "../symbols/mod.ts";
import type { Unwinder } from "./unwind/unwinder.ts";

/** The state of the thread, used again for each sample. */
interface CopiedState {
  readonly registers: Float64Array;
  stack: Uint32Array;
  at: number;
  bytes: number;
}

/** Makes call chains of samples that hold registers and a copy of the stack. */
export interface UserChains {
  /** The chain made last, as the kernel would have written it: 64-bit entries, leaf first, with context markers. */
  readonly words: Uint32Array;
  /**
   * Makes the chain of a sample: the kernel's part as it is there, the user's part unwound.
   *
   * @param words holds the sample
   * @param parts of this sample
   * @returns length in words
   */
  make(words: Uint32Array, parts: SampleParts, pid: number, mappings: readonly CodeMapping[]): number;
  /** Stacks without their root, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Stacks whose user part was unwound. */
  readonly unwound: number;
}

/**
 * @param registers which registers the samples hold
 */
export function createUserChains(registers: UserRegs, unwinder: Unwinder): UserChains {
  let out = new Uint32Array(1 << 12);
  const failures: Record<string, number> = {};
  const state: CopiedState = { registers: new Float64Array(registers.count), stack: out, at: 0, bytes: 0 };
  const { dwarf } = registers;
  let unwound = 0;
  const fail = (why: string): void => {
    failures[why] = (failures[why] ?? 0) + 1;
  };
  // The link register of aarch64 may be signed in its upper bits, which no double has room for.
  const signed = Deno.build.arch === "aarch64" ? 30 : -1;
  const ipWord = dwarf.indexOf(registers.ip) * 2;

  return {
    get words() {
      return out;
    },
    failures,
    get unwound() {
      return unwound;
    },
    make: (words, parts, pid, mappings) => {
      let n = 0;
      if (parts.chain >= 0) {
        // Nothing of it is user code: the event leaves that out.
        const end = parts.chain + parts.chainEntries * 2;
        if (out.length < parts.chainEntries * 2 + 4) out = new Uint32Array(parts.chainEntries * 4);
        for (let i = parts.chain; i < end; i++) out[n++] = words[i];
      }
      const at = parts.regsUser;
      // Threads of the kernel have no registers of user code.
      if (at < 0) return n;
      out[n++] = CONTEXT.USER >>> 0;
      out[n++] = 0xffffffff;
      unwound++;
      if (parts.regsUserAbi !== REGS_ABI.BITS_64) {
        out[n++] = words[at + ipWord];
        out[n++] = 0;
        fail("32_bit");
        return n;
      }
      for (let i = 0; i < dwarf.length; i++) {
        const high = words[at + i * 2 + 1];
        state.registers[dwarf[i]] = addressOf(dwarf[i] === signed ? high & 0xffff : high, words[at + i * 2]);
      }
      state.stack = words;
      state.at = Math.max(0, parts.stack);
      state.bytes = parts.stackBytes;
      const stack = unwinder.unwind(pid, mappings, state);
      if (stack.end !== "root") {
        // A task that is ending has given its memory back.
        fail(parts.stackBytes === 0 ? "no_stack" : stack.end);
      }
      if (out.length < n + stack.length * 2) {
        const larger = new Uint32Array((n + stack.length * 2) * 2);
        larger.set(out.subarray(0, n));
        out = larger;
      }
      for (let i = 0; i < stack.length; i++) {
        // Who names the chain takes one off all but the first, as off any return address.
        const address = stack.addresses[i] + (i > 0 ? stack.exact[i] : 0);
        out[n++] = address >>> 0;
        out[n++] = Math.floor(address / 4294967296) >>> 0;
      }
      return n;
    },
  };
}
