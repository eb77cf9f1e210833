/** Names for addresses: ELF files, the kernel's symbols, maps of just-in-time compilers, demangling. @module */
export { type Address, addressOf, addressText, isKernelAddress } from "./address.ts";
export { type ByteSource, bytesSource } from "./byte_source.ts";
export {
  type CodeMapping,
  codeMappings,
  findMapping,
  insertMapping,
  isAnonymous,
  mappingConflicts,
} from "./code_mapping.ts";
export { type CodeFrame, type CodeModule, loadModule } from "./code_module.ts";
export { type DebugElf, findDebugFile, findSupplement, type OpenDebugFile } from "./debug_file.ts";
export { debuginfodCache, type DebugPlace, debugPlaces } from "./debug_places.ts";
export { type DebuginfodAnswer, type DebuginfodConfig, debuginfodConfig, fetchDebugFile } from "./debuginfod.ts";
export { demangle } from "./demangle/mod.ts";
export { type CfiRow, RULE } from "./dwarf/cfi_row.ts";
export { type CfiRows, cfiRows } from "./dwarf/cfi_rows.ts";
export { type CfiSection, cfiSections } from "./dwarf/cfi_section.ts";
export { type CfiTable, cfiTable } from "./dwarf/cfi_table.ts";
export { type Cie, type Fde } from "./dwarf/cfi_entries.ts";
export { evaluateExpression, type ExpressionContext } from "./dwarf/dwarf_expression.ts";
export * from "./dwarf/mod.ts";
export * from "./elf.ts";
export { buildId, debugLink, supplementLink } from "./elf_notes.ts";
export { type StaticProbe, staticProbes } from "./elf_probes.ts";
export { elfFunctions, hasDebugInfo, hasSymtab } from "./elf_symbols.ts";
export { type JitDump, JitDumpError, type JitDumpLimits, type JitHit, readJitDump } from "./jitdump.ts";
export { type JitName, parseJitName } from "./jit_name.ts";
export { type Kallsyms, KERNEL_MODULE, type KernelSymbol, parseKallsyms } from "./kallsyms.ts";
export { kernelDataNames } from "./kernel_data.ts";
export { createKernelSymbols, type KernelSymbols } from "./kernel_symbols.ts";
export { createModuleCache, type ModuleCache, type ModuleProblem } from "./module_cache.ts";
export { openMappedFile } from "./open_mapped_file.ts";
export { ORC_REG, ORC_TYPE, type OrcFormat, type OrcTable, readOrc } from "./orc.ts";
export { parsePerfMap, type PerfMap } from "./perf_map.ts";
export { type OpenOptions, openRegularFile, readProcFile, type RegularFile } from "./regular_file.ts";
export { type Runtime, runtimeOf } from "./runtime_hint.ts";
export { openSection, type SectionBytes } from "./section_bytes.ts";
export { createSymbolisers, type Symboliser, type SymboliserOptions, UNKNOWN, type UsedCode } from "./symboliser.ts";
export {
  type FoundSymbol,
  type SymbolColumns,
  type SymbolFrame,
  type SymbolHit,
  type SymbolTable,
  symbolTable,
} from "./symbol_table.ts";
export { readVdsoImage } from "./vdso_image.ts";
