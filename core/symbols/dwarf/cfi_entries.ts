import { DW_EH_PE, number, readPointer } from "./_cfi_pointer.ts";
import { CfiReader } from "./_cfi_reader.ts";
import type { CfiSection } from "./cfi_section.ts";

/** What unwind entries have in common (Common Information Entry; DWARF 5, 6.4.1; LSB Core, 10.6.1.1). */
export interface Cie {
  readonly section: CfiSection;
  /** Offset in the section. */
  readonly offset: number;
  readonly version: number;
  readonly augmentation: string;
  readonly codeAlign: number;
  readonly dataAlign: number;
  /** The column of the return address: 16 on x86-64, 30 on aarch64. */
  readonly returnRegister: number;
  readonly addressSize: number;
  readonly pointerEncoding: number;
  /** Augmentation `S`: the frame of a signal handler's caller, whose address is no return address. */
  readonly signal: boolean;
  /** The initial instructions in the section. */
  readonly from: number;
  readonly to: number;
}

/** How to unwind a range of code (Frame Description Entry). */
export interface Fde {
  readonly cie: Cie;
  /** Offset in the section. */
  readonly offset: number;
  /** Address of the first instruction, as the file's symbols name addresses. */
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
  /** Its instructions in the section. */
  readonly from: number;
  readonly to: number;
}

/** Reads the entries of one section; those that many share are read once. */
export interface CfiEntries {
  /**
   * The entry at an offset.
   *
   * @returns null for one that describes no code (a CIE, a terminator)
   * @throws {ElfError} when it is broken
   */
  fde(offset: number): Fde | null;
  /** The offset of the entry behind the one at an offset; at or past the section's size when there is none. */
  next(offset: number): number;
}

/** Makes a reader of the entries of a section. */
export function cfiEntries(section: CfiSection): CfiEntries {
  const reader = new CfiReader(section.bytes, `.${section.kind}`);
  const cies = new Map<number, Cie>();

  const cie = (offset: number): Cie => {
    const known = cies.get(offset);
    if (known) return known;
    const head = readHead(reader, section, offset);
    if (!head || !head.isCie) return reader.fail(`an entry refers to ${offset}, where no CIE is`);
    const made = readCie(reader, section, offset, head.to);
    cies.set(offset, made);
    return made;
  };

  return {
    fde: (offset) => {
      const head = readHead(reader, section, offset);
      if (!head || head.isCie) return null;
      const body = reader.at;
      const common = cie(head.cie);
      reader.seek(body, head.to);
      const encoding = common.pointerEncoding;
      if (encoding & DW_EH_PE.indirect) reader.fail("the start of a function is told indirectly");
      const start = readPointer(reader, section, encoding, 0, common.addressSize);
      const length = number(reader, encoding & 0x0f, common.addressSize);
      if (common.augmentation.startsWith("z")) reader.skip(reader.uleb());
      // A signed format may tell a length beyond its half.
      const size = length >= 0 ? length : length + ((encoding & 0x0f) === DW_EH_PE.sdata4 ? 2 ** 32 : 0);
      return { cie: common, offset, start, end: start + Math.max(0, size), from: reader.at, to: head.to };
    },
    next: (offset) => {
      const head = readHead(reader, section, offset);
      return head ? head.to : reader.at;
    },
  };
}

interface Head {
  readonly isCie: boolean;
  /** Offset of the CIE that it belongs to. */
  readonly cie: number;
  /** Behind its last byte. */
  readonly to: number;
}

/** Goes to the contents of an entry. @returns null at a terminator, with the reader behind it */
function readHead(reader: CfiReader, section: CfiSection, offset: number): Head | null {
  reader.seek(offset, reader.bytes.length);
  let length = reader.u32();
  if (length === 0) return null;
  const wide = length === 0xffffffff;
  if (wide) length = reader.i64();
  else if (length >= 0xfffffff0) reader.fail("a reserved length");
  const body = reader.at;
  if (!(length >= 4 && length <= reader.end - body)) reader.fail(`an entry of ${length} bytes`);
  const to = body + length;
  reader.seek(body, to);
  // The pointer of .eh_frame has four bytes in the 64-bit format too, and counts back from where it stands.
  if (section.kind === "eh_frame") {
    const id = reader.u32();
    return { isCie: id === 0, cie: body - id, to };
  }
  const id = wide ? reader.i64() : reader.u32();
  return { isCie: id === (wide ? -1 : 0xffffffff), cie: id, to };
}

/** The reader stands behind the CIE's id. */
function readCie(reader: CfiReader, section: CfiSection, offset: number, to: number): Cie {
  const version = reader.u8();
  if (version !== 1 && version !== 3 && version !== 4) reader.fail(`version ${version} is not known`);
  const augmentation = reader.text();
  // The oldest gcc wrote a pointer here, for exceptions.
  if (augmentation.startsWith("eh")) reader.skip(8);
  let addressSize = 8;
  if (version === 4) {
    addressSize = reader.u8();
    if (reader.u8() !== 0) reader.fail("addresses with segments");
  }
  const codeAlign = reader.uleb();
  const dataAlign = reader.sleb();
  const returnRegister = version === 1 ? reader.u8() : reader.uleb();
  let pointerEncoding: number = DW_EH_PE.absptr;
  let signal = false;
  if (augmentation.startsWith("z")) {
    const length = reader.uleb();
    const data = reader.skip(length);
    reader.seek(data, data + length);
    for (const letter of augmentation.slice(1)) {
      if (letter === "R") pointerEncoding = reader.u8();
      else if (letter === "L") reader.skip(1);
      else if (letter === "S") signal = true;
      else if (letter === "P") {
        const encoding = reader.u8();
        if (encoding !== DW_EH_PE.omit) readPointer(reader, section, encoding, 0, addressSize);
      } else if (letter !== "B" && letter !== "G") break; // What follows an unknown letter cannot be told.
    }
    reader.seek(data + length, to);
  } else if (augmentation !== "" && augmentation !== "eh") {
    reader.fail(`augmentation ${JSON.stringify(augmentation)} is not known`);
  }
  return {
    section,
    offset,
    version,
    augmentation,
    codeAlign,
    dataAlign,
    returnRegister,
    addressSize,
    pointerEncoding,
    signal,
    from: reader.at,
    to,
  };
}
