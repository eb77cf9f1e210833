import { DwarfError } from "./dwarf_error.ts";

/** Reads little-endian numbers one after the other; a class, as it is made and called in the innermost loops. */
export class Cursor {
  /**
   * @param at next byte to read
   * @param end first byte that must not be read
   */
  constructor(readonly bytes: Uint8Array, public at = 0, readonly end: number = bytes.length) {}

  /** @throws {DwarfError} when fewer bytes are left */
  need(n: number): number {
    const at = this.at;
    if (!(n >= 0 && at + n <= this.end)) throw new DwarfError("The data ends inside an entry", at);
    this.at = at + n;
    return at;
  }

  u8(): number {
    return this.bytes[this.need(1)];
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const at = this.need(2);
    return this.bytes[at] | this.bytes[at + 1] << 8;
  }

  u24(): number {
    const at = this.need(3);
    return this.bytes[at] | this.bytes[at + 1] << 8 | this.bytes[at + 2] << 16;
  }

  u32(): number {
    const at = this.need(4);
    const b = this.bytes;
    return (b[at] | b[at + 1] << 8 | b[at + 2] << 16 | b[at + 3] << 24) >>> 0;
  }

  /** Exact up to 2^53; what is larger is no address of user code and no offset. */
  u64(): number {
    const lo = this.u32();
    return this.u32() * 4294967296 + lo;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  uint(size: number): number {
    return size === 8 ? this.u64() : size === 4 ? this.u32() : size === 2 ? this.u16() : this.u8();
  }

  /** LEB128 (DWARF 5, 7.6). Exact up to 2^53. */
  uleb(): number {
    // Nearly all are of one byte.
    const first = this.at < this.end ? this.bytes[this.at] : 0x80;
    if (first < 0x80) {
      this.at++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (let n = 0; n < MAX_LEB; n++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new DwarfError("A number has more than 64 bits", this.at);
  }

  sleb(): number {
    const first = this.at < this.end ? this.bytes[this.at] : 0x80;
    if (first < 0x80) {
      this.at++;
      return (first << 25) >> 25;
    }
    let value = 0;
    let scale = 1;
    for (let n = 0; n < MAX_LEB; n++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return byte & 0x40 ? value - scale : value;
    }
    throw new DwarfError("A number has more than 64 bits", this.at);
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  /** Skips a string and its NUL. @returns where it began */
  skipString(): number {
    const from = this.at;
    const nul = this.bytes.indexOf(0, from);
    if (nul < 0 || nul >= this.end) throw new DwarfError("A string does not end", from);
    this.at = nul + 1;
    return from;
  }

  string(): string {
    const from = this.skipString();
    return decoder.decode(this.bytes.subarray(from, Math.min(this.at - 1, from + MAX_STRING)));
  }
}

const MAX_LEB = 10;
const MAX_STRING = 64 << 10;
const decoder = new TextDecoder();
