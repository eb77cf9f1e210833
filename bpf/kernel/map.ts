import { bpf, bytesAddress, call, ERRNO, type Fd, NR, ownFd, SysError } from "../../core/sys/mod.ts";
import { CMD, MAP_TYPE, objectName } from "./commands.ts";

/** A map, described. */
export interface MapSpec {
  readonly name: string;
  readonly type: keyof typeof MAP_TYPE;
  /** Bytes; 0 for a ring. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Entries; of a ring its bytes, a power of two and a multiple of the page size. */
  readonly maxEntries: number;
  /** Of a `perf_event_array`: bytes of each CPU's ring. */
  readonly ringBytes?: number;
}

/** Creates a map. @throws {SysError} */
export function createMap(spec: MapSpec): Fd {
  const attr = new Uint8Array(new ArrayBuffer(48));
  const view = new DataView(attr.buffer);
  view.setUint32(0, MAP_TYPE[spec.type], true);
  view.setUint32(4, spec.keyBytes, true);
  view.setUint32(8, spec.valueBytes, true);
  view.setUint32(12, spec.maxEntries, true);
  attr.set(objectName(`sonde_${spec.name}`), 28);
  let fd = bpf(CMD.MAP_CREATE, attr);
  // Before Linux 5.11 maps counted as locked memory, of which 64 KiB are allowed; the refusal looks like one of rights.
  if (fd === -ERRNO.EPERM && raiseLockedMemory()) fd = bpf(CMD.MAP_CREATE, attr);
  if (fd < 0) throw new SysError("bpf", fd, `a ${spec.type} map of ${spec.maxEntries} entries`);
  return ownFd(fd);
}

/** Lifts this process's limit on locked memory. @returns whether it was lifted: it takes CAP_SYS_RESOURCE */
function raiseLockedMemory(): boolean {
  const RLIMIT_MEMLOCK = 8;
  const unlimited = new BigUint64Array(2).fill((1n << 64n) - 1n);
  return call(NR.prlimit64, [0, RLIMIT_MEMLOCK, bytesAddress(unlimited), 0], [unlimited]) === 0;
}

/** Sets one entry. @param flags of bpf(2): 0 any, 1 only when there is none (BPF_NOEXIST) @throws {SysError} */
export function updateMap(fd: number, key: ArrayBufferView, value: ArrayBufferView, what: string, flags = 0): void {
  const attr = new Uint8Array(new ArrayBuffer(32));
  const view = new DataView(attr.buffer);
  view.setUint32(0, fd, true);
  view.setBigUint64(8, bytesAddress(key), true);
  view.setBigUint64(16, bytesAddress(value), true);
  view.setBigUint64(24, BigInt(flags), true);
  const result = bpf(CMD.MAP_UPDATE_ELEM, attr, [key, value]);
  if (result < 0) throw new SysError("bpf", result, what);
}

/** Reads one entry into `value`. @returns whether there is one @throws {SysError} */
export function lookupMap(fd: number, key: ArrayBufferView, value: ArrayBufferView, what: string): boolean {
  const attr = new Uint8Array(new ArrayBuffer(32));
  const view = new DataView(attr.buffer);
  view.setUint32(0, fd, true);
  view.setBigUint64(8, bytesAddress(key), true);
  view.setBigUint64(16, bytesAddress(value), true);
  const result = bpf(CMD.MAP_LOOKUP_ELEM, attr, [key, value]);
  if (result < 0 && result !== -ERRNO.ENOENT) throw new SysError("bpf", result, what);
  return result === 0;
}

/** Whether a map is there once for each CPU. */
export function isPerCpu(spec: MapSpec): boolean {
  return spec.type === "percpu_hash" || spec.type === "percpu_array";
}

/** Some entries of a map: keys behind one another, and values (a per-CPU entry's behind one another, 8-aligned). */
export interface MapEntries {
  readonly count: number;
  readonly keys: Uint8Array<ArrayBuffer>;
  readonly values: Uint8Array<ArrayBuffer>;
  readonly valueStride: number;
}

/** Entries read in one call: more than a hash bucket ever holds. */
const BATCH = 4096;

/**
 * Reads a whole map, in batches where the kernel has them (since 5.6), else entry by entry. The buffers of an answer
 * are overwritten by the next.
 *
 * @param cpus possible CPUs: that many values has a per-CPU entry
 * @throws {SysError}
 */
export function* readMap(fd: number, spec: MapSpec, cpus: number): Generator<MapEntries> {
  const valueStride = isPerCpu(spec) ? (spec.valueBytes + 7 & ~7) * cpus : spec.valueBytes;
  const limit = Math.min(spec.maxEntries, BATCH);
  const keys = new Uint8Array(new ArrayBuffer(limit * spec.keyBytes));
  const values = new Uint8Array(new ArrayBuffer(limit * valueStride));
  const attr = new Uint8Array(new ArrayBuffer(56));
  const view = new DataView(attr.buffer);
  // The kernel's place in the table: a hash bucket's number, or the last key of an array.
  const place = new Uint8Array(new ArrayBuffer(Math.max(8, spec.keyBytes)));
  for (let first = true;; first = false) {
    view.setBigUint64(0, first ? 0n : bytesAddress(place), true);
    view.setBigUint64(8, bytesAddress(place), true);
    view.setBigUint64(16, bytesAddress(keys), true);
    view.setBigUint64(24, bytesAddress(values), true);
    view.setUint32(32, limit, true);
    view.setUint32(36, fd, true);
    const result = bpf(CMD.MAP_LOOKUP_BATCH, attr, [place, keys, values]);
    // ENOENT is the end of the map, with what was found before it.
    if (result < 0 && result !== -ERRNO.ENOENT) {
      if (!first) throw new SysError("bpf", result, `reading the map ${spec.name}`);
      yield* readOneByOne(fd, spec, valueStride);
      return;
    }
    yield { count: view.getUint32(32, true), keys, values, valueStride };
    if (result < 0) return;
  }
}

function* readOneByOne(fd: number, spec: MapSpec, valueStride: number): Generator<MapEntries> {
  const key = new Uint8Array(new ArrayBuffer(spec.keyBytes));
  const value = new Uint8Array(new ArrayBuffer(valueStride));
  const attr = new Uint8Array(new ArrayBuffer(32));
  const view = new DataView(attr.buffer);
  view.setUint32(0, fd, true);
  for (let first = true;; first = false) {
    view.setBigUint64(8, first ? 0n : bytesAddress(key), true);
    view.setBigUint64(16, bytesAddress(key), true);
    const next = bpf(CMD.MAP_GET_NEXT_KEY, attr, [key]);
    if (next === -ERRNO.ENOENT) return;
    if (next < 0) throw new SysError("bpf", next, `reading the map ${spec.name}`);
    view.setBigUint64(8, bytesAddress(key), true);
    view.setBigUint64(16, bytesAddress(value), true);
    const found = bpf(CMD.MAP_LOOKUP_ELEM, attr, [key, value]);
    if (found === -ERRNO.ENOENT) continue; // deleted meanwhile
    if (found < 0) throw new SysError("bpf", found, `reading the map ${spec.name}`);
    yield { count: 1, keys: key, values: value, valueStride };
  }
}
