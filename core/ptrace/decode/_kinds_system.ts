import {
  addressArgument,
  addressAt,
  argument,
  decAt,
  type Decoding,
  hex,
  hexAt,
  intArgument,
  type Kind,
  refNumber,
  RESULT,
  sdecAt,
  u16,
  u32,
} from "./_decoding.ts";
import { bufferText } from "./_kinds_string.ts";
import { quoted } from "./_quote.ts";
import { struct } from "./_struct.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

const UTS_FIELD = 65;

/** `struct utsname`: six fields of 65 bytes; strace shows three, the rest is the same on every call. */
function utsname(b: Uint8Array): string {
  const field = (k: number): string => {
    const at = k * UTS_FIELD;
    const zero = b.indexOf(0, at);
    return quoted(b, at, zero < 0 || zero > at + UTS_FIELD ? at + UTS_FIELD : zero);
  };
  return `{sysname=${field(0)}, nodename=${field(1)}, ...}`;
}

/** `struct sysinfo`: words of 64 bits, procs a short at 80. */
function sysinfo(b: Uint8Array): string {
  return `{uptime=${sdecAt(b, 0)}, loads=[${decAt(b, 8)}, ${decAt(b, 16)}, ${decAt(b, 24)}], totalram=${
    decAt(b, 32)
  }, ` +
    `freeram=${decAt(b, 40)}, sharedram=${decAt(b, 48)}, bufferram=${decAt(b, 56)}, totalswap=${decAt(b, 64)}, ` +
    `freeswap=${decAt(b, 72)}, procs=${u16(b, 80)}, totalhigh=${decAt(b, 88)}, freehigh=${decAt(b, 96)}, ` +
    `mem_unit=${u32(b, 104)}}`;
}

/** The start of `struct perf_event_attr`: type 0, size 4, config 8, sample_period 16. */
function perfAttributes(b: Uint8Array): string {
  return `{type=${hex(u32(b, 0))}, size=${hex(u32(b, 4))}, config=${hexAt(b, 8)}, ...}`;
}

/** `struct io_uring_params`: sq_entries 0, cq_entries 4, flags 8, sq_thread_cpu 12, sq_thread_idle 16, features 20. */
function uringParameters(b: Uint8Array): string {
  return `{flags=${flagNamer("uring_setup_flags")(u32(b, 8))}, sq_thread_cpu=${u32(b, 12)}, ` +
    `sq_thread_idle=${u32(b, 16)}, sq_entries=${u32(b, 0)}, cq_entries=${u32(b, 4)}, features=${hex(u32(b, 20))}, ...}`;
}

const URING = struct(120, uringParameters);

const SYSLOG_READ = 2, SYSLOG_READ_CLEAR = 4, SYSLOG_CONSOLE_LEVEL = 8;

/** Only reading wants a buffer: it is filled at exit. */
function readsLog(d: Decoding, ref: number): boolean {
  const action = d.call.args[2 * ref];
  return action >= SYSLOG_READ && action <= SYSLOG_READ_CLEAR;
}

/** Printers of what the kernel tells of itself, and of single words that it writes. */
export const SYSTEM_KINDS: Readonly<Record<string, Kind>> = {
  utsname: struct(390, utsname),
  sysinfo: struct(112, sysinfo),
  perf_attributes: struct(64, perfAttributes),
  uring_parameters: { print: URING.print, late: () => true },
  log_action: {
    print: (d, i) => {
      const action = intArgument(d, i);
      const name = valueNamer("syslog_action")(action);
      return `${action} /* ${name.startsWith("0x") ? "SYSLOG_ACTION_???" : name} */`;
    },
  },
  log_buffer: {
    late: (d, _, ref) => readsLog(d, ref),
    print: (d, i, ref) => {
      const shown = addressArgument(d, i);
      if (!readsLog(d, ref)) return d.call.args[2 * ref] === SYSLOG_CONSOLE_LEVEL ? shown : "";
      return d.call.error !== 0 ? shown : bufferText(d, argument(d, i), refNumber(d, RESULT), shown);
    },
  },
  log_size: {
    print: (d, i, ref) =>
      readsLog(d, ref) || d.call.args[2 * ref] === SYSLOG_CONSOLE_LEVEL ? String(intArgument(d, i)) : "",
  },
  pointer: struct(8, (b) => `[${addressAt(b, 0)}]`),
  ulong_in: struct(8, (b) => `[${decAt(b, 0)}]`),
  long_in: struct(8, (b) => `[${sdecAt(b, 0)}]`),
  uint_in: struct(4, (b) => `[${u32(b, 0)}]`),
};
