import type { Host } from "../../core/host/mod.ts";
import { codeMappings } from "../../core/symbols/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import type { Constants } from "../libbpf_constants.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { openRing } from "../ring/ring_reader.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { readCounters } from "./_measure.ts";

/** Where in user code a thread was (`struct place` of `user_stack.bpf.h`): what a copy is found by. */
export interface Place {
  readonly tid: number;
  /** The user's stack pointer; 0n where no copies are made. */
  readonly sp: bigint;
  /** Number of the frame-pointer stack; 0n is none. */
  readonly chain: bigint;
  /** Of return addresses on the stack, where that is taken. */
  readonly mark: number;
}

/** Registers and stack of a thread: valid during the call only. */
export interface UserCopy extends Place {
  readonly pid: number;
  /** `struct pt_regs` of the machine. */
  readonly registers: Uint8Array<ArrayBuffer>;
  /** From the stack pointer upwards. Empty of a thread that was found off the CPU: it is read from its memory. */
  readonly stack: Uint8Array<ArrayBuffer>;
}

/** How much is copied. */
export interface UserCopyOptions {
  /** Bytes of a copy of the user's stack: a multiple of 512 up to 32,768. 0 is none. */
  readonly copyBytes: number;
  /** Copies a second on each CPU, at most. Default 1000. */
  readonly copiesPerSecond?: number;
  /** Most distinct stacks, and places; 1 or more. */
  readonly maxEntries: number;
  /** The one process that is looked at, when it is one: places are told apart better. */
  readonly pid?: number;
}

/** What `user_stack.bpf.h` has taken. */
export interface UserCopies extends Disposable {
  /** Hands out copies; to be called some ten times a second. @returns how many there were */
  drain(visit: (copy: UserCopy) => void): number;
  /** Addresses by number of the stack, leaf first. */
  stacks(): Map<bigint, BigUint64Array>;
  losses(): UserCopyLosses;
}

/** What of stacks is missing. */
export interface UserCopyLosses {
  /** Stacks for which the map had no room. */
  readonly stacksFull: number;
  /** Copies that were not made: above the allowance, or the ring was full. The next time at the place tries again. */
  readonly copiesMissed: number;
  /** Stacks that have more frames than are kept. */
  readonly cut: number;
  /** Stacks that were not taken: more at the same time on one CPU than there is room for. */
  readonly recursion: number;
}

/** Bytes of struct copy before the stack, of its registers, of struct pt_regs; of a kernel's stack (Linux's defaults). */
const COPY_HEAD = 48 + 272;
const REGS_BYTES = Deno.build.arch === "aarch64" ? 272 : 168;
const THREAD_SIZE = 16_384;
const RING_BYTES = 8 << 20;
const MAX_FRAMES = 127;

/** Before loading: sets the constants of `user_stack.bpf.h` that are returned, and the sizes of its maps. */
export function prepareUserCopies(object: BpfObject, host: Host, options: UserCopyOptions): Constants {
  const { copyBytes, copiesPerSecond = 1000, maxEntries, pid = 0 } = options;
  object.map("stacks").setMaxEntries(maxEntries);
  object.map("copied").setMaxEntries(copyBytes > 0 ? maxEntries : 1);
  object.map("copies").setMaxEntries(copyBytes > 0 ? RING_BYTES : host.pageSize);
  return {
    copy_bytes: copyBytes,
    record_bytes: COPY_HEAD + copyBytes,
    copies_per_second: copiesPerSecond,
    thread_size: THREAD_SIZE,
    regs_size: REGS_BYTES,
    ...(pid > 0 ? codeOf(host, pid) : {}),
  };
}

/** Opens what a loaded object takes. @throws {SysError} */
export function openUserCopies(object: BpfObject, host: Host, copyBytes: number): UserCopies {
  const ring = copyBytes > 0 ? openRing(object.map("copies").fd, RING_BYTES, host.pageSize) : undefined;
  return {
    drain: (visit) => ring?.drain((at) => visit(copyAt(ring.bytes, at))) ?? 0,
    stacks() {
      const stacks = new Map<bigint, BigUint64Array>();
      forEachEntry(object.map("stacks"), (key, value) => {
        const n = Math.min(value.u64(0), MAX_FRAMES);
        stacks.set(key.big(0), new BigUint64Array(value.bytes(8, n * 8).buffer));
      });
      return stacks;
    },
    losses() {
      const map = object.map("stack_counters");
      const [stacksFull, copiesFull, copiesHeld, cut, recursion] = readCounters(map.fd, map.spec, possibleCpus(host));
      return { stacksFull, copiesMissed: copiesFull + copiesHeld, cut, recursion };
    },
    [Symbol.dispose]: () => ring?.[Symbol.dispose](),
  };
}

/** A `struct place`, 24 bytes, at an offset of a key or value. */
export function placeAt(view: StructView, offset: number): Place {
  return {
    sp: view.big(offset),
    chain: view.big(offset + 8),
    tid: view.u32(offset + 16),
    mark: view.u32(offset + 20),
  };
}

/** A record of the ring: struct copy. */
function copyAt(bytes: Uint8Array<ArrayBuffer>, at: number): UserCopy {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, COPY_HEAD);
  return {
    sp: view.getBigUint64(0, true),
    chain: view.getBigUint64(8, true),
    tid: view.getUint32(16, true),
    mark: view.getUint32(20, true),
    pid: view.getUint32(24, true),
    registers: bytes.subarray(at + 48, at + 48 + REGS_BYTES),
    stack: bytes.subarray(at + COPY_HEAD, at + COPY_HEAD + view.getUint32(28, true)),
  };
}

/** Where libraries lie: the kernel itself knows where the program's own code does. */
function codeOf(host: Host, pid: number): Constants {
  const libraries = codeMappings(host.maps(pid)).filter((m) => /\.so\b/.test(m.path));
  if (libraries.length === 0) return {};
  return {
    code_from: Math.min(...libraries.map((m) => m.start)),
    code_to: Math.max(...libraries.map((m) => m.end)),
  };
}
