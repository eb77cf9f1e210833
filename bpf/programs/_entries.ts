import { readMap } from "../kernel/map.ts";
import type { BpfMap } from "../libbpf.ts";

const decoder = new TextDecoder();

/** The fields of one C struct, little-endian, at offsets in bytes. */
export interface StructView {
  u8(offset: number): number;
  u16(offset: number): number;
  u32(offset: number): number;
  /** A 64-bit counter; exact up to 2^53. */
  u64(offset: number): number;
  /** All 64 bits. */
  big(offset: number): bigint;
  /** A `char` array that NUL ends. */
  text(offset: number, bytes: number): string;
  bytes(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * Visits every entry of a hash.
 *
 * @param visit gets the key and the value; both are for the call only
 */
export function forEachEntry(map: BpfMap, visit: (key: StructView, value: StructView) => void): void {
  const { spec } = map;
  for (const { count, keys, values, valueStride } of readMap(map.fd, spec, 1)) {
    for (let i = 0; i < count; i++) visit(structView(keys, i * spec.keyBytes), structView(values, i * valueStride));
  }
}

function structView(all: Uint8Array<ArrayBuffer>, at: number): StructView {
  const view = new DataView(all.buffer, all.byteOffset + at);
  return {
    u8: (offset) => view.getUint8(offset),
    u16: (offset) => view.getUint16(offset, true),
    u32: (offset) => view.getUint32(offset, true),
    u64: (offset) => Number(view.getBigUint64(offset, true)),
    big: (offset) => view.getBigUint64(offset, true),
    text(offset, bytes) {
      const raw = all.subarray(at + offset, at + offset + bytes);
      const end = raw.indexOf(0);
      return decoder.decode(end < 0 ? raw : raw.subarray(0, end));
    },
    bytes: (offset, length) => all.slice(at + offset, at + offset + length),
  };
}
