import { AT, FORM } from "./_codes.ts";
import { readNumber, skipForm } from "./forms.ts";
import { readString } from "./_strings.ts";
import { atEntry, readCode, readReference, type Unit, type UnitTable } from "./units.ts";

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
 * @param entry as {@linkcode Scopes.entries} has it
 * @param units of the entry's file
 * @param supplement units of the file shared with
 * @throws {ElfError} when an entry is broken
 */
export function readFunctionName(entry: number, units: UnitTable, supplement: UnitTable | null): FunctionName {
  let source = "";
  let linkage = "";
  let isC = false;
  let place: { unit: Unit; file: number; line: number } | null = null;
  let table: UnitTable | null = units;
  let next = entry;
  for (let steps = 0; next !== -1 && steps < MAX_STEPS; steps++) {
    if (next <= -2) {
      table = supplement;
      next = -2 - next;
    }
    const unit: Unit | null = table?.at(next) ?? null;
    if (!unit) break;
    if (steps === 0) isC = C_LANGUAGES.has(unit.language);
    const found = readNames(unit, next);
    source ||= found.name;
    linkage ||= found.linkage;
    if (place === null && found.line > 0) place = { unit, file: found.file, line: found.line };
    if (linkage !== "" && place !== null && !isC) break;
    next = found.next;
  }
  // What linkers know in C besides the source's name are clones and aliases.
  const name = linkage === "" || (source !== "" && isC) ? source : linkage;
  return { name, unit: place?.unit ?? null, file: place?.file ?? 0, line: place?.line ?? 0 };
}

interface Names {
  name: string;
  linkage: string;
  file: number;
  line: number;
  /** The entry to go on with, or -1. */
  next: number;
}

function readNames(unit: Unit, offset: number): Names {
  const abbrevs = unit.file.abbrevs(unit.abbrevOffset, unit);
  return atEntry(unit, offset, (cursor) => {
    const out: Names = { name: "", linkage: "", file: 0, line: 0, next: -1 };
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
          out.next = readReference(unit, cursor, form);
          break;
        default:
          skipForm(cursor, form, unit);
      }
    }
    return out;
  });
}

const MAX_STEPS = 16;
/** DW_LANG_C89, C, C99, C11, C17. */
const C_LANGUAGES: ReadonlySet<number> = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c]);
