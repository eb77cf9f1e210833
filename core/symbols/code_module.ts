import type { ByteSource } from "./byte_source.ts";
import { findDebugFile, type OpenDebugFile } from "./debug_file.ts";
import { fileOffsetToVaddr, readElf } from "./elf.ts";
import { elfFunctions, hasSymtab } from "./elf_symbols.ts";
import { type SymbolHit, type SymbolTable, symbolTable } from "./symbol_table.ts";

/** The functions of a file of code, ready to be asked. */
export interface CodeModule {
  /** The function at an offset in the file, in bytes. */
  find(offset: number): SymbolHit | null;
  /** Number of functions known. */
  readonly functions: number;
  /** Whether a full symbol table was found: without, only functions that the file exports have names. */
  readonly full: boolean;
}

/**
 * Reads the symbols of a file, or of its separate debug file when it was stripped.
 *
 * @param path of the file, for finding the debug file
 * @throws {ElfError} when the file is no 64-bit ELF file, or a broken one
 */
export function loadModule(source: ByteSource, path: string, openDebug: OpenDebugFile): CodeModule {
  const elf = readElf(source);
  const debug = hasSymtab(elf) ? null : findDebugFile(elf, path, openDebug);
  const tables: SymbolTable[] = [];
  if (debug) tables.push(symbolTable(elfFunctions(debug)));
  tables.push(symbolTable(elfFunctions(elf)));
  return {
    find: (offset) => {
      // A debug file has no contents, and so no use for offsets: addresses come from the file that was mapped.
      const address = fileOffsetToVaddr(elf, offset);
      if (address === null) return null;
      for (const table of tables) {
        const hit = table.find(address);
        if (hit) return hit;
      }
      return null;
    },
    functions: tables[0].length,
    full: hasSymtab(debug ?? elf),
  };
}
