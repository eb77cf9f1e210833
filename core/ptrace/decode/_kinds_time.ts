import { addressArgument, decAt, type Decoding, hex, i32, type Kind, number64, sdecAt, u32 } from "./_decoding.ts";
import { signalText } from "./_kinds_scalar.ts";
import { struct } from "./_struct.ts";
import { valueNamer } from "./_xlat.ts";

export function timespecText(b: Uint8Array, at: number): string {
  return `{tv_sec=${sdecAt(b, at)}, tv_nsec=${decAt(b, at + 8)}}`;
}

export function timevalText(b: Uint8Array, at: number): string {
  return `{tv_sec=${sdecAt(b, at)}, tv_usec=${decAt(b, at + 8)}}`;
}

/** One time of utimensat: UTIME_NOW and UTIME_OMIT stand in the nanoseconds. */
function fileTime(b: Uint8Array, at: number): string {
  const UTIME_NOW = 0x3fff_ffff, UTIME_OMIT = 0x3fff_fffe;
  const ns = u32(b, at + 12) === 0 ? u32(b, at + 8) : 0;
  if (ns === UTIME_NOW || ns === UTIME_OMIT) return ns === UTIME_NOW ? "UTIME_NOW" : "UTIME_OMIT";
  return timespecText(b, at) + dateComment(number64(b, at), decAt(b, at + 8), 9);
}

function fileTimes(b: Uint8Array): string {
  const first = fileTime(b, 0), second = fileTime(b, 16);
  return `[${first}, ${second}]`;
}

function datedTimeval(b: Uint8Array, at: number): string {
  return timevalText(b, at) + dateComment(number64(b, at), decAt(b, at + 8), 6);
}

function datedSeconds(b: Uint8Array, at: number): string {
  return sdecAt(b, at) + dateComment(number64(b, at), "0", 0);
}

/** A file's time for people, in the machine's time zone. Not of the beginning of time, nor of fractions above one. */
function dateComment(seconds: number, fraction: string, digits: number): string {
  if (seconds === 0 && fraction === "0" || seconds > MAX_SECONDS || fraction.length > digits && digits > 0) return "";
  const date = new Date(seconds * 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const zone = -date.getTimezoneOffset();
  const sign = zone < 0 ? "-" : "+", ago = Math.abs(zone);
  const part = fraction === "0" ? "" : `.${fraction.padStart(digits, "0")}`;
  return ` /* ${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${
    two(date.getHours())
  }:${two(date.getMinutes())}:${two(date.getSeconds())}${part}${sign}${two(Math.floor(ago / 60))}${two(ago % 60)} */`;
}

/** The last second of which JavaScript knows the date. */
const MAX_SECONDS = 8.64e12;

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
  timevals: struct(32, (b) => `[${datedTimeval(b, 0)}, ${datedTimeval(b, 16)}]`),
  utimbuf: struct(16, (b) => `{actime=${datedSeconds(b, 0)}, modtime=${datedSeconds(b, 8)}}`),
  timespecs: struct(32, fileTimes),
  itimerval: struct(32, (b) => `{it_interval=${timevalText(b, 0)}, it_value=${timevalText(b, 16)}}`),
  itimerspec: struct(32, (b) => `{it_interval=${timespecText(b, 0)}, it_value=${timespecText(b, 16)}}`),
  timezone: struct(8, (b) => `{tz_minuteswest=${i32(b, 0)}, tz_dsttime=${i32(b, 4)}}`),
  time_left: { print: timeLeft, late: () => true },
  tms: struct(
    32,
    (b) =>
      `{tms_utime=${decAt(b, 0)}, tms_stime=${decAt(b, 8)}, tms_cutime=${decAt(b, 16)}, tms_cstime=${decAt(b, 24)}}`,
  ),
  timer_id: struct(4, (b) => `[${i32(b, 0)}]`),
  sigevent: struct(64, sigevent),
};
