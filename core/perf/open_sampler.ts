import {
  arch,
  CLOCK,
  clockNs,
  ERRNO,
  type Fd,
  ioctl,
  ioctlBytes,
  ownFd,
  PERF_FLAG,
  perfEventOpenRaw,
  POLL,
  poll,
  SysError,
} from "../sys/mod.ts";
import { BRANCH, IOC, PERF_TYPE, SAMPLE, SW } from "./abi.ts";
import { encodeAttr, type PerfAttr } from "./attr.ts";
import { createRing } from "./create_ring.ts";
import { drainRings, type PerfRing, type RecordSink, SETTLE_NS } from "./ring.ts";
import { type SampleLayout, sampleLayout } from "./sample_layout.ts";
import { type SampleParts, samplePartsReader } from "./sample_parts.ts";
import { type UserRegs, userRegs } from "./user_regs.ts";

/** What a sampler counts and whom it watches. */
export interface SamplerOptions {
  readonly event: Pick<PerfAttr, "type" | "config" | "excludeUser" | "excludeKernel" | "excludeIdle">;
  /** 1 or more; the kernel's limit is the sysctl kernel.perf_event_max_sample_rate. */
  readonly frequencyHz: number;
  /** CPUs that are online. */
  readonly cpus: readonly number[];
  /** Threads, with all they create from now on; null is everything that runs on the CPUs. */
  readonly tids: readonly number[] | null;
  /** Descriptor of the directory of a cgroup: only its tasks count, on all CPUs (`tids` is null). */
  readonly cgroupFd?: number;
  /** Copies of user registers and of this many bytes of stack (a multiple of 8) instead of user call chains. */
  readonly stackBytes?: number;
  /** The processor's record of calls that have not returned, beside user call chains. */
  readonly branches?: boolean;
  /** Size of each CPU's ring, in bytes: a power of two, at least a page. Halved as often as the kernel refuses it. */
  readonly ringBytes: number;
  readonly pageSize: number;
}

/** Open events and their rings. Samples hold IP, TID, TIME, CPU, PERIOD, CALLCHAIN, and what the options ask for. */
export interface Sampler extends Disposable {
  readonly layout: SampleLayout;
  /** Finds what has no fixed place in a sample. */
  readonly parts: SampleParts;
  /** Which registers samples hold, when they do. */
  readonly userRegs: UserRegs;
  /** Size of each CPU's ring in bytes, as the kernel granted it. */
  readonly ringBytes: number;
  /** Descriptors that become readable when a ring fills: one a CPU. */
  readonly fds: readonly number[];
  /** CPUs that were left out because they went offline. */
  readonly missingCpus: readonly number[];
  /**
   * Watches one more thread.
   *
   * @returns false when it has ended already
   * @throws {SysError}
   */
  add(tid: number): boolean;
  /** Whether all that was watched has ended, with all it created. Never for whole CPUs. */
  ended(): boolean;
  /**
   * Samples more or less often from now on. Tasks that were created while they were watched keep the frequency of that
   * moment.
   */
  setFrequency(hz: number): void;
  /**
   * Watches nothing any more, also of what was inherited, until threads are added again: these are sampled at another
   * frequency. What is in the rings stays.
   */
  restart(hz: number): void;
  /** Stops counting, with all that was inherited. What is in the rings stays. */
  stop(): void;
  /**
   * Hands on what happened until a moment before now, in the order of time; everything when `all`.
   *
   * @returns number of records
   */
  drain(sink: RecordSink, all?: boolean): number;
}

/**
 * Opens sampling events, with one ring a CPU. They count at once: a child made while they were still off would inherit
 * an event, but no record would tell of its creation.
 *
 * An event that is inherited can be read through a ring only when it is bound to a CPU (kernel/events/core.c,
 * perf_mmap), so each thread gets one on every CPU, and those of one CPU share a ring.
 *
 * @throws {SysError} of perf_event_open: ENOENT or EOPNOTSUPP when the CPU cannot count this event, ESRCH when none of
 *   the threads exists, EACCES or EPERM, EINVAL when the frequency is over the kernel's limit, EMFILE
 */
export function openSampler(options: SamplerOptions): Sampler {
  const copies = options.stackBytes !== undefined;
  const sampleType = SAMPLE_TYPE | (copies ? SAMPLE.REGS_USER | SAMPLE.STACK_USER : 0) |
    (options.branches ? SAMPLE.BRANCH_STACK : 0);
  const registers = userRegs(arch.name);
  const layout = sampleLayout(sampleType);
  const variable = {
    sampleType,
    sampleRegsUser: copies ? registers.mask : 0,
    branchSampleType: options.branches ? BRANCH.USER | BRANCH.CALL_STACK : 0,
  };
  const attrAt = (frequencyHz: number): ReturnType<typeof encodeAttr> =>
    encodeAttr({
      ...options.event,
      ...variable,
      frequencyHz,
      sampleStackUser: options.stackBytes,
      excludeCallchainUser: copies,
      inherit: options.tids !== null,
      excludeHypervisor: true,
      comm: true,
      mmap: true,
      task: true,
      sampleIdAll: true,
      wakeupWatermark: options.ringBytes >>> 1,
      clockId: CLOCK.MONOTONIC,
    });
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  let attr = attrAt(options.frequencyHz);
  const fds: number[] = [];
  let members = owned.use(new DisposableStack());
  const leaders = new Map<number, Fd>();
  const rings: PerfRing[] = [];
  const missing = new Set<number>();
  let ringBytes = options.ringBytes;

  const openOn = (tid: number, cpu: number): boolean => {
    const raw = options.cgroupFd === undefined
      ? perfEventOpenRaw(attr, tid, cpu)
      : perfEventOpenRaw(attr, options.cgroupFd, cpu, -1, PERF_FLAG.PID_CGROUP);
    if (raw === -ERRNO.ENODEV) {
      missing.add(cpu);
      return true;
    }
    if (raw === -ERRNO.ESRCH) return false;
    if (raw < 0) throw new SysError("perf_event_open", raw, tid < 0 ? `CPU ${cpu}` : `thread ${tid}, CPU ${cpu}`);
    const leader = leaders.get(cpu);
    const fd = (leader ? members : owned).use(ownFd(raw));
    fds.push(fd.fd);
    if (leader) {
      const result = ioctl(fd.fd, IOC.SET_OUTPUT, leader.fd);
      if (result < 0) throw new SysError("ioctl", result, `PERF_EVENT_IOC_SET_OUTPUT, CPU ${cpu}`);
      return true;
    }
    leaders.set(cpu, fd);
    const made = createRing(fd.fd, ringBytes, options.pageSize);
    ringBytes = made.ringBytes;
    owned.use(made.mapping);
    rings.push(made.ring);
    return true;
  };
  const add = (tid: number): boolean => {
    for (const cpu of options.cpus) if (!openOn(tid, cpu)) return false;
    return true;
  };

  const found = options.tids === null ? [add(-1)] : options.tids.map(add);
  if (!found.includes(true)) throw new SysError("perf_event_open", ERRNO.ESRCH);
  const sampler: Sampler = {
    layout,
    parts: samplePartsReader(variable),
    userRegs: registers,
    get ringBytes() {
      return ringBytes;
    },
    get fds() {
      return [...leaders.values()].map((fd) => fd.fd);
    },
    get missingCpus() {
      return [...missing];
    },
    add,
    ended: () => {
      // The kernel reports a hang-up once an event's task and all that inherited the event are gone (perf_poll).
      if (options.tids === null) return false;
      return poll(fds.map((fd) => ({ fd })), 0).every((events) => (events & POLL.HUP) !== 0);
    },
    setFrequency: (hz) => {
      // The kernel made a period in ns of a clock's frequency when it was opened (perf_swevent_init_hrtimer).
      const { type, config } = options.event;
      const clock = type === PERF_TYPE.SOFTWARE && (config === SW.CPU_CLOCK || config === SW.TASK_CLOCK);
      const value = new BigUint64Array([BigInt(Math.round(clock ? 1e9 / hz : hz))]);
      for (const fd of fds) {
        const result = ioctlBytes(fd, IOC.PERIOD, value);
        if (result < 0) throw new SysError("ioctl", result, "PERF_EVENT_IOC_PERIOD");
      }
    },
    restart: (hz) => {
      for (const fd of fds) ioctl(fd, IOC.DISABLE);
      // Those that rings belong to stay open: what comes is written there.
      fds.length = 0;
      members.dispose();
      members = owned.use(new DisposableStack());
      attr = attrAt(hz);
    },
    stop: () => {
      // The ioctl fails only for an event in error state, which has stopped already.
      for (const fd of fds) ioctl(fd, IOC.DISABLE);
    },
    drain: (sink, all = false) => {
      const until = all ? Infinity : clockNs(CLOCK.MONOTONIC) - SETTLE_NS;
      return drainRings(rings, layout, sink, until);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
  undo.move();
  return sampler;
}

const SAMPLE_TYPE = SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU | SAMPLE.PERIOD | SAMPLE.CALLCHAIN;
