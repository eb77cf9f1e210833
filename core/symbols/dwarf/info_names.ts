import { AT, FORM } from "./_codes.ts";
import type { Cursor } from "./_cursor.ts";
import { isStringIndex, readNumber, skipForm } from "./forms.ts";
import { readString } from "./_strings.ts";
import { atEntry, readCode, type Unit, type UnitTable } from "./units.ts";

/** Who a function is, as its entries say. */
export interface FunctionName {
  /** The linker's name where there is one, as it tells more; else that of the source; empty when neither is known. */
  readonly name: string;
  /** Unit whose table of files `file` counts in; null when the place is not known. */
  readonly unit: Unit | null;
  readonly file: number;
  /** Where it is declared; 0 when not known. */
  readonly line: number;
}

/**
 * Follows an entry to those that it is an instance of, or completes (DW_AT_abstract_origin, DW_AT_specification): also
 * into other units and into the file that dwz shared entries with.
 *
 * @param units of the entry's file
 * @param supplement units of the file shared with
 * @throws {ElfError} when an entry is broken
 */
export function readFunctionName(
  unit: Unit,
  entry: number,
  units: UnitTable,
  supplement: UnitTable | null,
): FunctionName {
  let source = "";
  let linkage = "";
  let place: { unit: Unit; file: number; line: number } | null = null;
  let table: UnitTable | null = units;
  let at: Unit | null = unit;
  let offset = entry;
  for (let steps = 0; at !== null && steps < MAX_STEPS; steps++) {
    const found = readNames(at, offset);
    source ||= found.name;
    linkage ||= found.linkage;
    if (place === null && found.line > 0) place = { unit: at, file: found.file, line: found.line };
    if (found.next < 0 || (linkage !== "" && place !== null)) break;
    if (found.isSupplement) table = supplement;
    offset = found.next;
    at = table?.at(offset) ?? null;
  }
  // What linkers know in C besides the source's name are clones and aliases.
  const name = linkage === "" || (source !== "" && C_LANGUAGES.has(unit.language)) ? source : linkage;
  return { name, unit: place?.unit ?? null, file: place?.file ?? 0, line: place?.line ?? 0 };
}

interface Names {
  name: string;
  linkage: string;
  file: number;
  line: number;
  /** Offset of the entry to go on with, or -1. */
  next: number;
  isSupplement: boolean;
}

function readNames(unit: Unit, offset: number): Names {
  const abbrevs = unit.file.abbrevs(unit.abbrevOffset, unit);
  return atEntry(unit, offset, (cursor) => {
    const out: Names = { name: "", linkage: "", file: 0, line: 0, next: -1, isSupplement: false };
    const abbrev = readCode(cursor, abbrevs);
    if (!abbrev) return out;
    for (let i = 0; i < abbrev.forms.length; i++) {
      let form = abbrev.forms[i];
      if (form === FORM.INDIRECT) form = cursor.uleb();
      switch (abbrev.attributes[i]) {
        case AT.NAME:
          out.name = readString(unit, cursor, form);
          break;
        case AT.LINKAGE_NAME:
        case AT.MIPS_LINKAGE_NAME:
          out.linkage = readString(unit, cursor, form);
          break;
        case AT.DECL_FILE:
          out.file = readNumber(cursor, form, unit, abbrev.implicit?.[i] ?? 0);
          break;
        case AT.DECL_LINE:
          out.line = readNumber(cursor, form, unit, abbrev.implicit?.[i] ?? 0);
          break;
        case AT.ABSTRACT_ORIGIN:
        case AT.SPECIFICATION:
          readReference(unit, cursor, form, out);
          break;
        default:
          skipForm(cursor, form, unit);
      }
    }
    return out;
  });
}

function readReference(unit: Unit, cursor: Cursor, form: number, out: Names): void {
  // To a type unit, by its signature: those hold declarations only, and the function's other entries name it too.
  if (form === FORM.REF_SIG8 || isStringIndex(form)) return skipForm(cursor, form, unit);
  const value = readNumber(cursor, form, unit, 0);
  if (Number.isNaN(value)) return;
  out.isSupplement = form === FORM.GNU_REF_ALT || form === FORM.REF_SUP4 || form === FORM.REF_SUP8;
  out.next = out.isSupplement || form === FORM.REF_ADDR ? value : unit.offset + value;
}

const MAX_STEPS = 16;
/** DW_LANG_C89, C, C99, C11, C17. */
const C_LANGUAGES: ReadonlySet<number> = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c]);
