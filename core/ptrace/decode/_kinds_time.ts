import { addressArgument, decAt, type Decoding, hex, i32, type Kind, sdecAt, u32 } from "./_decoding.ts";
import { signalText } from "./_kinds_scalar.ts";
import { struct } from "./_struct.ts";
import { valueNamer } from "./_xlat.ts";

export function timespecText(b: Uint8Array, at: number): string {
  return `{tv_sec=${sdecAt(b, at)}, tv_nsec=${sdecAt(b, at + 8)}}`;
}

export function timevalText(b: Uint8Array, at: number): string {
  return `{tv_sec=${sdecAt(b, at)}, tv_usec=${sdecAt(b, at + 8)}}`;
}

/** One time of utimensat: UTIME_NOW and UTIME_OMIT stand in the nanoseconds. */
function fileTime(b: Uint8Array, at: number): string {
  const UTIME_NOW = 0x3fff_ffff, UTIME_OMIT = 0x3fff_fffe;
  const ns = u32(b, at + 12) === 0 ? u32(b, at + 8) : 0;
  return ns === UTIME_NOW ? "UTIME_NOW" : ns === UTIME_OMIT ? "UTIME_OMIT" : timespecText(b, at);
}

function fileTimes(b: Uint8Array): string {
  const first = fileTime(b, 0), second = fileTime(b, 16);
  return `[${first}, ${second}]`;
}

/** A clock, or the CPU time of a process or thread: its id stands negated above the lowest three bits. */
function clockText(clock: number): string {
  const CPUCLOCK = ["PROF", "VIRT", "SCHED"];
  if (clock >= 0) return valueNamer("clock")(clock);
  const kind = CPUCLOCK[clock & 3];
  const per = clock & 4 ? "THREAD" : "PROCESS";
  if ((clock & 7) === 3) return `FD_TO_CLOCKID(${~clock >> 3})`;
  return kind === undefined ? hex(clock >>> 0) : `MAKE_${per}_CPUCLOCK(${~(clock >> 3)}, CPUCLOCK_${kind})`;
}

/** What is left of a sleep: the kernel writes it only when a signal ended it. */
function timeLeft(d: Decoding, i: number): string {
  const EINTR = 4, ERESTART_RESTARTBLOCK = 516;
  const { error } = d.call;
  const written = error === EINTR || error === ERESTART_RESTARTBLOCK;
  return written ? TIMESPEC.print(d, i, -1) : addressArgument(d, i);
}

const TIMESPEC = struct(16, (b) => timespecText(b, 0));

function sigevent(b: Uint8Array): string {
  // struct sigevent: value 0, signo 8, notify 12, tid 16.
  const notify = i32(b, 12);
  const signo = i32(b, 8);
  const value = `{sival_int=${i32(b, 0)}, sival_ptr=${pointer(b, 0)}}`;
  const SIGEV_THREAD_ID = 4;
  const thread = notify === SIGEV_THREAD_ID ? `, sigev_notify_thread_id=${i32(b, 16)}` : "";
  const names = valueNamer("sigev")(notify);
  const sig = notify === 0 || notify === SIGEV_THREAD_ID ? signalText(signo) : String(signo);
  return `{sigev_value=${value}, sigev_signo=${sig}, sigev_notify=${names}${thread}}`;
}

function pointer(b: Uint8Array, at: number): string {
  const lo = u32(b, at), hi = u32(b, at + 4);
  return lo === 0 && hi === 0 ? "NULL" : hex(hi * 2 ** 32 + lo);
}

/** Printers of times and clocks. */
export const TIME_KINDS: Readonly<Record<string, Kind>> = {
  timespec: TIMESPEC,
  timeval: struct(16, (b) => timevalText(b, 0)),
  timevals: struct(32, (b) => `[${timevalText(b, 0)}, ${timevalText(b, 16)}]`),
  timespecs: struct(32, fileTimes),
  itimerval: struct(32, (b) => `{it_interval=${timevalText(b, 0)}, it_value=${timevalText(b, 16)}}`),
  itimerspec: struct(32, (b) => `{it_interval=${timespecText(b, 0)}, it_value=${timespecText(b, 16)}}`),
  timezone: struct(8, (b) => `{tz_minuteswest=${i32(b, 0)}, tz_dsttime=${i32(b, 4)}}`),
  time_left: { print: timeLeft, late: () => true },
  clock: { print: (d, i) => clockText(d.call.args[2 * i] | 0) },
  tms: struct(
    32,
    (b) =>
      `{tms_utime=${decAt(b, 0)}, tms_stime=${decAt(b, 8)}, tms_cutime=${decAt(b, 16)}, tms_cstime=${decAt(b, 24)}}`,
  ),
  timer_id: struct(4, (b) => `[${i32(b, 0)}]`),
  sigevent: struct(64, sigevent),
};
