import { type Elf, stringAt } from "../elf.ts";
import { openSection, type SectionBytes } from "../section_bytes.ts";
import { type AbbrevTable, abbrevTable } from "./abbrevs.ts";
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
  /**
   * Counts what is kept of the file: ranges of code and functions, or rows of lines.
   *
   * @throws {DwarfError} when there are more of them than 16 million, or rows than 32 million
   */
  spend(what: "scopes" | "rows", n: number): void;
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
  const tables = new Map<number, AbbrevTable>();
  const left = { scopes: MAX_SCOPES, rows: MAX_ALL_ROWS };
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
      // What a value's length depends on, in six bits.
      const key = offset * 64 + format.version * 4 + (format.offsetSize === 8 ? 2 : 0) +
        (format.addressSize === 8 ? 1 : 0);
      let table = tables.get(key);
      if (!table) {
        if (offset >= abbrev.size) throw new DwarfError(`No abbreviations at ${offset}`, offset);
        table = abbrevTable((at, length) => abbrev.at(at, Math.min(length, abbrev.size - at)), offset, format);
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
    spend: (what, n) => {
      if (left[what] < n) throw new DwarfError(`The file has more than ${SPENT[what]}`, 0);
      left[what] -= n;
    },
  };
}

function textAt(section: SectionBytes, offset: number): string {
  const all = section.whole();
  if (all) return stringAt(all, offset);
  for (let length = 256;; length *= 16) {
    const n = Math.min(length, MAX_TEXT, section.size - offset);
    const bytes = section.at(offset, n);
    const text = stringAt(bytes, 0);
    if (n < length || bytes.indexOf(0) >= 0) return text;
  }
}

const PT_LOAD = 1;
const PF_X = 1;
const MAX_SCOPES = 16 << 20;
const MAX_ALL_ROWS = 32 << 20;
const SPENT = { scopes: `${MAX_SCOPES} functions and ranges`, rows: `${MAX_ALL_ROWS} lines` };
const MAX_TABLES = 8192;
const MAX_TEXT = 64 << 10;
