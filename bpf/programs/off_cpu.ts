import { assetBytes } from "../../core/assets/mod.ts";
import type { Cost } from "../../core/data/mod.ts";
import { clockNs } from "../../core/sys/mod.ts";
import { updateMap } from "../kernel/map.ts";
import type { BpfObject } from "../libbpf.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { interruptCode } from "./_interrupt_code.ts";
import { inWords, loadObject, type ProgramOptions, type Variant } from "./_load.ts";
import { readCounters, startMeter } from "./_measure.ts";
import { openUserCopies, prepareUserCopies, type UserCopies, type UserCopy } from "./user_copies.ts";

/** What to measure. */
export interface OffCpuOptions extends ProgramOptions {
  /** Processes whose threads are watched, with the children that they make; numbers of the initial pid namespace. Absent: all. */
  readonly pids?: readonly number[];
  /** Kernel threads, too. Default: no. */
  readonly kernelThreads?: boolean;
  /** Times shorter than this are added up by thread only. Nanoseconds; default 0. */
  readonly minNs?: number;
  /** Bytes of a copy of the user's stack: a multiple of 512 up to 32,768. 0, the default, is none. */
  readonly copyBytes?: number;
  /** Copies a second on each CPU, at most; places where threads are known to wait long have ten times that. Default 1000. */
  readonly copiesPerSecond?: number;
  /** Most threads, and most distinct stacks and sums. Default 16,384. */
  readonly maxEntries?: number;
  /** Forces one of the two ways to attach: for tests. */
  readonly variant?: "typed" | "raw";
}

/** In which context a thread was woken up; `null`: it was not, or it is not known. */
export type WakeContext = "task" | "softirq" | "interrupt" | null;

/** The waits of one thread that left on the same stack for the same reason and were woken up alike. */
export interface RawWait {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  /** Bits of `task_struct.__state`; 0: it could have run on. */
  readonly state: number;
  readonly ioWait: boolean;
  /** It lost the CPU inside the kernel (preemption). */
  readonly preempted: boolean;
  /** It was off the CPU when the window began. */
  readonly sinceStart: boolean;
  /** It still was when the window ended. */
  readonly open: boolean;
  /** Number of the system call; -1: in none, -2: of another table (32-bit programs). */
  readonly syscall: number;
  /** Numbers of stacks; 0n is none. */
  readonly kernelStack: bigint;
  readonly userStack: bigint;
  /** The user's stack pointer; 0n where no copies are made. */
  readonly sp: bigint;
  readonly waker: {
    readonly context: WakeContext;
    readonly tid: number;
    readonly pid: number;
    readonly comm: string;
    readonly kernelStack: bigint;
    readonly userStack: bigint;
    readonly sp: bigint;
  };
  readonly count: number;
  readonly totalNs: number;
  /** Part of it in which it waited for a CPU. */
  readonly queuedNs: number;
  readonly maxNs: number;
  /** At index i the waits of 2^i to 2^(i+1) ns. */
  readonly buckets: readonly number[];
}

/** What a thread did in the window. Its part of the wall's time is onNs + offNs, to the nanosecond. */
export interface RawThread {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  readonly onNs: number;
  readonly offNs: number;
  /** Part of offNs in which it waited for a CPU. */
  readonly queuedNs: number;
  /** Part of offNs in times shorter than the minimum. */
  readonly shortNs: number;
  readonly shorts: number;
}

/** All that was counted. */
export interface RawOffCpu {
  readonly waits: readonly RawWait[];
  readonly threads: readonly RawThread[];
  /** Addresses by number of the stack, leaf first. */
  readonly stacks: ReadonlyMap<bigint, BigUint64Array>;
  readonly durationNs: number;
  readonly lostBy: Readonly<Record<string, number>>;
  /** Time in waits that were lost. */
  readonly lostNs: number;
  /** Copies of stacks that were not made: above the allowance, or the ring was full. */
  readonly copiesMissed: number;
  /** Stacks that have more frames than are kept. */
  readonly cutStacks: number;
  readonly cost: Cost;
}

/** A measurement that runs. Disposing it detaches everything. */
export interface OffCpu extends Disposable {
  /** `typed` (tp_btf), or `raw` where the kernel does not take that. */
  readonly variant: string;
  /** Hands out copies of user stacks; to be called some ten times a second. */
  drain(visit: (copy: UserCopy) => void): void;
  /** Watches more processes, too. */
  watch(pids: Iterable<number>): void;
  /** Ends the window, and detaches. */
  stop(): void;
  /** What was counted; after `stop`. @throws {SysError} */
  read(): RawOffCpu;
}

const VARIANTS: readonly Variant[] = ["typed", "raw"].map((name) => ({
  name,
  programs: [...["switch", "waking", "fork"].map((program) => `${program}_${name}`), "at_start"],
}));

const COMM_BYTES = 16;
const BUCKETS = 48;
/** What a switch of a watched thread costs, where the kernel does not tell (docs/internals/off_cpu.md, "Cost"). */
const ESTIMATED_SWITCH_NS = 5000;
const CONTEXTS: readonly WakeContext[] = [null, "task", "softirq", "interrupt"];
/** Bits of struct off's flags. */
const FLAG = { IO_WAIT: 1, RUNNABLE: 2, SINCE_START: 4, PREEMPTED: 8 } as const;

/**
 * Measures from now on which threads are off the CPU, why, and who wakes them up: `off_cpu.bpf.c`. What blocked before is
 * counted from now.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startOffCpu(options: OffCpuOptions): OffCpu {
  const { host, pids, minNs = 0, copyBytes = 0, maxEntries = 16_384 } = options;
  const cpus = possibleCpus(host);
  const { object, variant } = loadObject(
    "off_cpu",
    assetBytes("bpf/programs/off_cpu.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      fresh.setConstants({
        ...interruptCode(host),
        all: pids === undefined,
        kernel_threads: options.kernelThreads === true,
        min_ns: minNs,
        ...prepareUserCopies(fresh, host, { copyBytes, copiesPerSecond: options.copiesPerSecond, maxEntries }),
      });
      for (const map of ["off", "threads", "sums"]) fresh.map(map).setMaxEntries(maxEntries);
    },
  );
  let switches = 0;
  const programs = object.programs.filter((p) => p.autoload);
  const meter = startMeter(programs.map((p) => p.fd), () => switches * ESTIMATED_SWITCH_NS);
  const watch = (more: Iterable<number>): void => {
    for (const pid of more) updateMap(object.map("targets").fd, Uint32Array.of(pid), Uint32Array.of(1), "a process");
  };
  const setWindow = (start: number, end: number): void =>
    updateMap(object.map("window").fd, Uint32Array.of(0), BigUint64Array.of(BigInt(start), BigInt(end)), "the window");
  let links: Disposable[] = [];
  let startNs = 0;
  let endNs = 0;
  let copies: UserCopies | undefined;
  const dispose = (): void => {
    copies?.[Symbol.dispose]();
    meter[Symbol.dispose]();
    object[Symbol.dispose]();
  };
  try {
    copies = openUserCopies(object, host, copyBytes);
    watch(pids ?? []);
    links = programs.filter((p) => p.name !== "at_start").map((p) => p.attach());
    const iterator = object.program("at_start").attach();
    startNs = clockNs();
    setWindow(startNs, 0);
    iterator.iterate();
    iterator[Symbol.dispose]();
  } catch (error) {
    dispose();
    throw inWords(error, `attaching "off_cpu"`, host, options.btf !== undefined);
  }
  return {
    variant,
    watch,
    drain: (visit) => meter.costed(() => copies?.drain(visit)),
    stop(): void {
      if (endNs > 0) return;
      endNs = clockNs();
      setWindow(startNs, endNs);
      meter.costed(() => links.forEach((link) => link[Symbol.dispose]()));
    },
    read(): RawOffCpu {
      const end = endNs || clockNs();
      const read = meter.costed(() => readAll(object, end, minNs));
      switches = read.waits.reduce((n, w) => n + w.count, 0) + read.threads.reduce((n, t) => n + t.shorts, 0);
      const counters = readCounters(object.map("counters").fd, object.map("counters").spec, cpus);
      const [offFull, threadsFull, sumsFull, lostNs, targetsFull, missedSwitches] = counters;
      const { stacksFull, copiesMissed, cut } = copies!.losses();
      const { cost, missed } = meter.read(end - startNs);
      const all = {
        map_full: offFull + threadsFull + sumsFull + targetsFull,
        stacks_full: stacksFull,
        missed_switch: missedSwitches,
        recursion: missed,
      };
      return {
        ...read,
        stacks: copies!.stacks(),
        durationNs: end - startNs,
        lostBy: Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)),
        lostNs,
        copiesMissed,
        cutStacks: cut,
        cost,
      };
    },
    [Symbol.dispose]: dispose,
  };
}

function readAll(object: BpfObject, end: number, minNs: number): Pick<RawOffCpu, "waits" | "threads"> {
  const waits: RawWait[] = [];
  const threads = new Map<number, RawThread>();
  forEachEntry(object.map("threads"), (key, value) => {
    const onNs = value.u64(24) + (value.u32(68) !== 0 ? Math.max(0, end - value.u64(8)) : 0);
    threads.set(key.u32(0), {
      tid: key.u32(0),
      pid: value.u32(64),
      comm: value.text(72, COMM_BYTES),
      onNs,
      offNs: value.u64(32),
      queuedNs: value.u64(40),
      shortNs: value.u64(48),
      shorts: value.u64(56),
    });
  });
  forEachEntry(object.map("sums"), (key, value) => waits.push(sumOf(key, value)));
  forEachEntry(object.map("off"), (key, value) => {
    const thread = threads.get(key.u32(0));
    if (!thread) return;
    const wait = openWait(key.u32(0), thread.comm, value, end);
    const short = wait.totalNs < minNs;
    threads.set(thread.tid, {
      ...thread,
      offNs: thread.offNs + wait.totalNs,
      queuedNs: thread.queuedNs + wait.queuedNs,
      shortNs: thread.shortNs + (short ? wait.totalNs : 0),
      shorts: thread.shorts + (short ? 1 : 0),
    });
    if (!short) waits.push(wait);
  });
  return { waits, threads: [...threads.values()] };
}

/** struct sum_key and struct sum */
function sumOf(key: StructView, value: StructView): RawWait {
  const flags = key.u8(62);
  return {
    tid: key.u32(48),
    pid: value.u32(32),
    comm: value.text(40, COMM_BYTES),
    state: key.u16(60),
    ...flagsOf(flags),
    open: false,
    syscall: key.u32(56) | 0,
    kernelStack: key.big(0),
    userStack: key.big(8),
    sp: key.big(16),
    waker: {
      context: CONTEXTS[key.u8(63)],
      tid: key.u32(52),
      pid: value.u32(36),
      comm: value.text(56, COMM_BYTES),
      kernelStack: key.big(24),
      userStack: key.big(32),
      sp: key.big(40),
    },
    count: value.u64(0),
    totalNs: value.u64(8),
    queuedNs: value.u64(16),
    maxNs: value.u64(24),
    buckets: Array.from({ length: BUCKETS }, (_, i) => value.u32(72 + 4 * i)),
  };
}

/** struct off: a wait that the window's end cuts off. */
function openWait(tid: number, comm: string, value: StructView, end: number): RawWait {
  const flags = value.u8(82);
  const totalNs = Math.max(0, end - value.u64(0));
  const woken = value.u64(8);
  const queuedNs = flags & FLAG.RUNNABLE ? totalNs : woken > 0 ? Math.max(0, end - woken) : 0;
  return {
    tid,
    pid: value.u32(64),
    comm,
    state: value.u16(80),
    ...flagsOf(flags),
    open: true,
    syscall: value.u32(68) | 0,
    kernelStack: value.big(16),
    userStack: value.big(24),
    sp: value.big(32),
    waker: {
      context: CONTEXTS[value.u8(83)],
      tid: value.u32(72),
      pid: value.u32(76),
      comm: value.text(88, COMM_BYTES),
      kernelStack: value.big(40),
      userStack: value.big(48),
      sp: value.big(56),
    },
    count: 1,
    totalNs,
    queuedNs,
    maxNs: totalNs,
    buckets: Array.from({ length: BUCKETS }, (_, i) => i === Math.floor(Math.log2(Math.max(1, totalNs))) ? 1 : 0),
  };
}

function flagsOf(flags: number): Pick<RawWait, "ioWait" | "preempted" | "sinceStart"> {
  return {
    ioWait: (flags & FLAG.IO_WAIT) !== 0,
    preempted: (flags & FLAG.PREEMPTED) !== 0,
    sinceStart: (flags & FLAG.SINCE_START) !== 0,
  };
}
