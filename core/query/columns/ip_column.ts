import { addressIp, type Column, IP_BYTES } from "../../data/mod.ts";
import { type ByteIndex, byteIndex } from "./byte_index.ts";

/** Collects addresses that lie in records, each distinct one turned into text once. */
export interface IpColumnBuilder {
  /** The 16 bytes at `at`: IPv6, or IPv4 mapped into it. */
  add(bytes: Uint8Array, at: number): void;
  addNull(): void;
  /** The column so far; starts over. */
  take(): Column;
}

/** Distinct addresses of a column that are remembered between batches. */
const MAX_ADDRESSES = 16_384;

/** Equal addresses have equal bytes, so their numbers are those of the bytes. */
export function ipColumn(): IpColumnBuilder {
  let index: ByteIndex = byteIndex();
  let texts: string[] = [];
  let codes: number[] = [];
  return {
    add(bytes, at): void {
      const code = index.find(bytes, at, at + IP_BYTES, true);
      if (code === texts.length) texts.push(addressIp(bytes, at));
      codes.push(code);
    },
    addNull: () => void codes.push(-1),
    take(): Column {
      // The list only grows, so batches may share it; it starts over before it grows without bounds.
      const column: Column = { kind: "string", codes: Int32Array.from(codes), dict: texts };
      codes = [];
      if (texts.length > MAX_ADDRESSES) {
        index = byteIndex();
        texts = [];
      }
      return column;
    },
  };
}
