import {
  addressArgument,
  argument,
  type Decoding,
  hex,
  hex64,
  i32,
  intArgument,
  type Kind,
  sdec64,
  sdecAt,
  u16,
  u32,
} from "./_decoding.ts";
import { fdText, signalText } from "./_kinds_scalar.ts";
import { stringText } from "./_kinds_string.ts";
import { structAt } from "./_struct.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

/** Commands of fcntl(2): include/uapi/asm-generic/fcntl.h. */
const F = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  SETOWN: 8,
  GETOWN: 9,
  SETSIG: 10,
  GETSIG: 11,
  SETOWN_EX: 15,
  GETOWN_EX: 16,
  OFD_GETLK: 36,
  OFD_SETLK: 37,
  OFD_SETLKW: 38,
  SETLEASE: 1024,
  GETLEASE: 1025,
  NOTIFY: 1026,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
  ADD_SEALS: 1033,
  GET_SEALS: 1034,
} as const;

const LATE: ReadonlySet<number> = new Set([F.GETLK, F.OFD_GETLK, F.GETOWN_EX]);
const NO_ARGUMENT: ReadonlySet<number> = new Set(
  [F.GETFD, F.GETFL, F.GETOWN, F.GETSIG, F.GETLEASE, F.GETPIPE_SZ, F.GET_SEALS],
);

/** `struct flock`: type 0, whence 2, start 8, length 16, pid 24. */
function lockText(b: Uint8Array, withPid: boolean): string {
  const type = valueNamer("lock_type")(u16(b, 0)), whence = valueNamer("whence")(u16(b, 2));
  const pid = withPid ? `, l_pid=${i32(b, 24)}` : "";
  return `{l_type=${type}, l_whence=${whence}, l_start=${sdecAt(b, 8)}, l_len=${sdecAt(b, 16)}${pid}}`;
}

/** @param ref which argument is the command */
function fcntlArgument(d: Decoding, i: number, ref: number): string {
  const command = intArgument(d, ref);
  if (NO_ARGUMENT.has(command)) return "";
  const shown = addressArgument(d, i);
  const address = argument(d, i);
  switch (command) {
    case F.DUPFD:
    case F.DUPFD_CLOEXEC:
    case F.SETOWN:
    case F.SETPIPE_SZ:
      return String(intArgument(d, i));
    case F.SETFD:
      return flagNamer("fd_flags")(d.call.args[2 * i]);
    case F.SETFL:
      return flagNamer("open_flags", d.arch)(d.call.args[2 * i]);
    case F.SETSIG:
      return intArgument(d, i) === 0 ? "0" : signalText(intArgument(d, i));
    case F.SETLEASE:
      return valueNamer("lock_type")(d.call.args[2 * i]);
    case F.NOTIFY:
      return flagNamer("notify_flags")(d.call.args[2 * i]);
    case F.ADD_SEALS:
      return flagNamer("seals")(d.call.args[2 * i]);
    case F.GETLK:
    case F.OFD_GETLK:
      if (d.call.error !== 0) return shown;
      return structAt(d, address, 32, shown, (b) => lockText(b, true));
    case F.SETLK:
    case F.SETLKW:
    case F.OFD_SETLK:
    case F.OFD_SETLKW:
      return structAt(d, address, 32, shown, (b) => lockText(b, false));
    case F.GETOWN_EX:
      if (d.call.error !== 0) return shown;
      return structAt(d, address, 8, shown, ownerText);
    case F.SETOWN_EX:
      return structAt(d, address, 8, shown, ownerText);
    default:
      return hex64(d.call.args[2 * i], d.call.args[2 * i + 1]);
  }
}

function ownerText(b: Uint8Array): string {
  return `{type=${valueNamer("owner_type")(u32(b, 0))}, pid=${i32(b, 4)}}`;
}

/** What fcntl answers: flags with their names, a descriptor, or a number. */
export function fcntlResult(d: Decoding): string {
  const value = d.call.ret[0];
  switch (intArgument(d, 1)) {
    case F.DUPFD:
    case F.DUPFD_CLOEXEC:
      return fdText(d, value | 0);
    case F.GETFD:
      return value === 0 ? "0" : `${hex(value)} (flags ${flagNamer("fd_flags")(value)})`;
    case F.GETFL:
      return `${hex(value)} (flags ${flagNamer("open_flags", d.arch)(value)})`;
    case F.GET_SEALS:
      return value === 0 ? "0" : `${hex(value)} (seals ${flagNamer("seals")(value)})`;
    case F.GETSIG:
      return value === 0 ? "0" : `${value} (${signalText(value)})`;
    case F.GETLEASE:
      return `${hex(value)} (${valueNamer("lock_type")(value)})`;
    default:
      return sdec64(d.call.ret[0], d.call.ret[1]);
  }
}

/** Requests of ioctl(2) whose argument is an int that the kernel reads, or one that it writes. */
const INT_IN: ReadonlySet<number> = new Set([0x5410, 0x5421, 0x5452, 0x5423, 0x5418, 0x4004_5431]);
const INT_OUT: ReadonlySet<number> = new Set([0x540f, 0x541b, 0x5411, 0x5429, 0x5424, 0x8004_5430, 0x5415]);
const NO_IOCTL_ARGUMENT: ReadonlySet<number> = new Set([
  ...[0x540c, 0x540d, 0x5422, 0x5450, 0x5451],
  ...[0x125f, 0x1261, 0xc004_5877, 0xc004_5878],
]);
const TCGETS = 0x5401, TCSETSF = 0x5404, TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414;
const TIOCSCTTY = 0x540e, PERF_ENABLE = 0x2400, PERF_DISABLE = 0x2401, PERF_RESET = 0x2403;
const PERF_SET_FILTER = 0x4008_2406, PERF_ID = 0x8008_2407, BLKGETSIZE64 = 0x8008_1272;

function lateIoctl(request: number): boolean {
  return INT_OUT.has(request) || request === TCGETS || request === TIOCGWINSZ || request === PERF_ID ||
    request === BLKGETSIZE64;
}

function ioctlArgument(d: Decoding, i: number, ref: number): string {
  const request = d.call.args[2 * ref];
  const shown = addressArgument(d, i);
  const address = argument(d, i);
  if (NO_IOCTL_ARGUMENT.has(request)) return "";
  if (lateIoctl(request) && d.call.error !== 0) return shown;
  if (INT_IN.has(request) || INT_OUT.has(request)) {
    return structAt(d, address, 4, shown, (b) => `[${i32(b, 0)}]`);
  }
  switch (request) {
    case TIOCGWINSZ:
    case TIOCSWINSZ:
      return structAt(
        d,
        address,
        8,
        shown,
        (b) => `{ws_row=${u16(b, 0)}, ws_col=${u16(b, 2)}, ws_xpixel=${u16(b, 4)}, ws_ypixel=${u16(b, 6)}}`,
      );
    case TIOCSCTTY:
      return String(intArgument(d, i));
    case PERF_ENABLE:
    case PERF_DISABLE:
    case PERF_RESET:
      return flagNamer("perf_ioctl_flags")(d.call.args[2 * i]);
    case PERF_SET_FILTER:
      return stringText(d, address, shown);
    case PERF_ID:
    case BLKGETSIZE64:
      return structAt(d, address, 8, shown, (b) => `[${sdecAt(b, 0)}]`);
  }
  if (request >= TCGETS && request <= TCSETSF) return structAt(d, address, 36, shown, termiosText);
  return hex64(d.call.args[2 * i], d.call.args[2 * i + 1]);
}

/** `struct termios` in short: speed, and four of its switches as stty(1) calls them. */
function termiosText(b: Uint8Array): string {
  const SPEEDS = ["B0", "B50", "B75", "B110", "B134", "B150", "B200", "B300", "B600", "B1200", "B1800", "B2400"];
  const MORE = ["B4800", "B9600", "B19200", "B38400"];
  const output = u32(b, 4), control = u32(b, 8), local = u32(b, 12);
  const speed = [...SPEEDS, ...MORE][control & 0xf];
  const high = ["", "B57600", "B115200", "B230400", "B460800", "B500000", "B576000", "B921600", "B1000000"];
  const speedText = control & 0o10000 ? high[control & 0xf] ?? hex(control & 0o10017) : speed;
  const sign = (on: number, name: string): string => `${on ? "" : "-"}${name}`;
  return `{${speedText} ${sign(output & 1, "opost")} ${sign(local & 1, "isig")} ${sign(local & 2, "icanon")} ` +
    `${sign(local & 8, "echo")} ...}`;
}

/** Printers of the third arguments of fcntl and ioctl, which depend on the second. */
export const FCNTL_KINDS: Readonly<Record<string, Kind>> = {
  fcntl_argument: { print: fcntlArgument, late: (d, _, ref) => LATE.has(intArgument(d, ref)) },
  ioctl_argument: { print: ioctlArgument, late: (d, _, ref) => lateIoctl(d.call.args[2 * ref]) },
};
