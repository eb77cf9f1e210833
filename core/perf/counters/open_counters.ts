import { ERRNO, ioctl, ownFd, PERF_FLAG, perfEventOpenRaw, read, SysError } from "../../sys/mod.ts";
import { FORMAT, IOC, PERF_TYPE, SW } from "../abi.ts";
import { encodeAttr } from "../attr.ts";
import { type CounterReading, sumReadings } from "./counter_value.ts";
import type { CountedEvent } from "./resolve_events.ts";

/** On whom events are counted. */
export type CountTarget =
  /** Threads, with all that they create from now on. */
  | { readonly kind: "threads"; readonly tids: readonly number[]; readonly onExec: boolean }
  /** All that runs on the CPUs. */
  | { readonly kind: "cpus"; readonly cpus: readonly number[] }
  /** Tasks of a cgroup, on the CPUs. @property fd of its directory */
  | { readonly kind: "cgroup"; readonly cpus: readonly number[]; readonly fd: number };

/** Why an event is not counted. */
export interface NotCounted {
  /** `not_supported`: the machine cannot; `not_permitted`: we may not; `no_room`: too few descriptors or counters. */
  readonly state: "not_supported" | "not_permitted" | "no_room";
  readonly error: SysError;
}

/** One event, open everywhere it is wanted. */
export interface OpenCounter {
  readonly event: CountedEvent;
  readonly problem: NotCounted | null;
  /** Kernel code is not counted, as we may not see it. */
  readonly userOnly: boolean;
  /** Group of those that count at the same times: events of one number. */
  readonly group: number;
  /** The counts of all threads or CPUs so far; null when it is not counted. @throws {SysError} */
  read(): CounterReading | null;
}

/** Open counters. They count from the start but for `onExec`. */
export interface Counters extends Disposable {
  readonly counters: readonly OpenCounter[];
  /** Threads that had ended before their counters were opened. */
  readonly gone: number;
  enable(): void;
  disable(): void;
}

/**
 * Opens counting events, each group on the same threads or CPUs. An event that cannot be counted takes no other down:
 * it is told as a problem, and the rest of its group counts by itself.
 *
 * With tasks that create others, a group cannot be read at once before Linux 6.13 (kernel/events/core.c, inherit with
 * PERF_FORMAT_GROUP), so each event is read by itself; those of a group still count at the same times.
 *
 * @throws {SysError} ESRCH when none of the threads exists any more
 */
export function openCounters(groups: readonly (readonly CountedEvent[])[], target: CountTarget): Counters {
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const all: number[] = [];
  const gone = new Set<number>();
  const buffer = new BigUint64Array(3);
  const bytes = new Uint8Array(buffer.buffer);

  const openEvent = (event: CountedEvent, leaders: ReadonlyMap<number, number>): Omit<OpenCounter, "group"> & {
    readonly fds: ReadonlyMap<number, number>;
  } => {
    const fds = new Map<number, number>();
    let userOnly = false;
    let problem: NotCounted | null = null;
    const places = target.kind === "threads" ? target.tids : event.cpus ?? target.cpus;
    for (const place of places) {
      const groupFd = leaders.get(place) ?? -1;
      let raw = open(event, target, place, groupFd, userOnly);
      if ((raw === -ERRNO.EACCES || raw === -ERRNO.EPERM) && mayHideKernel(event) && !userOnly && fds.size === 0) {
        userOnly = true;
        raw = open(event, target, place, groupFd, userOnly);
      }
      if (raw >= 0) {
        owned.use(ownFd(raw));
        all.push(raw);
        fds.set(place, raw);
        continue;
      }
      if (raw === -ERRNO.ESRCH) gone.add(place);
      // A CPU that went offline counts nothing.
      else if (raw !== -ERRNO.ENODEV || target.kind === "threads") {
        const where = target.kind === "threads" ? `thread ${place}` : `CPU ${place}`;
        const error = new SysError("perf_event_open", raw, `${event.label}, ${where}`);
        problem = { state: stateOf(error.errno), error };
        break;
      }
    }
    const readAll = (): CounterReading | null => {
      if (problem !== null) return null;
      const readings: CounterReading[] = [];
      for (const fd of fds.values()) {
        const n = read(fd, bytes);
        if (n < 0) throw new SysError("read", n, `the counter of ${event.label}`);
        // An event in error state reads as its end (perf_read): it never counted.
        if (n === 24) readings.push({ value: buffer[0], enabledNs: buffer[1], runningNs: buffer[2] });
      }
      return sumReadings(readings);
    };
    return { event, problem, userOnly, fds, read: readAll };
  };

  const counters = groups.flatMap((group, number): OpenCounter[] => {
    let leaders: ReadonlyMap<number, number> = new Map();
    return group.map((event) => {
      const { fds, ...counter } = openEvent(event, leaders);
      if (leaders.size === 0 && counter.problem === null) leaders = fds;
      return { ...counter, group: number };
    });
  });
  if (target.kind === "threads" && gone.size === target.tids.length) throw new SysError("perf_event_open", ERRNO.ESRCH);
  undo.move();
  return {
    counters,
    gone: gone.size,
    enable: () => {
      for (const fd of all) ioctl(fd, IOC.ENABLE);
    },
    disable: () => {
      for (const fd of all) ioctl(fd, IOC.DISABLE);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function open(event: CountedEvent, target: CountTarget, place: number, groupFd: number, userOnly: boolean): number {
  const attr = encodeAttr({
    ...event.attr,
    excludeKernel: event.attr.excludeKernel || userOnly,
    readFormat: FORMAT.TOTAL_TIME_ENABLED | FORMAT.TOTAL_TIME_RUNNING,
    inherit: target.kind === "threads",
    // Members of a group start with their leader.
    disabled: target.kind === "threads" && target.onExec && groupFd < 0,
    enableOnExec: target.kind === "threads" && target.onExec && groupFd < 0,
  });
  if (target.kind === "threads") return perfEventOpenRaw(attr, place, -1, groupFd);
  if (target.kind === "cpus") return perfEventOpenRaw(attr, -1, place, groupFd);
  return perfEventOpenRaw(attr, target.fd, place, groupFd, PERF_FLAG.PID_CGROUP);
}

/**
 * What the scheduler does is counted in the kernel alone (perf_sw_event_sched in include/linux/perf_event.h): a count of
 * user code would open, and stay 0.
 */
const IN_KERNEL_ONLY: ReadonlySet<number> = new Set([SW.CONTEXT_SWITCHES, SW.CPU_MIGRATIONS]);

/** Sources outside of the cores, and tracepoints, know nothing of levels. */
function mayHideKernel({ attr, cpus }: CountedEvent): boolean {
  if (attr.type === PERF_TYPE.SOFTWARE && IN_KERNEL_ONLY.has(Number(attr.config))) return false;
  return !attr.excludeUser && !attr.excludeKernel && cpus === null;
}

function stateOf(errno: number): NotCounted["state"] {
  if (errno === ERRNO.EACCES || errno === ERRNO.EPERM) return "not_permitted";
  if (errno === ERRNO.EMFILE || errno === ERRNO.ENFILE || errno === ERRNO.ENOSPC) return "no_room";
  return "not_supported";
}
