import type { Host } from "../../host/mod.ts";
import { closeRaw, openRaw, pread } from "../../sys/mod.ts";

/**
 * Frames of code that a runtime made and that has neither tables nor frame pointers, as far as the code itself tells: a
 * return address with `add $N, %rsp; ret` behind it lies N bytes below the next one. CPython's trampolines (`-X perf`,
 * Python/asm_trampoline.S) are such on x86-64.
 */
export interface Epilogues {
  /**
   * @param pc a return address into memory without a file
   * @returns bytes between the stack pointer after the return to `pc` and the next return address; -1 when not known
   */
  frameBytes(pid: number, pc: number): number;
}

/** Reads the code out of the memory of processes, as long as they run. */
export function readEpilogues(host: Host): Epilogues {
  const code = new Uint8Array(8);
  let known = new Map<number, Map<number, number>>();
  let kept = 0;
  return {
    frameBytes: (pid, pc) => {
      let of = known.get(pid);
      let bytes = of?.get(pc);
      if (bytes !== undefined) return bytes;
      bytes = readCode(host, pid, pc, code) ? epilogueBytes(code) : -1;
      if (++kept > MAX_KEPT) {
        known = new Map();
        kept = 0;
      }
      of = known.get(pid);
      if (!of) known.set(pid, of = new Map());
      of.set(pc, bytes);
      return bytes;
    },
  };
}

/** What the x86-64 code at a return address takes off the stack before it returns; -1 when it does something else. */
export function epilogueBytes(code: Uint8Array): number {
  if (code[0] !== 0x48 || code[2] !== 0xc4) return -1;
  if (code[1] === 0x83 && code[3] < 0x80 && code[4] === RET) return code[3];
  if (code[1] !== 0x81 || code[7] !== RET) return -1;
  const bytes = code[3] | code[4] << 8 | code[5] << 16 | code[6] << 24;
  return bytes >= 0 ? bytes : -1;
}

function readCode(host: Host, pid: number, pc: number, into: Uint8Array<ArrayBuffer>): boolean {
  const fd = openRaw(host.path("pid_mem", pid));
  if (fd < 0) return false;
  const n = pread(fd, into, pc);
  closeRaw(fd);
  return n === into.length;
}

const RET = 0xc3;
const MAX_KEPT = 100_000;
