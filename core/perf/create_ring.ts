import { ERRNO, MAP, type Mapping, mmapFd, PROT, SysError } from "../sys/mod.ts";
import { type PerfRing, perfRing } from "./ring.ts";

/**
 * Maps the ring of an event. One that the kernel has no room for (kernel.perf_event_mlock_kb, RLIMIT_MEMLOCK) is tried
 * at half the size, down to a page: a smaller ring loses more, and says so.
 *
 * @param fd of an event that has no ring yet
 * @param ringBytes size of the data, in bytes: a power of two, at least a page
 * @param pageSize bytes
 * @returns the ring, with its size; the mapping is the caller's to dispose
 * @throws {SysError}
 */
export function createRing(
  fd: number,
  ringBytes: number,
  pageSize: number,
): { readonly mapping: Mapping; readonly ring: PerfRing; readonly ringBytes: number } {
  for (let bytes = ringBytes;; bytes >>>= 1) {
    try {
      const mapping = mmapFd(fd, pageSize + bytes, PROT.READ | PROT.WRITE, MAP.SHARED);
      return { mapping, ring: perfRing(mapping.buffer, pageSize), ringBytes: bytes };
    } catch (error) {
      const tooMuch = error instanceof SysError && (error.errno === ERRNO.EPERM || error.errno === ERRNO.ENOMEM);
      if (!tooMuch || bytes <= pageSize) throw error;
    }
  }
}
