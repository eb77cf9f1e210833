import { addressOf } from "../address.ts";
import { ElfError } from "../elf.ts";

/** LEB128 numbers may be padded; a longer one is no number that a compiler wrote. */
const MAX_LEB_BYTES = 24;

/**
 * Reads little-endian numbers one after another, up to an end. 64-bit numbers are doubles, as `Address` reads them: low
 * bits are lost beyond 2^53 only.
 */
export class CfiReader {
  readonly #view: DataView;
  /** Offset of the next byte. */
  at = 0;
  /** Offset behind the last byte that may be read. */
  end: number;

  /** @param what names the section in errors */
  constructor(readonly bytes: Uint8Array, readonly what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** @throws {ElfError} always: the contents are broken at this place */
  fail(message: string): never {
    throw new ElfError(`${this.what} at ${this.at}: ${message}`, this.at);
  }

  /** Goes to an offset and reads no further than another. @throws {ElfError} when they lie outside */
  seek(at: number, end: number): void {
    if (!(at >= 0 && at <= end && end <= this.bytes.length)) {
      this.fail(`${at} to ${end} is not inside the ${this.bytes.length} bytes`);
    }
    this.at = at;
    this.end = end;
  }

  /** Goes over `n` bytes. @returns where they begin */
  skip(n: number): number {
    const from = this.at;
    if (!(n >= 0 && n <= this.end - from)) this.fail(`${n} bytes reach past the end`);
    this.at = from + n;
    return from;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  i8(): number {
    return this.#view.getInt8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  /** The signed reading of 64 bits. */
  i64(): number {
    const at = this.skip(8);
    return addressOf(this.#view.getUint32(at + 4, true), this.#view.getUint32(at, true));
  }

  /** All 64 bits. */
  big64(): bigint {
    return this.#view.getBigUint64(this.skip(8), true);
  }

  /** Unsigned LEB128 (DWARF 5, 7.6). */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_LEB_BYTES; i++) {
      const byte = this.u8();
      if (i < 10) value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value;
    }
    this.fail("a LEB128 number without end");
  }

  /** Signed LEB128. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_LEB_BYTES; i++) {
      const byte = this.u8();
      if (i < 10) value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return byte & 0x40 && i < 10 ? value - scale : value;
    }
    this.fail("a LEB128 number without end");
  }

  /** LEB128 with all its bits, modulo 2^64. */
  bigLeb(signed: boolean): bigint {
    let value = 0n;
    let shift = 0n;
    for (let i = 0; i < MAX_LEB_BYTES; i++) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asUintN(64, signed && byte & 0x40 ? value - (1n << shift) : value);
    }
    this.fail("a LEB128 number without end");
  }

  /** Text up to a NUL byte, of at most 64 characters. */
  text(): string {
    const left = this.bytes.subarray(this.at, Math.min(this.end, this.at + 65));
    const length = left.indexOf(0);
    if (length < 0) this.fail("text without end");
    this.at += length + 1;
    return String.fromCharCode(...left.subarray(0, length));
  }
}
