import { CLOCK, clockNs, closeRaw, ERRNO, O, openRaw, read } from "../sys/mod.ts";
import { classifyKernelLog } from "./classify_kernel_log.ts";
import { type KmsgRecord, parseKmsg } from "./parse_kmsg.ts";
import type { Reader } from "./_reader.ts";
import type { KernelLogEntry } from "./types.ts";

/** No more than this is kept: a log full of I/O errors says nothing new after it. */
const MAX_ENTRIES = 1000;
/** Messages are cut to this: what names itself there may be anybody. */
const MAX_MESSAGE = 512;

/**
 * Entries that matter, of the last `maxAgeNs`, oldest first; the newest when there are very many. Null when
 * `/dev/kmsg` cannot be read (needs CAP_SYSLOG where `kernel.dmesg_restrict` is set). The log's clock drifts from
 * CLOCK_MONOTONIC by some milliseconds an hour.
 */
export function readKernelLog(reader: Reader, maxAgeNs: number): KernelLogEntry[] | null {
  const records = readKmsg(reader.at("/dev/kmsg"));
  const nowNs = reader.live ? clockNs(CLOCK.MONOTONIC) : parseFloat(reader.word("/proc/uptime") ?? "") * 1e9;
  if (records === null || Number.isNaN(nowNs)) return null;
  const entries: KernelLogEntry[] = [];
  for (const record of records) {
    const ageNs = Math.max(0, nowNs - record.timeNs);
    // Programs may write to the log too, but the kernel never takes that as facility 0 (printk.c, devkmsg_write).
    if (ageNs > maxAgeNs || record.facility !== 0) continue;
    const found = classifyKernelLog(record.message);
    if (found !== null) entries.push({ ageNs, ...found, message: record.message.slice(0, MAX_MESSAGE) });
  }
  return entries.slice(-MAX_ENTRIES);
}

/**
 * All records of the log. Each read(2) gives one; EAGAIN is the end, which only an open with O_NONBLOCK meets, and
 * EPIPE says that records were overwritten meanwhile. Raw reads, since thousands of records are read at each call.
 */
function readKmsg(path: string): KmsgRecord[] | null {
  const fd = openRaw(path, O.RDONLY | O.NONBLOCK);
  if (fd < 0) return null;
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (let overwritten = 0; overwritten < 100;) {
      const n = read(fd, buffer);
      if (n > 0) text += decoder.decode(buffer.subarray(0, n), { stream: true });
      else if (n === -ERRNO.EPIPE) overwritten++;
      else if (n === 0 || n === -ERRNO.EAGAIN) break;
      else return text === "" ? null : parseKmsg(text);
    }
    return parseKmsg(text);
  } finally {
    closeRaw(fd);
  }
}

/** A record is shorter (kernel/printk/printk.c, PRINTKRB_RECORD_MAX is 1024, with its escapes 8192). */
const buffer = new Uint8Array(8192);
