import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { ownFd } from "./fd.ts";
import { read, write } from "./file.ts";
import { ERRNO } from "./errno.ts";
import { SysError } from "./sys_error.ts";

/** `poll(2)` events. */
export const POLL = { IN: 1, PRI: 2, OUT: 4, ERR: 8, HUP: 0x10, NVAL: 0x20 } as const;

// The kernel writes into these from another thread: nothing but this list keeps them alive meanwhile.
const inFlight = new Set<unknown>();

/** A descriptor to wait for. */
export interface PollRequest {
  readonly fd: number;
  /** Bits of {@linkcode POLL}; `IN` by default. */
  readonly events?: number;
}

/**
 * Waits until one of the descriptors is ready, blocking this thread. An interrupting signal counts as a timeout.
 *
 * @param timeoutMs milliseconds; 0 looks once, Infinity waits for ever
 * @returns for each request the events that are there, 0 when none
 * @throws {SysError}
 */
export function poll(requests: readonly PollRequest[], timeoutMs: number): number[] {
  const fds = pollfds(requests);
  return answers(fds, requests.length, library().ppoll(NR.ppoll, fds, requests.length, timespec(timeoutMs), 0n, 8n));
}

/**
 * Waits without blocking this thread. Each wait takes a thread of a pool of 32 that file access shares: wait once for
 * all descriptors, never once for each.
 *
 * @param timeoutMs milliseconds; Infinity waits for ever
 * @param signal ends the wait early, with what is ready then
 * @returns for each request the events that are there, 0 when none
 * @throws {SysError}
 */
export async function pollAsync(
  requests: readonly PollRequest[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<number[]> {
  if (signal?.aborted) return poll(requests, 0);
  if (!signal) {
    const wait = { fds: pollfds(requests), timeout: timespec(timeoutMs) };
    inFlight.add(wait);
    try {
      const { fds, timeout } = wait;
      const result = await library().ppollAsync(NR.ppoll, fds, requests.length, timeout, 0n, 8n);
      return answers(fds, requests.length, result);
    } finally {
      inFlight.delete(wait);
    }
  }
  using wake = eventFd();
  const onAbort = (): void => wake.signal();
  signal.addEventListener("abort", onAbort);
  try {
    return (await pollAsync([...requests, wake], timeoutMs)).slice(0, -1);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A descriptor that becomes readable when told to: wakes a waiter in {@linkcode pollAsync}. */
export interface EventFd extends Disposable {
  readonly fd: number;
  /** Makes it readable. */
  signal(): void;
  /** Makes it unreadable again. */
  clear(): void;
}

/** Makes an {@linkcode EventFd}, not readable at first. @throws {SysError} */
export function eventFd(): EventFd {
  const EFD_CLOEXEC = 0o2000000;
  const EFD_NONBLOCK = 0o4000;
  const result = library().withTwo(NR.eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (result < 0) throw new SysError("eventfd2", result);
  const owner = ownFd(result);
  const word = new Uint8Array(8);
  return {
    get fd(): number {
      return owner.fd;
    },
    signal(): void {
      word.fill(0);
      word[0] = 1;
      write(owner.fd, word);
    },
    clear(): void {
      read(owner.fd, word);
    },
    [Symbol.dispose]: () => owner[Symbol.dispose](),
  };
}

function pollfds(requests: readonly PollRequest[]): Int32Array<ArrayBuffer> {
  // struct pollfd { int fd; short events; short revents; }
  const fds = new Int32Array(new ArrayBuffer(Math.max(8, requests.length * 8)));
  requests.forEach(({ fd, events = POLL.IN }, i) => {
    fds[2 * i] = fd;
    fds[2 * i + 1] = events;
  });
  return fds;
}

function answers(fds: Int32Array, count: number, result: number): number[] {
  if (result < 0 && result !== -ERRNO.EINTR) throw new SysError("ppoll", result);
  return Array.from({ length: count }, (_, i) => result <= 0 ? 0 : fds[2 * i + 1] >>> 16);
}

function timespec(timeoutMs: number): BigInt64Array<ArrayBuffer> | null {
  if (timeoutMs === Infinity) return null;
  const ns = BigInt(Math.max(0, Math.round(timeoutMs * 1e6)));
  const words = new BigInt64Array(new ArrayBuffer(16));
  words[0] = ns / 1_000_000_000n;
  words[1] = ns % 1_000_000_000n;
  return words;
}
