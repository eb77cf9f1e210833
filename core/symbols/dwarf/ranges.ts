import { FORM } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { DwarfError } from "./dwarf_error.ts";
import type { UnitFormat } from "./forms.ts";
import type { SectionBytes } from "../section_bytes.ts";

/** What the ranges of a unit are relative to. */
export interface RangeBases {
  /** Of its table in `.debug_addr`. */
  readonly addressBase: number;
  /** Of its table in `.debug_rnglists`. */
  readonly rangesBase: number;
  /** The address that ranges begin to count from. */
  readonly base: number;
}

interface RangedUnit extends UnitFormat, RangeBases {
  readonly file: DwarfFile;
}

/** The address at a place of the unit's table. @throws {ElfError} when it is outside of the section */
export function addressAt(unit: RangedUnit, index: number): number {
  const section = unit.file.addr;
  if (!section) throw new DwarfError("An address is in .debug_addr, which is missing", index);
  const at = unit.addressBase + index * unit.addressSize;
  const all = section.whole();
  return (all ? new Cursor(all, at) : new Cursor(section.at(at, unit.addressSize))).uint(unit.addressSize);
}

/**
 * Tells the ranges of code that an attribute lists (DWARF 5, 2.17.3); empty ones, and those that the linker threw
 * away, are left out.
 *
 * @param value of the attribute: an offset, or for DW_FORM_rnglistx an index
 * @throws {ElfError} when the list is broken. Each entry read counts: many units may name one long list
 */
export function readRanges(
  unit: RangedUnit,
  form: number,
  value: number,
  sink: (start: number, end: number) => void,
): void {
  const take = (start: number, end: number): void => {
    if (end > start && unit.file.isCode(start)) sink(start, end);
  };
  if (unit.version < 5) {
    const section = unit.file.ranges;
    if (section) eachPiece(section, value + unit.rangesBase, (cursor) => readPairs(unit, cursor, take));
    return;
  }
  const section = unit.file.rnglists;
  if (!section) return;
  let offset = value;
  if (form === FORM.RNGLISTX) {
    const at = unit.rangesBase + value * unit.offsetSize;
    offset = unit.rangesBase + new Cursor(section.at(at, unit.offsetSize)).uint(unit.offsetSize);
  }
  eachPiece(section, offset, (cursor) => readList(unit, cursor, take));
}

/** Nothing says how long a list is: a piece is read first. What was told before it ended is told twice, which does no harm. */
function eachPiece(section: SectionBytes, offset: number, read: (cursor: Cursor) => void): void {
  const all = section.whole();
  if (all) return read(new Cursor(all, offset));
  const rest = section.size - offset;
  if (rest > PIECE) {
    try {
      return read(new Cursor(section.at(offset, PIECE)));
    } catch (error) {
      if (!(error instanceof DwarfError)) throw error;
    }
  }
  read(new Cursor(section.at(offset, Math.min(rest, MAX_LIST))));
}

/** `.debug_ranges`: pairs of addresses, ended by a pair of zeros (DWARF 4, 2.17.3). */
function readPairs(unit: RangedUnit, cursor: Cursor, take: (start: number, end: number) => void): void {
  const newBase = unit.addressSize === 8 ? 2 ** 64 - 1 : 2 ** 32 - 1;
  let base = unit.base;
  for (;;) {
    unit.file.spend("scopes", 1);
    const start = cursor.uint(unit.addressSize);
    const end = cursor.uint(unit.addressSize);
    if (start === 0 && end === 0) return;
    // 2^64 - 1 is read as 2^64, which compares equal to the double above.
    if (start >= newBase) base = end;
    else take(base + start, base + end);
  }
}

/** `.debug_rnglists`: entries of several kinds (DWARF 5, 7.25). */
function readList(unit: RangedUnit, cursor: Cursor, take: (start: number, end: number) => void): void {
  let base = unit.base;
  const address = (): number => cursor.uint(unit.addressSize);
  for (;;) {
    unit.file.spend("scopes", 1);
    const kind = cursor.u8();
    switch (kind) {
      case 0:
        return;
      case 1:
        base = addressAt(unit, cursor.uleb());
        break;
      case 2: {
        const start = addressAt(unit, cursor.uleb());
        take(start, addressAt(unit, cursor.uleb()));
        break;
      }
      case 3: {
        const start = addressAt(unit, cursor.uleb());
        take(start, start + cursor.uleb());
        break;
      }
      case 4: {
        const start = base + cursor.uleb();
        take(start, base + cursor.uleb());
        break;
      }
      case 5:
        base = address();
        break;
      case 6: {
        const start = address();
        take(start, address());
        break;
      }
      case 7: {
        const start = address();
        take(start, start + cursor.uleb());
        break;
      }
      default:
        throw new DwarfError(`Unknown kind of range ${kind}`, cursor.at);
    }
  }
}

const PIECE = 4096;
const MAX_LIST = 16 << 20;
