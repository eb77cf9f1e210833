import type { ProcessStat } from "./types.ts";

/** Units of the machine that wrote `/proc/PID/stat`. */
export interface StatUnits {
  readonly ticksPerSecond: number;
  readonly pageSize: number;
}

const decoder = new TextDecoder();
/** Fields 4 to 42 of the last record, by their number in proc_pid_stat(5): no array a process. */
const field = new Float64Array(43);
const LAST_FIELD = 42;
const PF_KTHREAD = 0x00200000;

/**
 * Parses `/proc/PID/stat` (proc_pid_stat(5), fs/proc/array.c `do_task_stat`) from bytes.
 *
 * A comm may hold anything but NUL, newlines too, and stands as it is (only `status` escapes it; kernels before 4.18
 * did so here too): it ends at the last `)`, since only numbers follow. Numbers are exact up to 2^53.
 *
 * @param bytes buffer that holds the file
 * @param length bytes of it that count
 * @returns null when the bytes are no such record
 */
export function parsePidStat(bytes: Uint8Array, length: number, units: StatUnits): ProcessStat | null {
  const open = bytes.indexOf(0x28);
  const close = lastIndexOf(bytes, 0x29, length);
  if (open < 2 || close < open || close + 4 >= length) return null;
  let pid = 0;
  for (let i = 0; i < open - 1; i++) pid = pid * 10 + (bytes[i] - 0x30);

  field.fill(0);
  let n = 4;
  let value = 0;
  let sign = 1;
  for (let i = close + 4; i < length && n <= LAST_FIELD; i++) {
    const byte = bytes[i];
    if (byte >= 0x30 && byte <= 0x39) value = value * 10 + (byte - 0x30);
    else if (byte === 0x2d) sign = -1;
    else {
      field[n++] = sign * value;
      value = 0;
      sign = 1;
    }
  }
  // Linux 2.6.33 and later have all fields up to the 42nd; a record cut short is none.
  if (n <= LAST_FIELD) return null;
  const tickNs = 1e9 / units.ticksPerSecond;
  return {
    pid,
    comm: commOf(bytes.subarray(open + 1, close)),
    state: String.fromCharCode(bytes[close + 2]),
    ppid: field[4],
    flags: field[9],
    minorFaults: field[10],
    childMinorFaults: field[11],
    majorFaults: field[12],
    childMajorFaults: field[13],
    userNs: field[14] * tickNs,
    systemNs: field[15] * tickNs,
    childUserNs: field[16] * tickNs,
    childSystemNs: field[17] * tickNs,
    priority: field[18],
    nice: field[19],
    threads: field[20],
    startTicks: field[22],
    virtualBytes: field[23],
    rss: field[24] * units.pageSize,
    processor: field[39],
    blockIoDelayNs: field[42] * tickNs,
    kernelThread: (field[9] & PF_KTHREAD) !== 0,
  };
}

/** The state letter alone of such a record (`R`, `S`, `D`, …); null when the bytes are none. */
export function parseState(bytes: Uint8Array, length: number): string | null {
  const close = lastIndexOf(bytes, 0x29, length);
  return close < 0 || close + 2 >= length ? null : String.fromCharCode(bytes[close + 2]);
}

function lastIndexOf(bytes: Uint8Array, byte: number, length: number): number {
  let i = Math.min(length, bytes.length) - 1;
  while (i >= 0 && bytes[i] !== byte) i--;
  return i;
}

/** Short and nearly always ASCII: building it from characters is faster than a decoder. */
function commOf(bytes: Uint8Array): string {
  let comm = "";
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] >= 0x80) return decoder.decode(bytes);
    comm += String.fromCharCode(bytes[i]);
  }
  return comm;
}
