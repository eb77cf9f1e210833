import { type Elf, stringAt } from "../elf.ts";
import { openSection, type SectionBytes } from "../section_bytes.ts";
import { type AbbrevTable, readAbbrevs } from "./abbrevs.ts";
import { DwarfError } from "./dwarf_error.ts";
import type { UnitFormat } from "./forms.ts";

/** The sections of a file that hold its debugging information, and of the file it shares some with (dwz). */
export interface DwarfFile {
  readonly info: SectionBytes;
  readonly line: SectionBytes | null;
  readonly addr: SectionBytes | null;
  readonly ranges: SectionBytes | null;
  readonly rnglists: SectionBytes | null;
  readonly strOffsets: SectionBytes | null;
  readonly supplement: DwarfFile | null;
  /** Text of `.debug_str` or `.debug_line_str`. */
  string(section: "str" | "line_str", offset: number): string;
  /** The table of abbreviations at an offset. @throws {DwarfError} */
  abbrevs(offset: number, format: UnitFormat): AbbrevTable;
  /** Whether code can lie there: what the linker threw away has addresses such as 0, 1 or -1. */
  isCode(address: number): boolean;
}

/**
 * Opens what a file has of debugging information; sections are read when first needed.
 *
 * @param supplement the file that `.gnu_debugaltlink` names, when it was found
 * @returns null when there is none
 */
export function openDwarf(elf: Elf, supplement: DwarfFile | null = null): DwarfFile | null {
  const info = openSection(elf, ".debug_info");
  const abbrev = openSection(elf, ".debug_abbrev");
  if (!info || !abbrev) return null;
  const texts = { str: openSection(elf, ".debug_str"), line_str: openSection(elf, ".debug_line_str") };
  const tables = new Map<string, AbbrevTable>();
  const code = elf.segments.filter((s) => s.type === PT_LOAD && s.flags & PF_X);
  return {
    info,
    line: openSection(elf, ".debug_line"),
    addr: openSection(elf, ".debug_addr"),
    ranges: openSection(elf, ".debug_ranges"),
    rnglists: openSection(elf, ".debug_rnglists"),
    strOffsets: openSection(elf, ".debug_str_offsets"),
    supplement,
    string: (name, offset) => {
      const section = texts[name];
      return section && offset < section.size ? textAt(section, offset) : "";
    },
    abbrevs: (offset, format) => {
      const key = `${offset} ${format.version} ${format.offsetSize} ${format.addressSize}`;
      let table = tables.get(key);
      if (!table) {
        table = readTable(abbrev, offset, format);
        tables.set(key, table);
        if (tables.size > MAX_TABLES) tables.delete(tables.keys().next().value!);
      }
      return table;
    },
    isCode: (address) => {
      for (let i = 0; i < code.length; i++) {
        if (address >= code[i].vaddr && address < code[i].vaddr + code[i].memSize) return true;
      }
      return code.length === 0;
    },
  };
}

/** Nothing says how long a table is: a piece is tried first. */
function readTable(section: SectionBytes, offset: number, format: UnitFormat): AbbrevTable {
  if (offset >= section.size) throw new DwarfError(`No abbreviations at ${offset}`, offset);
  const all = section.size - offset;
  if (all > FIRST_TRY) {
    try {
      return readAbbrevs(section.at(offset, FIRST_TRY), format, false);
    } catch (error) {
      if (!(error instanceof DwarfError)) throw error;
    }
  }
  return readAbbrevs(section.at(offset, Math.min(all, MAX_TABLE_BYTES)), format, true);
}

function textAt(section: SectionBytes, offset: number): string {
  for (let length = 256;; length *= 16) {
    const n = Math.min(length, MAX_TEXT, section.size - offset);
    const bytes = section.at(offset, n);
    const text = stringAt(bytes, 0);
    if (n < length || bytes.indexOf(0) >= 0) return text;
  }
}

const PT_LOAD = 1;
const PF_X = 1;
const MAX_TABLES = 1024;
const FIRST_TRY = 8 << 10;
const MAX_TABLE_BYTES = 16 << 20;
const MAX_TEXT = 64 << 10;
