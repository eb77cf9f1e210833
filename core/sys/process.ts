import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { type Fd, ownFd } from "./fd.ts";
import { check } from "./sys_error.ts";
import { syscall } from "./syscall.ts";

/** Process id (tgid), in our pid namespace. */
export function getpid(): number {
  return library().plain(NR.getpid);
}

/** Id of the calling thread. */
export function gettid(): number {
  return library().plain(NR.gettid);
}

/**
 * A descriptor for a process, readable once it has ended.
 *
 * @throws {SysError} ESRCH when it does not exist
 */
export function pidfdOpen(pid: number): Fd {
  return ownFd(check(library().withTwo(NR.pidfd_open, pid, 0), "pidfd_open", `pid ${pid}`));
}

/** Sends a signal (number, 0 only looks). @returns 0, or -errno */
export function kill(pid: number, signal: number): number {
  return library().withTwo(NR.kill, pid, signal);
}

/** CPUs a thread may run on, ascending. @param tid 0 is the calling thread @throws {SysError} */
export function getAffinity(tid: number): number[] {
  const mask = new Uint8Array(new ArrayBuffer(1024)); // 8192 CPUs, the most a kernel can be built for
  const size = check(library().withCount(NR.sched_getaffinity, tid, 1024n, mask), "sched_getaffinity", `tid ${tid}`);
  const cpus: number[] = [];
  for (let cpu = 0; cpu < size * 8; cpu++) if (mask[cpu >> 3] & 1 << (cpu & 7)) cpus.push(cpu);
  return cpus;
}

/** Confines a thread to some CPUs. @param tid 0 is the calling thread @throws {SysError} */
export function setAffinity(tid: number, cpus: Iterable<number>): void {
  const mask = new Uint8Array(new ArrayBuffer(1024));
  for (const cpu of cpus) mask[cpu >> 3] |= 1 << (cpu & 7);
  check(library().withCount(NR.sched_setaffinity, tid, 1024n, mask), "sched_setaffinity", `tid ${tid}`);
}

/** `prctl(2)` with numbers. @returns a value, or -errno */
export function prctl(option: number, a = 0, b = 0, c = 0, d = 0): number {
  return syscall(NR.prctl, option, a, b, c, d);
}
