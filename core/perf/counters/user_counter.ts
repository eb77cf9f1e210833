import { type Fd, MAP, type Mapping, mmapFd, perfEventOpen, PROT, rdpmc, read } from "../../sys/mod.ts";
import { FORMAT } from "../abi.ts";
import { encodeAttr, type PerfAttr } from "../attr.ts";
import type { CounterReading } from "./counter_value.ts";

/** A counter of the thread that opened it, read without a system call where the kernel allows that. */
export interface UserCounter extends Disposable {
  /** How the last reading was taken. */
  readonly way: "rdpmc" | "read";
  /** What was counted since it was opened. */
  read(): CounterReading;
}

/**
 * Opens a counter of the calling thread. On x86-64 it is read by the instruction `rdpmc` when the event's page says that
 * this is allowed (`cap_user_rdpmc`) and the event has a counter of the hardware at this moment; else by read(2).
 *
 * Times are those of the last time that the kernel wrote the page; read(2) has them exactly.
 *
 * @throws {SysError} when the event cannot be opened
 */
export function openUserCounter(
  event: Pick<PerfAttr, "type" | "config" | "excludeKernel">,
  pageSize: number,
): UserCounter {
  using undo = new DisposableStack();
  const readFormat = FORMAT.TOTAL_TIME_ENABLED | FORMAT.TOTAL_TIME_RUNNING;
  const fd: Fd = undo.use(perfEventOpen(encodeAttr({ ...event, readFormat }), 0, -1));
  const page: Mapping = undo.use(mmapFd(fd.fd, pageSize, PROT.READ, MAP.SHARED));
  const owned = undo.move();
  const words = new BigUint64Array(3);
  const bytes = new Uint8Array(words.buffer);
  let way: UserCounter["way"] = "read";
  return {
    get way() {
      return way;
    },
    read: () => {
      const fast = readPage(page.buffer, rdpmc);
      way = fast ? "rdpmc" : "read";
      if (fast) return fast;
      read(fd.fd, bytes);
      return { value: words[0], enabledNs: words[1], runningNs: words[2] };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/**
 * One reading by the page of an event (struct perf_event_mmap_page, include/uapi/linux/perf_event.h): `lock` changes
 * whenever the kernel writes it, so a reading during which it changed is taken again.
 *
 * @param page the first 64 bytes at least
 * @param readCounter the instruction; null where there is none
 * @returns null when the event must be read by the kernel
 */
export function readPage(page: ArrayBuffer, readCounter: (counter: number) => bigint | null): CounterReading | null {
  const u32 = new Int32Array(page, 0, 16);
  const u64 = new BigInt64Array(page, 0, 8);
  const u16 = new Uint16Array(page, 0, 32);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const lock = Atomics.load(u32, LOCK);
    const index = u32[INDEX];
    // Without an index the event has no counter now: it is another's turn, or the event is one of software.
    if ((Number(u64[CAPABILITIES]) & CAP_USER_RDPMC) === 0 || index === 0) return null;
    const raw = readCounter(index - 1);
    if (raw === null) return null;
    // A counter of `pmc_width` bits counts up from a negative number, so that it overflows in time.
    const value = u64[OFFSET] + BigInt.asIntN(u16[PMC_WIDTH], raw);
    const enabledNs = BigInt.asUintN(64, u64[TIME_ENABLED]);
    const runningNs = BigInt.asUintN(64, u64[TIME_RUNNING]);
    if (Atomics.load(u32, LOCK) === lock) return { value: BigInt.asUintN(64, value), enabledNs, runningNs };
  }
  return null;
}

const ATTEMPTS = 16;
const CAP_USER_RDPMC = 1 << 2;
/** Places in the page, in units of the field's size: lock at byte 8, index 12, offset 16, times 24 and 32, bits 40. */
const LOCK = 2;
const INDEX = 3;
const OFFSET = 2;
const TIME_ENABLED = 3;
const TIME_RUNNING = 4;
const CAPABILITIES = 5;
const PMC_WIDTH = 24;
