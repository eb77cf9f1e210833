import { ElfError } from "../elf.ts";
import { lastAtOrBelow } from "../symbol_table.ts";
import type { Abbrev, AbbrevTable } from "./abbrevs.ts";
import { AT, FORM, UT } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { DwarfError } from "./dwarf_error.ts";
import { isAddressIndex, readNumber, skipForm, type UnitFormat } from "./forms.ts";
import { addressAt, type RangeBases, readRanges } from "./ranges.ts";
import { readString } from "./_strings.ts";

/** A unit of `.debug_info`: what one source file became, or what several share. */
export interface Unit extends UnitFormat, RangeBases {
  readonly file: DwarfFile;
  /** Of its header in the section. */
  readonly offset: number;
  readonly end: number;
  /** Of its first entry in the section. */
  readonly first: number;
  readonly abbrevOffset: number;
  readonly name: string;
  /** Directory that names of files are relative to. */
  readonly directory: string;
  /** DW_LANG_…; 0 when not said. */
  readonly language: number;
  /** Of its line program in `.debug_line`, or -1. */
  readonly lines: number;
  readonly stringsBase: number;
  /** Whether the rest is in a `.dwo` file (split DWARF), which is not read. */
  readonly isSplit: boolean;
}

/** The units of a file, ascending by offset. */
export interface UnitTable {
  readonly units: readonly Unit[];
  /** The unit that holds an entry. */
  at(offset: number): Unit | null;
}

/**
 * Reads the header and the first entry of every unit.
 *
 * @param code told the ranges of code that units claim
 * @throws {DwarfError} when headers do not follow one another, or there are more than a million
 */
export function readUnits(
  file: DwarfFile,
  code: (unit: number, start: number, end: number) => void,
  skipped: (problem: string) => void,
): UnitTable {
  const units: Unit[] = [];
  for (let offset = 0; offset + 11 <= file.info.size;) {
    if (units.length > MAX_UNITS) throw new DwarfError(`More than ${MAX_UNITS} units`, offset);
    const header = readHeader(file, offset);
    if (header.end <= offset || header.end > file.info.size) {
      throw new DwarfError("A unit reaches past the end of .debug_info", offset);
    }
    try {
      if (!header.hasEntries) skipped(`DWARF ${header.version} is not known`);
      else {units.push(readRoot(file, header, (start, end) => {
          file.spend("scopes", 1);
          code(units.length, start, end);
        }));}
    } catch (error) {
      // One broken unit does not make the others useless.
      if (!(error instanceof ElfError)) throw error;
      skipped(error.message);
    }
    offset = header.end;
  }
  const offsets = Float64Array.from(units, (u) => u.offset);
  return {
    units,
    at: (offset) => {
      const unit = units[lastAtOrBelow(offsets, offsets.length, offset)];
      return unit !== undefined && offset >= unit.first && offset < unit.end ? unit : null;
    },
  };
}

/**
 * Calls back with a cursor on an entry. Entries are short: a piece is read first, the rest of the unit if that was not
 * enough.
 */
export function atEntry<T>(unit: Pick<Unit, "file" | "end">, offset: number, read: (cursor: Cursor) => T): T {
  const all = unit.file.info.whole();
  if (all) return read(new Cursor(all, offset, unit.end));
  const rest = unit.end - offset;
  if (rest > PIECE) {
    try {
      return read(new Cursor(unit.file.info.at(offset, PIECE)));
    } catch (error) {
      if (!(error instanceof DwarfError)) throw error;
    }
  }
  return read(new Cursor(unit.file.info.at(offset, rest)));
}

/** The layout of the entry that the cursor is on; null for the end of a list of children. */
export function readCode(cursor: Cursor, abbrevs: AbbrevTable): Abbrev | null {
  const at = cursor.at;
  const code = cursor.uleb();
  if (code === 0) return null;
  const abbrev = abbrevs.get(code);
  if (!abbrev) throw new DwarfError(`No abbreviation ${code}`, at);
  return abbrev;
}

/**
 * The entry that a value refers to, as an offset in `.debug_info`; -2 - offset for one in the supplementary file; -1
 * for none, or one in a type unit.
 */
export function readReference(unit: UnitFormat & { readonly offset: number }, cursor: Cursor, form: number): number {
  // Type units are found by signature. They hold declarations only, and a function's other entries name it too.
  if (form === FORM.REF_SIG8) {
    skipForm(cursor, form, unit);
    return -1;
  }
  const value = readNumber(cursor, form, unit, 0);
  if (Number.isNaN(value)) return -1;
  if (form === FORM.GNU_REF_ALT || form === FORM.REF_SUP4 || form === FORM.REF_SUP8) return -2 - value;
  return form === FORM.REF_ADDR ? value : unit.offset + value;
}

interface Header extends UnitFormat {
  readonly offset: number;
  readonly end: number;
  readonly first: number;
  readonly abbrevOffset: number;
  readonly hasEntries: boolean;
}

/** DWARF 5, 7.5.1; before version 5 the address size comes last and there is no type. */
function readHeader(file: DwarfFile, offset: number): Header {
  const cursor = new Cursor(file.info.at(offset, Math.min(MAX_HEADER, file.info.size - offset)));
  let length = cursor.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = cursor.u64();
  const end = offset + cursor.at + length;
  // A header of its own length only: padding between units.
  if (length < 7) {
    return { offset, end, first: end, abbrevOffset: 0, version: 0, offsetSize, addressSize: 8, hasEntries: false };
  }
  const version = cursor.u16();
  const type = version >= 5 ? cursor.u8() : 0;
  let addressSize = version >= 5 ? cursor.u8() : 0;
  const abbrevOffset = cursor.uint(offsetSize);
  if (version < 5) addressSize = cursor.u8();
  if (type === UT.SKELETON || type === UT.SPLIT_COMPILE) cursor.need(8);
  if (type === UT.TYPE || type === UT.SPLIT_TYPE) cursor.need(8 + offsetSize);
  const known = version >= 2 && version <= 5 && (addressSize === 8 || addressSize === 4);
  return { offset, end, first: offset + cursor.at, abbrevOffset, version, offsetSize, addressSize, hasEntries: known };
}

function readRoot(file: DwarfFile, header: Header, code: (start: number, end: number) => void): Unit {
  const { version, offsetSize } = header;
  const wide = offsetSize === 8;
  // Where a table's header is left out of account when no base is said (DWARF 5, 7.26, 7.27, 7.28).
  const behindHeader = version >= 5 ? (wide ? 16 : 8) : 0;
  const unit = {
    ...header,
    file,
    name: "",
    directory: "",
    language: 0,
    lines: -1,
    stringsBase: behindHeader,
    addressBase: behindHeader,
    rangesBase: version >= 5 ? (wide ? 20 : 12) : 0,
    base: 0,
    isSplit: false,
  };
  const abbrevs = file.abbrevs(header.abbrevOffset, header);
  atEntry(unit, header.first, (cursor) => {
    const abbrev = readCode(cursor, abbrevs);
    if (!abbrev) return;
    let low = NaN, lowForm = 0, high = NaN, highForm = 0, ranges = NaN, rangesForm = 0;
    // Strings and addresses may be given by index into tables that a later attribute names.
    let nameAt = -1, nameForm = 0, directoryAt = -1, directoryForm = 0;
    for (let i = 0; i < abbrev.forms.length; i++) {
      let form = abbrev.forms[i];
      if (form === FORM.INDIRECT) form = cursor.uleb();
      const number = (): number => readNumber(cursor, form, header, abbrev.implicit?.[i] ?? 0);
      switch (abbrev.attributes[i]) {
        case AT.NAME:
          [nameAt, nameForm] = [cursor.at, form];
          skipForm(cursor, form, header);
          break;
        case AT.COMP_DIR:
          [directoryAt, directoryForm] = [cursor.at, form];
          skipForm(cursor, form, header);
          break;
        case AT.LOW_PC:
          [low, lowForm] = [number(), form];
          break;
        case AT.HIGH_PC:
          [high, highForm] = [number(), form];
          break;
        case AT.RANGES:
          [ranges, rangesForm] = [number(), form];
          break;
        case AT.STMT_LIST:
          unit.lines = number();
          break;
        case AT.LANGUAGE:
          unit.language = number();
          break;
        case AT.STR_OFFSETS_BASE:
          unit.stringsBase = number();
          break;
        case AT.ADDR_BASE:
        case AT.GNU_ADDR_BASE:
          unit.addressBase = number();
          break;
        case AT.RNGLISTS_BASE:
          unit.rangesBase = number();
          break;
        case AT.DWO_NAME:
        case AT.GNU_DWO_NAME:
          unit.isSplit = true;
          skipForm(cursor, form, header);
          break;
        default:
          skipForm(cursor, form, header);
      }
    }
    if (nameAt >= 0) unit.name = readString(unit, new Cursor(cursor.bytes, nameAt), nameForm);
    if (directoryAt >= 0) unit.directory = readString(unit, new Cursor(cursor.bytes, directoryAt), directoryForm);
    if (isAddressIndex(lowForm)) low = addressAt(unit, low);
    if (!Number.isNaN(low)) unit.base = low;
    if (!Number.isNaN(ranges)) readRanges(unit, rangesForm, ranges, code);
    else if (!Number.isNaN(high)) {
      if (isAddressIndex(highForm)) high = addressAt(unit, high);
      else if (highForm !== FORM.ADDR) high += low;
      if (high > low && file.isCode(low)) code(low, high);
    }
  });
  return unit;
}

const MAX_UNITS = 1 << 20;
const MAX_HEADER = 48;
const PIECE = 2048;
