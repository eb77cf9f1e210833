import { closeSync, constants, openSync, readSync } from "node:fs";
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
 * `/dev/kmsg` cannot be read (needs CAP_SYSLOG where `kernel.dmesg_restrict` is set).
 */
export function readKernelLog(reader: Reader, maxAgeNs: number): KernelLogEntry[] | null {
  const uptime = reader.word("/proc/uptime");
  const records = readKmsg(reader.at("/dev/kmsg"));
  if (records === null || uptime === null) return null;
  const nowNs = parseFloat(uptime) * 1e9;
  const entries: KernelLogEntry[] = [];
  for (const record of records) {
    const ageNs = Math.max(0, nowNs - record.timeNs);
    // Programs may write to the log too, but never as facility 0.
    if (ageNs > maxAgeNs || record.facility !== 0) continue;
    const found = classifyKernelLog(record.message);
    if (found !== null) entries.push({ ageNs, ...found, message: record.message.slice(0, MAX_MESSAGE) });
  }
  return entries.slice(-MAX_ENTRIES);
}

/**
 * All records of the log. Each read(2) gives one; EAGAIN is the end, which only an open with O_NONBLOCK meets, and EPIPE
 * says that records were overwritten meanwhile.
 */
function readKmsg(path: string): KmsgRecord[] | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Not there or not permitted: the answer "null" says so.
    return null;
  }
  const buffer = new Uint8Array(8192);
  const decoder = new TextDecoder();
  let text = "";
  let overwritten = 0;
  try {
    while (overwritten < 100) {
      try {
        const n = readSync(fd, buffer);
        if (n === 0) break;
        text += decoder.decode(buffer.subarray(0, n), { stream: true });
      } catch (e) {
        const code = e instanceof Error && "code" in e ? e.code : "";
        if (code !== "EPIPE") {
          if (code !== "EAGAIN" && text === "") return null;
          break;
        }
        overwritten++;
      }
    }
  } finally {
    closeSync(fd);
  }
  return parseKmsg(text);
}
