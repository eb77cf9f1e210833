import type { Host } from "../host/mod.ts";
import { syscallName } from "../host/mod.ts";
import { CONTEXT } from "../perf/mod.ts";
import { RECORD_KIND, SAMPLE_RECORD as R, THREAD_STATE } from "../ptrace/mod.ts";
import { addressOf } from "../symbols/mod.ts";
import type { RawProfile } from "./build_profile.ts";
import { createSeenProcesses } from "./_seen_processes.ts";
import { createStackTable } from "./stack_table.ts";
import { createSampleTimes } from "./_timeline.ts";
import type { Unwinder } from "./unwind/mod.ts";

/** Folds records of samples with registers and copies of stacks (`core/ptrace/sample_record.ts`), as they come. */
export interface CopiedSamples {
  /**
   * Takes one record. It may lie in memory that the sampled program writes: what makes no sense is counted, and no error.
   *
   * @param at of its first byte, a multiple of 8
   * @param length in bytes
   */
  record(view: DataView, bytes: Uint8Array, at: number, length: number): void;
  /** Samples so far. */
  readonly events: number;
  /** Samples that found no room. */
  readonly full: number;
  /** Records that made no sense. */
  readonly corrupt: number;
  raw(startNs: number, startUnixNs: bigint): RawProfile;
}

/** Options of {@linkcode createCopiedSamples}. */
export interface CopiedSamplesOptions {
  /** Whether labels tell what threads were doing. */
  readonly states: boolean;
  readonly timeline: boolean;
}

export function createCopiedSamples(host: Host, unwinder: Unwinder, options: CopiedSamplesOptions): CopiedSamples {
  const processes = createSeenProcesses(host);
  const table = createStackTable();
  const times = options.timeline ? createSampleTimes() : null;
  const failures: Record<string, number> = {};
  const registers = new Float64Array(Deno.build.arch === "aarch64" ? 33 : 17);
  const [pcRegister, spRegister] = Deno.build.arch === "aarch64" ? [32, 31] : [16, 7];
  const state = { registers, stack: new Uint32Array(0) as Uint32Array, at: 0, bytes: 0 };
  const last = new Map<number, Place>();
  let chain = new Uint32Array(1 << 10);
  let events = 0;
  let full = 0;
  let corrupt = 0;

  const count = (place: Place, label: number, n: number, weight: number, timeNs: number): void => {
    events += n;
    if (place.failure !== "") failures[place.failure] = (failures[place.failure] ?? 0) + n;
    const number = table.add(place.words, 0, place.words.length, place.space, label, weight, n);
    if (number < 0) full += n;
    else if (times) { for (let i = n - 1; i >= 0; i--) times.add(timeNs - weight * i / n, number, weight / n); }
  };
  const unwind = (
    view: DataView,
    bytes: Uint8Array,
    at: number,
    pid: number,
    known: number,
    copied: number,
  ): Place => {
    let from = at + R.PAYLOAD;
    registers.fill(NaN);
    for (let i = 0; i < known; i++, from += 8) {
      const high = view.getUint32(from + 4, true);
      // The link register of aarch64 may be signed in its upper bits, which no double has room for.
      const value = addressOf(registers.length === 33 && i === 30 ? high & 0xffff : high, view.getUint32(from, true));
      if (known === registers.length) registers[i] = value;
      else if (i < 2) registers[i === 0 ? pcRegister : spRegister] = value;
    }
    const space = processes.space(pid, registers[pcRegister]);
    state.bytes = copied & ~7;
    state.stack = new Uint32Array(bytes.buffer, bytes.byteOffset + from, state.bytes >> 2);
    const stack = unwinder.unwind(pid, space.mappings, state);
    const length = 2 + stack.length * 2;
    if (chain.length < length) chain = new Uint32Array(length * 2);
    chain[0] = CONTEXT.USER >>> 0;
    chain[1] = 0xffffffff;
    for (let i = 0; i < stack.length; i++) {
      // Who names the chain takes one off all but the first, as off any return address.
      const address = stack.addresses[i] + (i > 0 ? stack.exact[i] : 0);
      chain[2 + i * 2] = address >>> 0;
      chain[3 + i * 2] = Math.floor(address / 4294967296) >>> 0;
    }
    // A thread that had ended when its stack was to be copied has none.
    const failure = stack.end === "root" ? "" : state.bytes === 0 ? "no_stack" : stack.end;
    return { words: chain.slice(0, length), space: space.id, failure };
  };
  return {
    get events() {
      return events;
    },
    get full() {
      return full;
    },
    get corrupt() {
      return corrupt;
    },
    record: (view, bytes, at, length) => {
      if (length < R.PAYLOAD || at % 8 !== 0) return void corrupt++;
      const kind = view.getUint32(at + R.KIND, true);
      const pid = view.getUint32(at + R.PID, true);
      const tid = view.getUint32(at + R.TID, true);
      // Each is read once: it may be another the next time.
      const known = view.getUint32(at + R.REGISTERS, true);
      const size = view.getUint32(at + R.BYTES, true);
      const room = length - R.PAYLOAD;
      if (kind === RECORD_KIND.MAPS || kind === RECORD_KIND.COMM) {
        if (size > room) return void corrupt++;
        // Shared memory cannot be decoded in place.
        const text = decoder.decode(bytes.slice(at + R.PAYLOAD, at + R.PAYLOAD + size));
        if (kind === RECORD_KIND.MAPS) processes.maps(pid, text);
        else processes.comm(pid, tid, text.replace(/\n$/, ""));
        return;
      }
      if (kind !== RECORD_KIND.SAMPLE && kind !== RECORD_KIND.REPEAT) return void corrupt++;
      const n = view.getUint32(at + R.COUNT, true);
      if (n === 0 || n > MAX_COUNT) return void corrupt++;
      let place = last.get(tid);
      if (kind === RECORD_KIND.SAMPLE) {
        if ((known !== 2 && known !== registers.length) || known * 8 + size > room) return void corrupt++;
        last.set(tid, place = unwind(view, bytes, at, pid, known, size));
        if (last.size > MAX_THREADS) last.delete(last.keys().next().value!);
      }
      if (!place) return; // the sample that it repeats found no room in the ring
      const doing = view.getUint32(at + R.STATE, true);
      const text = !options.states
        ? ""
        : doing === THREAD_STATE.RUNNING
        ? "running"
        : doing === THREAD_STATE.STOPPED
        ? "stopped"
        : `syscall ${syscallName(view.getInt32(at + R.SYSCALL, true))}`;
      const weight = Number(view.getBigUint64(at + R.WEIGHT, true));
      const timeNs = Number(view.getBigUint64(at + R.TIME, true));
      count(place, processes.label(pid, tid, text), n, weight, timeNs);
    },
    raw: (startNs, startUnixNs) => ({
      stacks: table,
      spaces: processes.spaces,
      labels: processes.labels,
      failures,
      nsPerCount: null,
      times: times && { samples: times, startNs, startUnixNs },
    }),
  };
}

/** The chain of a thread's last sample. */
interface Place {
  readonly words: Uint32Array;
  readonly space: number;
  /** Why it ends before its root; empty when it does not. */
  readonly failure: string;
}

/** Samples that one record stands for: those who write them tell of repeats after 64. */
const MAX_COUNT = 1 << 16;
/** Whose last samples are kept: numbers of threads go up to four million. */
const MAX_THREADS = 1 << 16;
const decoder = new TextDecoder();
