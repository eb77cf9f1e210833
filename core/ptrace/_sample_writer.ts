import { ringWriter } from "../ring/mod.ts";
import { readFileInto, readProcessMemory } from "../sys/mod.ts";
import { REGISTERS } from "./_registers.ts";
import { RECORD_KIND, SAMPLE_RECORD as R, THREAD_STATE } from "./sample_record.ts";

/** Who was sampled, and when. */
export interface Sampled {
  readonly pid: number;
  readonly tid: number;
  /** One of {@linkcode THREAD_STATE}. */
  readonly state: number;
  readonly nr: number;
  readonly weightNs: number;
  readonly timeNs: number;
}

/** Writes records of samples into a ring. What finds no room is counted by the ring. */
export interface SampleWriter {
  /**
   * A sample with the stack above the stack pointer, copied now.
   *
   * @param registers as NT_PRSTATUS gave them; null when only `sp` and `pc` are known
   * @returns bytes of stack that were copied
   */
  sample(who: Sampled, registers: BigUint64Array | null, sp: bigint, pc: bigint): number;
  repeat(who: Sampled, count: number): void;
  /** The text of a file: `/proc/PID/maps`, or a thread's name. */
  file(kind: number, pid: number, tid: number, path: string): void;
}

/** @param stackBytes most bytes of stack in a sample */
export function sampleWriter(buffer: SharedArrayBuffer, stackBytes: number): SampleWriter {
  const ring = ringWriter(buffer);
  const { view, bytes } = ring;
  // The kernel writes into a buffer of our own: addresses of shared ones are not to be had.
  const stack = new Uint8Array(new ArrayBuffer(stackBytes));
  const text = new Uint8Array(new ArrayBuffer(MAX_TEXT));

  const begin = (kind: number, who: Sampled, count: number, registers: number, length: number): number => {
    const at = ring.reserve(R.PAYLOAD + registers * 8 + length);
    if (at < 0) return at;
    view.setUint32(at + R.KIND, kind, true);
    view.setUint32(at + R.PID, who.pid, true);
    view.setUint32(at + R.TID, who.tid, true);
    view.setUint32(at + R.STATE, who.state, true);
    view.setInt32(at + R.SYSCALL, who.nr, true);
    view.setUint32(at + R.COUNT, count, true);
    view.setBigUint64(at + R.WEIGHT, BigInt(Math.max(0, Math.round(who.weightNs))), true);
    view.setBigUint64(at + R.TIME, BigInt(Math.round(who.timeNs)), true);
    view.setUint32(at + R.REGISTERS, registers, true);
    view.setUint32(at + R.BYTES, length, true);
    return at;
  };
  return {
    sample(who, registers, sp, pc) {
      const copied = Math.max(0, readProcessMemory(who.pid, sp, stack, stackBytes)) & ~7;
      const count = registers ? REGISTERS.dwarf.length : 2;
      const at = begin(RECORD_KIND.SAMPLE, who, 1, count, copied);
      if (at < 0) return copied;
      let to = at + R.PAYLOAD;
      if (registers) {
        for (const word of REGISTERS.dwarf) {
          view.setBigUint64(to, registers[word], true);
          to += 8;
        }
      } else {
        view.setBigUint64(to, pc, true);
        view.setBigUint64(to + 8, sp, true);
        to += 16;
      }
      bytes.set(copied === stackBytes ? stack : stack.subarray(0, copied), to);
      ring.commit();
      return copied;
    },
    repeat(who, count) {
      if (begin(RECORD_KIND.REPEAT, who, count, 0, 0) >= 0) ring.commit();
    },
    file(kind, pid, tid, path) {
      const length = readFileInto(path, text);
      if (length <= 0) return;
      const who = { pid, tid, state: THREAD_STATE.RUNNING, nr: -1, weightNs: 0, timeNs: 0 };
      const at = begin(kind, who, 0, 0, length);
      if (at < 0) return;
      bytes.set(text.subarray(0, length), at + R.PAYLOAD);
      ring.commit();
    },
  };
}

/** A process with more mappings than fit into this is cut there. */
const MAX_TEXT = 1 << 20;
