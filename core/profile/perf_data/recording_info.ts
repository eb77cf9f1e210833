import { FEATURE } from "./_abi.ts";
import { attrOwnSize } from "./recorded_attr.ts";

/** What a file says about itself, as far as it was read. Filled while it is read: sections come behind the samples. */
export interface RecordingInfo {
  hostname: string;
  osRelease: string;
  arch: string;
  perfVersion: string;
  /** Arguments of perf. */
  commandLine: readonly string[];
  /** Build ids as lower-case hex by path of the file; the kernel's by `[kernel.kallsyms]`. */
  readonly buildIds: Map<string, string>;
  /** Names of events with the ids of their samples, in the order of the attributes. */
  eventNames: readonly { readonly name: string; readonly ids: readonly number[] }[];
  /** Unix time in nanoseconds of the events' clock at 0; null when not recorded. */
  clockOffsetNs: bigint | null;
}

/** Nothing known. */
export function recordingInfo(): RecordingInfo {
  return {
    hostname: "",
    osRelease: "",
    arch: "",
    perfVersion: "",
    commandLine: [],
    buildIds: new Map(),
    eventNames: [],
    clockOffsetNs: null,
  };
}

/**
 * Reads the section of a feature into the info (tools/perf/Documentation/perf.data-file-format.txt). A broken section
 * is passed over: it only describes.
 *
 * @returns false when it was broken
 */
export function readFeature(feature: number, bytes: Uint8Array, info: RecordingInfo): boolean {
  try {
    switch (feature) {
      case FEATURE.BUILD_ID:
        readBuildIds(bytes, info.buildIds);
        break;
      case FEATURE.HOSTNAME:
        info.hostname = stringAt(bytes, 0).text;
        break;
      case FEATURE.OSRELEASE:
        info.osRelease = stringAt(bytes, 0).text;
        break;
      case FEATURE.VERSION:
        info.perfVersion = stringAt(bytes, 0).text;
        break;
      case FEATURE.ARCH:
        info.arch = stringAt(bytes, 0).text;
        break;
      case FEATURE.CMDLINE:
        info.commandLine = readStrings(bytes);
        break;
      case FEATURE.EVENT_DESC:
        info.eventNames = readEventNames(bytes);
        break;
      case FEATURE.CLOCK_DATA: {
        // version u32, clock id u32, wall clock u64, the events' clock at that moment u64
        const v = view(bytes);
        info.clockOffsetNs = v.getBigUint64(8, true) - v.getBigUint64(16, true);
        break;
      }
    }
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** One `struct perf_record_header_build_id`: header, pid, 20 bytes and their number, path. */
export function readBuildId(bytes: Uint8Array, at: number, size: number, into: Map<string, string>): void {
  const v = view(bytes);
  if (size < 36 || at + size > bytes.length) throw new RangeError("build id");
  // Older files do not say how long the id is: 20 bytes, padded with zeros where it is shorter.
  const sized = (v.getUint16(at + 4, true) & MISC_BUILD_ID_SIZE) !== 0;
  const length = sized ? Math.min(20, bytes[at + 32]) : 20;
  const id = Array.from(bytes.subarray(at + 12, at + 12 + length), (b) => b.toString(16).padStart(2, "0")).join("");
  const path = text(bytes.subarray(at + 36, at + size));
  if (into.size < MAX_ENTRIES) into.set(path, sized ? id : id.replace(/(00000000)+$/, ""));
}

function readBuildIds(bytes: Uint8Array, into: Map<string, string>): void {
  const v = view(bytes);
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = v.getUint16(at + 6, true);
    readBuildId(bytes, at, size, into);
    at += size;
  }
}

/** Number of strings, then each: length u32, text padded with NULs. */
function readStrings(bytes: Uint8Array): string[] {
  const n = view(bytes).getUint32(0, true);
  if (n > bytes.length / 4) throw new RangeError("strings");
  const list: string[] = [];
  for (let i = 0, at = 4; i < n; i++) {
    const { text, next } = stringAt(bytes, at);
    list.push(text);
    at = next;
  }
  return list;
}

/** Number of events, size of their attributes; for each: attributes, number of ids, name, ids. */
function readEventNames(bytes: Uint8Array): RecordingInfo["eventNames"] {
  const v = view(bytes);
  const n = v.getUint32(0, true);
  const attrSize = v.getUint32(4, true);
  if (n > bytes.length / 16 || attrSize < 64 || attrSize > 4096) throw new RangeError("events");
  const list: { name: string; ids: number[] }[] = [];
  for (let i = 0, at = 8; i < n; i++) {
    attrOwnSize(bytes, at);
    at += attrSize;
    const count = v.getUint32(at, true);
    const { text, next } = stringAt(bytes, at + 4);
    if (count > (bytes.length - next) / 8) throw new RangeError("ids");
    const ids = Array.from({ length: count }, (_, k) => u64(v, next + k * 8));
    list.push({ name: text, ids });
    at = next + count * 8;
  }
  return list;
}

function stringAt(bytes: Uint8Array, at: number): { text: string; next: number } {
  const length = view(bytes).getUint32(at, true);
  const next = at + 4 + length;
  if (next > bytes.length) throw new RangeError("string");
  return { text: text(bytes.subarray(at + 4, next)), next };
}

function text(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  return decoder.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}

const MISC_BUILD_ID_SIZE = 1 << 15;
const MAX_ENTRIES = 1 << 20;
const decoder = new TextDecoder();
