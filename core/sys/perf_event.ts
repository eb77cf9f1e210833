import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { type Fd, ownFd } from "./fd.ts";
import { SysError } from "./sys_error.ts";

/** `perf_event_open(2)` flags. */
export const PERF_FLAG = { FD_NO_GROUP: 1, FD_OUTPUT: 2, PID_CGROUP: 4, FD_CLOEXEC: 8 } as const;

/**
 * Opens a performance event. Close-on-exec always.
 *
 * @param attr `struct perf_event_attr` (include/uapi/linux/perf_event.h)
 * @param pid thread or process; 0 is the calling thread, -1 everything on `cpu`
 * @param cpu -1 is any
 * @param groupFd leader of the group, or -1
 * @param flags bits of {@linkcode PERF_FLAG}
 * @throws {SysError}
 */
export function perfEventOpen(attr: Uint8Array<ArrayBuffer>, pid: number, cpu: number, groupFd = -1, flags = 0): Fd {
  const fd = perfEventOpenRaw(attr, pid, cpu, groupFd, flags);
  if (fd < 0) throw new SysError("perf_event_open", fd, `pid ${pid}, cpu ${cpu}`);
  return ownFd(fd);
}

/** Like {@linkcode perfEventOpen} with a bare answer: a descriptor that the caller must own, or -errno. */
export function perfEventOpenRaw(
  attr: Uint8Array<ArrayBuffer>,
  pid: number,
  cpu: number,
  groupFd = -1,
  flags = 0,
): number {
  return library().perfEventOpen(NR.perf_event_open, attr, pid, cpu, groupFd, BigInt(flags | PERF_FLAG.FD_CLOEXEC));
}

/**
 * Reads a counter of the processor by its own instruction (`rdpmc`), without the kernel. Where the kernel has not allowed
 * it for this thread, the instruction kills the process: the page of an event says whether it has.
 *
 * @param counter as the instruction takes it: `index - 1` of the event's page
 * @returns the counter's bits, of which `pmc_width` are meant; null where this kind of processor has no such way
 */
export function rdpmc(counter: number): bigint | null {
  const { rdpmc } = library();
  return rdpmc ? rdpmc(counter) : null;
}
