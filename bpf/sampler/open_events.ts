import { type Host, parseCpuList } from "../../core/host/mod.ts";
import { encodeAttr, HW, IOC, PERF_TYPE, type PerfAttr, SW } from "../../core/perf/mod.ts";
import { ERRNO, type Fd, ioctl, ownFd, perfEventOpenRaw, SysError } from "../../core/sys/mod.ts";

/** Perf events that call a program and write nothing. */
export interface SampleEvents extends Disposable {
  /** Whether a hardware counter interrupts, else the CPU clock's timer. */
  readonly cycles: boolean;
  /** CPUs that were left out because they went offline. */
  readonly missingCpus: readonly number[];
  /**
   * Watches a thread and, from now on, all that it creates.
   *
   * @returns false when it has ended
   * @throws {SysError}
   */
  add(tid: number): boolean;
  /** Starts counting. @throws {SysError} */
  enable(): void;
  stop(): void;
}

/** What to open. */
export interface SampleEventsOptions {
  readonly program: number;
  readonly frequencyHz: number;
  readonly kernel: boolean;
  readonly user: boolean;
  /** Everything that runs on the CPUs; else threads that are added. */
  readonly all: boolean;
}

/**
 * Opens events, switched off: CPU cycles where the processor counts them, else the CPU clock.
 *
 * @throws {SysError} of perf_event_open or of PERF_EVENT_IOC_SET_BPF
 */
export function openSampleEvents(host: Host, options: SampleEventsOptions): SampleEvents {
  using undo = new DisposableStack();
  const owned = undo.use(new DisposableStack());
  const fds: Fd[] = [];
  const missing: number[] = [];
  let event = CYCLES;

  const openOn = (tid: number, cpu: number): boolean => {
    let raw = perfEventOpenRaw(attrOf(options, event), tid, cpu);
    if (event === CYCLES && fds.length === 0 && NO_COUNTER.has(-raw)) {
      event = CPU_CLOCK;
      raw = perfEventOpenRaw(attrOf(options, event), tid, cpu);
    }
    if (raw === -ERRNO.ESRCH) return false;
    if (raw === -ERRNO.ENODEV && cpu >= 0) {
      missing.push(cpu);
      return true;
    }
    if (raw < 0) throw new SysError("perf_event_open", raw, tid < 0 ? `CPU ${cpu}` : `thread ${tid}`);
    const fd = owned.use(ownFd(raw));
    fds.push(fd);
    const result = ioctl(fd.fd, SET_BPF, options.program);
    if (result < 0) throw new SysError("ioctl", result, "PERF_EVENT_IOC_SET_BPF");
    return true;
  };
  if (options.all) {
    for (const cpu of parseCpuList(Deno.readTextFileSync(host.path("cpu_online")))) openOn(-1, cpu);
  }
  undo.move();
  return {
    get cycles() {
      return event === CYCLES;
    },
    missingCpus: missing,
    // An event that nobody maps may be inherited without being bound to a CPU: one descriptor a thread.
    add: (tid) => openOn(tid, -1),
    enable: () => {
      for (const fd of fds) {
        const result = ioctl(fd.fd, IOC.ENABLE);
        if (result < 0) throw new SysError("ioctl", result, "PERF_EVENT_IOC_ENABLE");
      }
    },
    stop: () => {
      // The ioctl fails only for an event in error state, which has stopped already.
      for (const fd of fds) ioctl(fd.fd, IOC.DISABLE);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function attrOf(options: SampleEventsOptions, event: Pick<PerfAttr, "type" | "config">): Uint8Array<ArrayBuffer> {
  return encodeAttr({
    ...event,
    frequencyHz: options.frequencyHz,
    disabled: true,
    inherit: !options.all,
    excludeKernel: !options.kernel,
    excludeUser: !options.user,
    excludeHypervisor: true,
    excludeIdle: true,
  });
}

const CYCLES: Pick<PerfAttr, "type" | "config"> = { type: PERF_TYPE.HARDWARE, config: HW.CPU_CYCLES };
const CPU_CLOCK: typeof CYCLES = { type: PERF_TYPE.SOFTWARE, config: SW.CPU_CLOCK };
/** No counter, or none that interrupts. */
const NO_COUNTER: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ENODEV, ERRNO.EOPNOTSUPP, ERRNO.EINVAL]);
/** `_IOW('$', 8, __u32)`. */
const SET_BPF = 0x40042408;
