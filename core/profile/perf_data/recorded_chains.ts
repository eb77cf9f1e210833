import { CONTEXT, REGS_ABI } from "../../perf/mod.ts";
import { addressOf } from "../../symbols/mod.ts";
import { lbrChain } from "../_lbr_chain.ts";
import type { Unwinder } from "../unwind/mod.ts";
import { CPU_MODE } from "./_abi.ts";
import type { LocalFiles } from "./local_files.ts";
import type { RecordedAttr } from "./recorded_attr.ts";
import type { RecordedMapping, RecordedSpace } from "./recorded_tasks.ts";
import type { SampleFields } from "./sample_fields.ts";

/** Makes of each sample a call chain as the kernel would write it: 64-bit entries, leaf first, with context markers. */
export interface RecordedChains {
  readonly words: Uint32Array;
  /** @returns length in words */
  make(sample: SampleFields, attr: RecordedAttr, space: RecordedSpace): number;
  /** Whether the user part of the chain made last is what the kernel found by frame pointers. */
  readonly byFramePointers: boolean;
  /** Of those that were unwound from a copy, stacks that do not reach their root, by reason. */
  readonly failures: Readonly<Record<string, number>>;
}

/** How user stacks are found where the sample has a copy of the stack. */
export interface StackUnwinding {
  readonly unwinder: Unwinder;
  readonly files: LocalFiles;
}

/** @param unwinding null leaves user stacks that were copied at their first frame */
export function recordedChains(unwinding: StackUnwinding | null): RecordedChains {
  let out = new Uint32Array(1 << 12);
  const failures: Record<string, number> = {};
  const locals = new WeakMap<readonly RecordedMapping[], RecordedMapping[]>();
  const registers = new Float64Array(33);
  const numbersOf = new WeakMap<RecordedAttr, readonly number[]>();
  let n = 0;
  let byFramePointers = false;

  /** DWARF's numbers of a sample's registers, in their order; -1 for those that do not matter. */
  const registersOf = (attr: RecordedAttr): readonly number[] => {
    let numbers = numbersOf.get(attr);
    if (!numbers) {
      const bits = Array.from({ length: 64 }, (_, i) => i).filter((i) => (attr.userRegisters >> BigInt(i) & 1n) === 1n);
      numbersOf.set(attr, numbers = bits.map(dwarfNumber));
    }
    return numbers;
  };
  const room = (words: number): void => {
    if (n + words <= out.length) return;
    const larger = new Uint32Array((n + words) * 2);
    larger.set(out.subarray(0, n));
    out = larger;
  };
  const put = (address: number): void => {
    room(2);
    out[n++] = address >>> 0;
    out[n++] = Math.floor(address / 4294967296) >>> 0;
  };
  const fail = (why: string): void => void (failures[why] = (failures[why] ?? 0) + 1);

  /** The mappings with only those files whose tables are here: where others begin, a stack ends. */
  const localOf = (space: RecordedSpace): readonly RecordedMapping[] => {
    const { mappings } = space;
    let found = locals.get(mappings);
    if (!found) {
      found = mappings.map((m) => {
        const here = m.path === "[vdso]" ? m : unwinding!.files.find(m, "");
        return here ? { ...m, ...here } : { ...m, path: "", inode: 0 };
      });
      locals.set(mappings, found);
    }
    return found;
  };
  const unwound = (s: SampleFields, attr: RecordedAttr, space: RecordedSpace): void => {
    const { words, parts } = s;
    registers.fill(NaN);
    let place = parts.regsUser;
    for (const number of registersOf(attr)) {
      // The link register of aarch64 may be signed in its upper bits, which no double has room for.
      const upper = PC === 32 && number === 30 ? words[place + 1] & 0xffff : words[place + 1];
      if (number >= 0) registers[number] = addressOf(upper, words[place]);
      place += 2;
    }
    const pc = registers[PC];
    if (parts.regsUserAbi !== REGS_ABI.BITS_64 || pc !== pc) {
      if (s.cpuMode === CPU_MODE.USER && s.ip >= 0) put(addressOf(words[s.ip + 1], words[s.ip]));
      else if (pc === pc) put(pc);
      return fail("32_bit");
    }
    if (!unwinding) {
      put(pc);
      return fail("copy_not_unwound");
    }
    const stack = unwinding.unwinder.unwind(Deno.pid, localOf(space), {
      registers,
      stack: words,
      at: Math.max(0, parts.stack),
      bytes: parts.stackBytes,
    });
    if (stack.end !== "root") fail(parts.stackBytes === 0 ? "no_stack" : stack.end);
    // Who names the chain takes one off all but the first, as off any return address.
    for (let i = 0; i < stack.length; i++) put(stack.addresses[i] + (i > 0 ? stack.exact[i] : 0));
  };

  return {
    get words() {
      return out;
    },
    get byFramePointers() {
      return byFramePointers;
    },
    failures,
    make: (s, attr, space) => {
      const { words, parts } = s;
      const { chain, chainEntries } = parts;
      n = 0;
      byFramePointers = false;
      if (attr.branchCallStack && parts.branchEntries > 0 && chain >= 0) {
        room((chainEntries + parts.branchEntries) * 2 + 4);
        return lbrChain(words, parts, out);
      }
      const copied = parts.regsUser >= 0 && parts.stack >= 0;
      byFramePointers = chainEntries > 0 && !copied;
      let inUser = false;
      if (chainEntries > 0) {
        room(chainEntries * 2 + 4);
        const end = chain + chainEntries * 2;
        if (!isMarker(words, chain)) put(markerOf(s.cpuMode));
        for (let i = chain; i < end; i += 2) {
          // perf's own unwinding takes the place of what the kernel found.
          if (copied && words[i + 1] === 0xffffffff && words[i] === CONTEXT.USER >>> 0) {
            inUser = true;
            break;
          }
          out[n++] = words[i];
          out[n++] = words[i + 1];
        }
      } else if (s.ip >= 0 && !(copied && s.cpuMode === CPU_MODE.USER)) {
        put(markerOf(s.cpuMode));
        put(addressOf(words[s.ip + 1], words[s.ip]));
      }
      if (copied && (inUser || attr.excludeCallchainUser || s.cpuMode === CPU_MODE.USER)) {
        put(CONTEXT.USER);
        unwound(s, attr, space);
      }
      return n;
    },
  };
}

function isMarker(words: Uint32Array, at: number): boolean {
  return words[at + 1] === 0xffffffff && words[at] >= CONTEXT.MAX >>> 0;
}

function markerOf(mode: number): number {
  return MARKERS[mode] ?? CONTEXT.USER;
}

/** DWARF's number of a register that perf numbers so (arch/x86/include/uapi/asm/perf_regs.h; aarch64 has the same). */
function dwarfNumber(bit: number): number {
  if (Deno.build.arch === "aarch64") return bit <= 32 ? bit : -1;
  return bit < X86.length ? X86[bit] : bit >= 16 && bit < 24 ? bit - 8 : -1;
}

const X86 = [0, 3, 2, 1, 4, 5, 6, 7, 16];
const PC = Deno.build.arch === "aarch64" ? 32 : 16;
const GUEST_KERNEL = -2176;
const GUEST_USER = -2560;
const MARKERS: Readonly<Record<number, number>> = {
  [CPU_MODE.KERNEL]: CONTEXT.KERNEL,
  [CPU_MODE.USER]: CONTEXT.USER,
  [CPU_MODE.HYPERVISOR]: CONTEXT.HV,
  [CPU_MODE.GUEST_KERNEL]: GUEST_KERNEL,
  [CPU_MODE.GUEST_USER]: GUEST_USER,
};
