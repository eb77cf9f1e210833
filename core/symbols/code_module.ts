import type { ByteSource } from "./byte_source.ts";
import { findDebugFile, findSupplement, type OpenDebugFile } from "./debug_file.ts";
import { type DebugInfo, openDwarf, readDebugInfo } from "./dwarf/mod.ts";
import { type Elf, ElfError, fileOffsetToVaddr, PF, PT, readElf } from "./elf.ts";
import { buildId } from "./elf_notes.ts";
import { elfFunctions, hasDebugInfo, hasSymtab } from "./elf_symbols.ts";
import { type FoundSymbol, type SymbolHit, type SymbolTable, symbolTable } from "./symbol_table.ts";

/** A function at an address, its name as linkers know it. */
export interface CodeFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly isInlined: boolean;
}

/** The functions of a file of code, ready to be asked. */
export interface CodeModule {
  /** The function at an offset in the file, in bytes. */
  find(offset: number): SymbolHit | null;
  /**
   * The functions at an offset in the file, outermost first: what lies behind the first was inlined. The same array
   * for the same functions, where lines are not asked for.
   *
   * @param lines whether `file` and `line` are those of the code, and of the calls; else those of the declarations
   * @param inlined whether what was inlined is told; without, and without lines, no debugging information is read
   * @returns empty when nothing is known
   */
  frames(offset: number, lines: boolean, inlined?: boolean): readonly CodeFrame[];
  /** Number of functions known. */
  readonly functions: number;
  /** Whether a full symbol table was found: without, only functions that the file exports have names. */
  readonly full: boolean;
  readonly buildId: string | null;
  /** Whether there is debugging information. */
  readonly hasLines: boolean;
  /** What of the debugging information could not be read. */
  problems(): readonly string[];
}

/**
 * Reads the symbols of a file, or of its separate debug file when it was stripped. Debugging information is read when
 * frames are asked for.
 *
 * @param path of the file, for finding the debug file
 * @throws {ElfError} when the file is no 64-bit ELF file, or a broken one
 */
export function loadModule(source: ByteSource, path: string, openDebug: OpenDebugFile): CodeModule {
  const elf = readElf(source);
  const debug = hasSymtab(elf) && hasDebugInfo(elf) ? null : findDebugFile(elf, path, openDebug);
  const tables: SymbolTable[] = [];
  if (debug && hasSymtab(debug)) tables.push(symbolTable(elfFunctions(debug)));
  tables.push(symbolTable(elfFunctions(elf)));
  const described = hasDebugInfo(elf) ? { ...elf, path } : debug && hasDebugInfo(debug) ? debug : null;
  const failures: string[] = [];
  let info: DebugInfo | null | undefined;

  // Most files have one segment of code, and no other that holds its bytes.
  const first = elf.segments.find((s) => s.type === PT.LOAD && s.flags & PF.X);
  const addressOf = (offset: number): number | null =>
    first && offset >= first.offset && offset < first.offset + first.fileSize
      ? offset - first.offset + first.vaddr
      : fileOffsetToVaddr(elf, offset);
  const find = (address: number): FoundSymbol | null => {
    for (let i = 0; i < tables.length; i++) {
      const hit = tables[i].find(address);
      if (hit) return hit;
    }
    return null;
  };
  const debugInfo = (): DebugInfo | null => {
    if (info !== undefined) return info;
    info = null;
    if (described) {
      try {
        info = readInfo(described, described.path, openDebug, find);
      } catch (error) {
        if (!(error instanceof ElfError)) throw error;
        failures.push(error.message);
      }
    }
    return info;
  };

  return {
    find: (offset) => {
      // A debug file has no contents, and so no use for offsets: addresses come from the file that was mapped.
      const address = addressOf(offset);
      return address === null ? null : find(address);
    },
    frames: (offset, lines, inlined = true) => {
      const address = addressOf(offset);
      if (address === null) return NONE;
      const known = lines || inlined ? debugInfo()?.frames(address, lines) ?? null : null;
      if (known !== null) return known;
      return find(address)?.frames ?? NONE;
    },
    functions: tables[0].length,
    full: hasSymtab(debug ?? elf) || hasSymtab(elf),
    buildId: buildId(elf),
    hasLines: described !== null,
    problems: () => [...failures, ...(info?.problems() ?? [])],
  };
}

/**
 * The function itself goes by its symbol: that is its name in files without debugging information too, and of several
 * copies of a function (`.cold`, `.part.0`) it says which.
 */
function readInfo(
  elf: Elf,
  path: string,
  openDebug: OpenDebugFile,
  symbol: (address: number) => SymbolHit | null,
): DebugInfo | null {
  const supplement = findSupplement(elf, path, openDebug);
  const file = openDwarf(elf, supplement && openDwarf(supplement));
  return file && readDebugInfo(file, symbol);
}

const NONE: readonly CodeFrame[] = [];
