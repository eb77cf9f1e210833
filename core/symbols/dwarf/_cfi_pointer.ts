import type { CfiReader } from "./_cfi_reader.ts";
import type { CfiSection } from "./cfi_section.ts";

/** Encodings of pointers (LSB Core, "DWARF Extensions", 10.5.1). */
export const DW_EH_PE = {
  absptr: 0x00,
  udata4: 0x03,
  sdata4: 0x0b,
  pcrel: 0x10,
  datarel: 0x30,
  indirect: 0x80,
  omit: 0xff,
} as const;

/**
 * Reads an encoded pointer.
 *
 * @param base what `funcrel` counts from: the function's first address
 * @param addressSize bytes of an absolute pointer: 4 or 8
 * @returns the address; the pointer's own, for an indirect one, which only the running program can follow
 * @throws {ElfError} when it is cut off, or its encoding unknown
 */
export function readPointer(
  reader: CfiReader,
  section: CfiSection,
  encoding: number,
  base: number,
  addressSize: number,
): number {
  // `aligned` is an absolute pointer after padding to its size.
  if (encoding === 0x50) {
    reader.skip((addressSize - (section.address + reader.at) % addressSize) % addressSize);
    return absolute(reader, addressSize);
  }
  const place = section.address + reader.at;
  const value = number(reader, encoding & 0x0f, addressSize);
  // A null pointer stays null, whatever it counts from (as libgcc's read_encoded_value_with_base has it).
  if (value === 0) return 0;
  switch (encoding & 0x70) {
    case 0x00:
      return value;
    case 0x10:
      return value + place;
    case 0x20:
      return value + section.textBase;
    case 0x30:
      return value + section.dataBase;
    case 0x40:
      return value + base;
    default:
      return reader.fail(`pointer encoding 0x${encoding.toString(16)} is not known`);
  }
}

/** A number in the format of the low four bits. */
export function number(reader: CfiReader, format: number, addressSize: number): number {
  switch (format) {
    case 0x00:
      return absolute(reader, addressSize);
    case 0x01:
      return reader.uleb();
    case 0x02:
      return reader.u16();
    case 0x03:
      return reader.u32();
    case 0x04:
    case 0x0c:
      return reader.i64();
    case 0x09:
      return reader.sleb();
    case 0x0a:
      return reader.i16();
    case 0x0b:
      return reader.i32();
    default:
      return reader.fail(`pointer format 0x${format.toString(16)} is not known`);
  }
}

function absolute(reader: CfiReader, addressSize: number): number {
  if (addressSize === 8) return reader.i64();
  if (addressSize === 4) return reader.u32();
  if (addressSize === 2) return reader.u16();
  return reader.fail(`addresses of ${addressSize} bytes`);
}
