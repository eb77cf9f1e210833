import { FORM } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { isStringIndex, readNumber, skipForm, type UnitFormat } from "./forms.ts";

/** Where the strings of a unit are. */
interface StringPlaces extends UnitFormat {
  readonly file: DwarfFile;
  readonly stringsBase: number;
}

/**
 * The text that a value is; empty for what is no text, or is in a file that was not found.
 *
 * @throws {ElfError} when it refers to a place outside its section
 */
export function readString(unit: StringPlaces, cursor: Cursor, form: number): string {
  const { file } = unit;
  if (form === FORM.STRING) return cursor.string();
  if (form === FORM.STRP) return file.string("str", cursor.uint(unit.offsetSize));
  if (form === FORM.LINE_STRP) return file.string("line_str", cursor.uint(unit.offsetSize));
  if (form === FORM.STRP_SUP || form === FORM.GNU_STRP_ALT) {
    return file.supplement?.string("str", cursor.uint(unit.offsetSize)) ?? "";
  }
  if (isStringIndex(form)) {
    const index = readNumber(cursor, form, unit, 0);
    const entry = file.strOffsets?.at(unit.stringsBase + index * unit.offsetSize, unit.offsetSize);
    return entry ? file.string("str", new Cursor(entry).uint(unit.offsetSize)) : "";
  }
  skipForm(cursor, form, unit);
  return "";
}
