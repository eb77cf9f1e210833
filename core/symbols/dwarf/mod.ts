/** What compilers tell of their code: functions, what was inlined into them, lines (DWARF 2 to 5). @module */
export { type Abbrev, type AbbrevTable } from "./abbrevs.ts";
export { type DebugFrame, type DebugInfo, readDebugInfo } from "./debug_info.ts";
export { DwarfError } from "./dwarf_error.ts";
export { type DwarfFile, openDwarf } from "./dwarf_file.ts";
export { type UnitFormat } from "./forms.ts";
