import {
  CLOCK,
  clockNs,
  ERRNO,
  type Fd,
  ioctl,
  ioctlBytes,
  ownFd,
  perfEventOpenRaw,
  read,
  SysError,
} from "../sys/mod.ts";
import { FORMAT, IOC, PERF_TYPE, SAMPLE, SW } from "./abi.ts";
import { encodeAttr, type PerfAttr } from "./attr.ts";
import { createRing } from "./create_ring.ts";
import { drainRings, type PerfRing, type RecordSink, ringFill, SETTLE_NS } from "./ring.ts";
import { type SampleLayout, sampleLayout, u64At } from "./sample_layout.ts";

/** One event that is watched on all CPUs. */
export interface ProbeEvent {
  readonly attr: Pick<PerfAttr, "type" | "config" | "period" | "frequencyHz">;
  /** Which call chains its samples hold; null is none. */
  readonly stack: "kernel" | "user" | "both" | null;
  /** Samples hold the event's own record, as tracepoints have one. */
  readonly raw: boolean;
  /** Watched on the first CPU only: a clock that ticks once, not once a CPU. */
  readonly once: boolean;
}

/** What to open, and how. */
export interface ProbeEventsOptions {
  readonly events: readonly ProbeEvent[];
  /** CPUs that are online. */
  readonly cpus: readonly number[];
  /** Size of each CPU's ring, in bytes: a power of two, at least a page. Halved as often as the kernel refuses it. */
  readonly ringBytes: number;
  readonly pageSize: number;
  /** COMM, FORK and EXIT records. */
  readonly tasks: boolean;
  /** MMAP2 records of executable mappings. */
  readonly mappings: boolean;
}

/** Open events, with one ring a CPU. All are off at first; records of tasks and mappings come from the start. */
export interface ProbeEvents extends Disposable {
  /** Of a sample without and with a call chain. Both begin alike. */
  readonly layout: SampleLayout;
  readonly chained: SampleLayout;
  /** CPUs that were left out because they went offline. */
  readonly missingCpus: readonly number[];
  /** Size of the rings as they became, in bytes. */
  readonly ringBytes: number;
  /** Which of the events a sample is of. */
  indexOf(words: Uint32Array, at: number): number;
  /** Switches one event on, on all its CPUs. @throws {SysError} */
  enable(index: number): void;
  /** Switches all off, the last first. What is in the rings stays. */
  stop(): void;
  /** How full the fullest ring is, 0–1. */
  fill(): number;
  /**
   * Hands on what happened until a moment before now, in the order of time; everything when `all`.
   *
   * @returns number of records
   */
  drain(sink: RecordSink, all?: boolean): number;
  /**
   * What found no room in the rings: samples, and records of tasks and mappings. Null before Linux 6.0, where only LOST
   * records tell, which come before the next record that finds room.
   */
  lost(): { readonly samples: number; readonly records: number } | null;
}

const COMMON = SAMPLE.IDENTIFIER | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU;

/**
 * Opens events on whole CPUs. All of one CPU share a ring: that of a dummy event, which carries the records of tasks, so
 * that these come once however many events there are. A sample's identifier tells which event it is of.
 *
 * @throws {SysError} of perf_event_open: EACCES or EPERM, ENOENT or EOPNOTSUPP when there is no such event, EMFILE; of
 *   mmap: EPERM when not even a page may be locked
 */
export function openProbeEvents(options: ProbeEventsOptions): ProbeEvents {
  const { events, cpus, pageSize } = options;
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const rings: PerfRing[] = [];
  const leaders: Fd[] = [];
  const fds: Fd[][] = events.map(() => []);
  const missing: number[] = [];
  const indexes = new Map<number, number>();
  const idWords = new Uint32Array(2);
  let readFormat: number = FORMAT.LOST;
  let { ringBytes } = options;

  const openOn = (attr: PerfAttr, cpu: number): Fd | null => {
    const common: PerfAttr = { ...attr, sampleIdAll: true, clockId: CLOCK.MONOTONIC, wakeupWatermark: ringBytes >>> 1 };
    let raw = perfEventOpenRaw(encodeAttr({ ...common, readFormat }), -1, cpu);
    if (raw === -ERRNO.EINVAL && readFormat !== 0 && leaders.length === 0) {
      readFormat = 0;
      raw = perfEventOpenRaw(encodeAttr(common), -1, cpu);
    }
    if (raw === -ERRNO.ENODEV) return null;
    if (raw < 0) throw new SysError("perf_event_open", raw, `CPU ${cpu}`);
    return owned.use(ownFd(raw));
  };
  for (const cpu of cpus) {
    const leader = openOn({
      type: PERF_TYPE.SOFTWARE,
      config: SW.DUMMY,
      sampleType: COMMON,
      comm: options.tasks,
      task: options.tasks,
      mmap: options.mappings,
    }, cpu);
    if (!leader) {
      missing.push(cpu);
      continue;
    }
    leaders.push(leader);
    const made = createRing(leader.fd, ringBytes, pageSize);
    ringBytes = made.ringBytes;
    owned.use(made.mapping);
    rings.push(made.ring);
    events.forEach((event, i) => {
      if (event.once && leaders.length > 1) return;
      const fd = openOn(attrOf(event), cpu);
      if (!fd) return;
      fds[i].push(fd);
      check(ioctl(fd.fd, IOC.SET_OUTPUT, leader.fd), "PERF_EVENT_IOC_SET_OUTPUT", cpu);
      check(ioctlBytes(fd.fd, IOC.ID, idWords), "PERF_EVENT_IOC_ID", cpu);
      indexes.set(u64At(idWords, 0), i);
    });
  }
  const layout = sampleLayout(COMMON | SAMPLE.RAW);
  const single = events.length === 1;
  const lostOf = (list: readonly Fd[]): number => list.reduce((n, fd) => n + readLost(fd), 0);
  const opened: ProbeEvents = {
    layout,
    chained: sampleLayout(COMMON | SAMPLE.CALLCHAIN | SAMPLE.RAW),
    missingCpus: missing,
    ringBytes,
    indexOf: (words, at) => single ? 0 : indexes.get(u64At(words, at + 2)) ?? -1,
    enable: (index) => fds[index].forEach((fd) => check(ioctl(fd.fd, IOC.ENABLE), "PERF_EVENT_IOC_ENABLE", -1)),
    stop: () => {
      // The ioctl fails only for an event in error state, which has stopped already.
      for (const list of [...fds].reverse()) for (const fd of list) ioctl(fd.fd, IOC.DISABLE);
      for (const fd of leaders) ioctl(fd.fd, IOC.DISABLE);
    },
    fill: () => rings.reduce((most, ring) => Math.max(most, ringFill(ring)), 0) / ringBytes,
    drain: (sink, all = false) => {
      const until = all ? Infinity : clockNs(CLOCK.MONOTONIC) - SETTLE_NS;
      return drainRings(rings, layout, sink, until);
    },
    lost: () => readFormat === 0 ? null : { samples: lostOf(fds.flat()), records: lostOf(leaders) },
    [Symbol.dispose]: () => owned.dispose(),
  };
  undo.move();
  return opened;
}

function attrOf(event: ProbeEvent): PerfAttr {
  const { stack } = event;
  return {
    ...event.attr,
    disabled: true,
    sampleType: COMMON | (stack === null ? 0 : SAMPLE.CALLCHAIN) | (event.raw ? SAMPLE.RAW : 0),
    excludeCallchainKernel: stack === "user",
    excludeCallchainUser: stack === "kernel",
  };
}

/** `read(2)` of an event with PERF_FORMAT_LOST: the count, then what was lost, 64 bits each. */
function readLost(fd: Fd): number {
  const words = new Uint32Array(new ArrayBuffer(16));
  return read(fd.fd, new Uint8Array(words.buffer)) < 16 ? 0 : u64At(words, 2);
}

function check(result: number, request: string, cpu: number): void {
  if (result < 0) throw new SysError("ioctl", result, cpu < 0 ? request : `${request}, CPU ${cpu}`);
}
