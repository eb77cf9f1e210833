import { FORM } from "./_codes.ts";
import type { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";

/** What decides how long values are. */
export interface UnitFormat {
  readonly version: number;
  /** 4 or 8: the 32-bit and the 64-bit format of DWARF. */
  readonly offsetSize: number;
  /** 1, 2, 4 or 8. */
  readonly addressSize: number;
}

/** Bytes that every value of a form takes, or -1 when that differs from value to value (DWARF 5, 7.5.6). */
export function fixedFormSize(form: number, format: UnitFormat): number {
  switch (form) {
    case FORM.FLAG_PRESENT:
    case FORM.IMPLICIT_CONST:
      return 0;
    case FORM.DATA1:
    case FORM.REF1:
    case FORM.FLAG:
    case FORM.STRX1:
    case FORM.ADDRX1:
      return 1;
    case FORM.DATA2:
    case FORM.REF2:
    case FORM.STRX2:
    case FORM.ADDRX2:
      return 2;
    case FORM.STRX3:
    case FORM.ADDRX3:
      return 3;
    case FORM.DATA4:
    case FORM.REF4:
    case FORM.REF_SUP4:
    case FORM.STRX4:
    case FORM.ADDRX4:
      return 4;
    case FORM.DATA8:
    case FORM.REF8:
    case FORM.REF_SIG8:
    case FORM.REF_SUP8:
      return 8;
    case FORM.DATA16:
      return 16;
    case FORM.STRP:
    case FORM.SEC_OFFSET:
    case FORM.LINE_STRP:
    case FORM.STRP_SUP:
    case FORM.GNU_REF_ALT:
    case FORM.GNU_STRP_ALT:
      return format.offsetSize;
    case FORM.ADDR:
      return format.addressSize;
    case FORM.REF_ADDR:
      return format.version <= 2 ? format.addressSize : format.offsetSize;
    default:
      return -1;
  }
}

/** Moves past a value. @throws {DwarfError} on forms that do not exist */
export function skipForm(cursor: Cursor, form: number, format: UnitFormat): void {
  const fixed = fixedFormSize(form, format);
  if (fixed >= 0) {
    cursor.need(fixed);
    return;
  }
  switch (form) {
    case FORM.STRING:
      cursor.skipString();
      return;
    case FORM.BLOCK1:
      cursor.need(cursor.u8());
      return;
    case FORM.BLOCK2:
      cursor.need(cursor.u16());
      return;
    case FORM.BLOCK4:
      cursor.need(cursor.u32());
      return;
    case FORM.BLOCK:
    case FORM.EXPRLOC:
      cursor.need(cursor.uleb());
      return;
    case FORM.SDATA:
    case FORM.UDATA:
    case FORM.REF_UDATA:
    case FORM.STRX:
    case FORM.ADDRX:
    case FORM.LOCLISTX:
    case FORM.RNGLISTX:
    case FORM.GNU_ADDR_INDEX:
    case FORM.GNU_STR_INDEX:
      cursor.skipLeb();
      return;
    case FORM.INDIRECT: {
      const real = cursor.uleb();
      if (real === FORM.INDIRECT) throw new DwarfError("An indirect form names an indirect form", cursor.at);
      skipForm(cursor, real, format);
      return;
    }
    default:
      throw new DwarfError(`Unknown form 0x${form.toString(16)}`, cursor.at);
  }
}

/** Whether a value is given by its place in the unit's table of addresses. */
export function isAddressIndex(form: number): boolean {
  return form === FORM.ADDRX || form === FORM.GNU_ADDR_INDEX || (form >= FORM.ADDRX1 && form <= FORM.ADDRX4);
}

/** Whether a value is given by its place in the unit's table of strings. */
export function isStringIndex(form: number): boolean {
  return form === FORM.STRX || form === FORM.GNU_STR_INDEX || (form >= FORM.STRX1 && form <= FORM.STRX4);
}

/**
 * The number that a value holds: a constant, an address, an offset or an index, whatever it stands for.
 *
 * @param implicit the value of DW_FORM_implicit_const
 * @returns NaN for what is no number; the cursor is past it all the same
 */
export function readNumber(cursor: Cursor, form: number, format: UnitFormat, implicit: number): number {
  switch (form) {
    case FORM.IMPLICIT_CONST:
      return implicit;
    case FORM.FLAG_PRESENT:
      return 1;
    case FORM.SDATA:
      return cursor.sleb();
    case FORM.UDATA:
    case FORM.REF_UDATA:
    case FORM.STRX:
    case FORM.ADDRX:
    case FORM.LOCLISTX:
    case FORM.RNGLISTX:
    case FORM.GNU_ADDR_INDEX:
    case FORM.GNU_STR_INDEX:
      return cursor.uleb();
    case FORM.INDIRECT: {
      const real = cursor.uleb();
      if (real === FORM.INDIRECT) throw new DwarfError("An indirect form names an indirect form", cursor.at);
      return readNumber(cursor, real, format, NaN);
    }
  }
  const size = fixedFormSize(form, format);
  if (size === 3) return cursor.u24();
  if (size === 1 || size === 2 || size === 4 || size === 8) return cursor.uint(size);
  skipForm(cursor, form, format);
  return NaN;
}
