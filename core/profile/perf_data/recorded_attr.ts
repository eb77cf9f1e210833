import { FormatError } from "../formats/format_error.ts";
import { BRANCH, FORMAT } from "../../perf/mod.ts";

/** What a recorded `struct perf_event_attr` says of the records it made. */
export interface RecordedAttr {
  readonly type: number;
  /** Low and high 32 bits. */
  readonly config: number;
  readonly configHigh: number;
  /** Events between two samples, or samples a second where `frequency` is set. */
  readonly period: number;
  readonly frequency: boolean;
  readonly sampleType: number;
  /** The upper half of `sample_type`: no bit of it is known. */
  readonly sampleTypeHigh: number;
  readonly readFormat: number;
  readonly branchSampleType: number;
  /** Branch entries are the calls that have not returned yet. */
  readonly branchCallStack: boolean;
  /** Which registers are in a sample: `sample_regs_user` and `sample_regs_intr`. */
  readonly userRegisters: bigint;
  readonly interruptRegisters: bigint;
  readonly sampleIdAll: boolean;
  readonly excludeUser: boolean;
  readonly excludeKernel: boolean;
  readonly excludeHypervisor: boolean;
  readonly excludeGuest: boolean;
  readonly excludeHost: boolean;
  readonly precise: number;
  /** User chains are left to whoever reads the stack copy. */
  readonly excludeCallchainUser: boolean;
  /** Of clock_gettime(2); null is the scheduler's clock. */
  readonly clockId: number | null;
}

/** PERF_ATTR_SIZE_VER0. */
const MIN_SIZE = 64;
const MAX_SIZE = 4096;

/**
 * Reads attributes as a file holds them. Fields that an older kernel did not have are 0.
 *
 * @param size bytes that the file gives them; the structure's own size may be smaller
 * @throws {FormatError} when they do not fit
 */
export function readAttr(bytes: Uint8Array, at: number, size: number): RecordedAttr {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (at + MIN_SIZE > bytes.length || size < MIN_SIZE) throw new FormatError("event attributes are cut", `byte ${at}`);
  const own = v.getUint32(at + 4, true) || MIN_SIZE;
  if (own < MIN_SIZE || own > MAX_SIZE || own > size || at + own > bytes.length) {
    throw new FormatError(`event attributes of ${own} bytes do not fit into ${size}`, `byte ${at}`);
  }
  const u32 = (offset: number): number => offset + 4 <= own ? v.getUint32(at + offset, true) : 0;
  const flags = u32(40);
  const bit = (n: number): boolean => (flags >>> n & 1) === 1;
  const branch = u32(72);
  const mask = (offset: number): bigint => BigInt(u32(offset + 4)) << 32n | BigInt(u32(offset));
  return {
    type: u32(0),
    config: u32(8),
    configHigh: u32(12),
    period: u32(20) * 4294967296 + u32(16),
    frequency: bit(10),
    sampleType: u32(24),
    sampleTypeHigh: u32(28),
    readFormat: u32(32) & (FORMAT.LOST * 2 - 1),
    branchSampleType: branch,
    branchCallStack: (branch & BRANCH.CALL_STACK) !== 0,
    userRegisters: mask(80),
    interruptRegisters: mask(96),
    sampleIdAll: bit(18),
    excludeUser: bit(4),
    excludeKernel: bit(5),
    excludeHypervisor: bit(6),
    precise: flags >>> 15 & 3,
    excludeHost: bit(19),
    excludeGuest: bit(20),
    excludeCallchainUser: bit(22),
    clockId: bit(25) ? v.getInt32(at + 92, true) : null,
  };
}

/** Size that attributes give themselves, in bytes. */
export function attrOwnSize(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at + 4, true) || MIN_SIZE;
}
