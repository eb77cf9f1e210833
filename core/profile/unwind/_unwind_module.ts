import {
  type CfiRows,
  cfiSections,
  type CfiTable,
  cfiTable,
  type Elf,
  ElfError,
  PF,
  PT,
  vaddrToFileOffset,
} from "../../symbols/mod.ts";
import type { UnwindArch } from "./_arch.ts";
import { RuleCache } from "./_rule_cache.ts";
import { KIND, type RuleStore } from "./_rules.ts";

/** The unwind tables of a file of code. */
export interface UnwindModule {
  /** The rule of an address that was asked for before; -1 when it was not. */
  cached(address: number): number;
  /**
   * The rule for an address that is not cached.
   *
   * @param address as the file's symbols name addresses
   * @param code reads bytes of the file, which may be closed by now; null when it cannot
   */
  rule(address: number, code: CodeReader): number;
  /** What turns a place in the file into an address, for a range of the file that is mapped as code. */
  addressOffset(offset: number, length: number): number | null;
}

/** Reads bytes of a file at an offset. */
export type CodeReader = (offset: number, length: number) => Uint8Array | null;

/**
 * Reads the tables of a file.
 *
 * @throws {ElfError} when they do not lie inside the file
 */
export function unwindModule(elf: Elf, arch: UnwindArch, store: RuleStore, rows: CfiRows): UnwindModule {
  const tables = elf.machine === arch.machine ? cfiSections(elf).map(cfiTable) : [];
  const cache = new RuleCache();
  // Kept without the file, which is closed.
  const { segments } = elf;
  const layout: Elf = { ...elf, sections: [] };

  const compile = (address: number, code: CodeReader): number => {
    try {
      const made = ruleByTables(tables, address, store, rows);
      if (made >= 0) return made;
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      return KIND.BAD;
    }
    // Looked up was the address or the byte before it: the trampoline may begin at either.
    const offset = vaddrToFileOffset(layout, address);
    const bytes = offset === null ? null : code(offset, 16);
    return bytes && (isSigreturn(bytes, arch) || isSigreturn(bytes.subarray(1), arch)) ? KIND.SIGRETURN : KIND.NO_TABLE;
  };

  return {
    cached: (address) => cache.get(address),
    rule: (address, code) => {
      const rule = compile(address, code);
      cache.set(address, rule);
      return rule;
    },
    addressOffset: (offset, length) => {
      const hits = segments.filter((s) =>
        s.type === PT.LOAD && s.offset < offset + length && offset < s.offset + s.fileSize
      );
      const s = hits.find((s) => s.flags & PF.X) ?? hits[0];
      return s ? s.vaddr - s.offset : null;
    },
  };
}

/** @returns -1 when no table has an entry for the address */
function ruleByTables(tables: readonly CfiTable[], address: number, store: RuleStore, rows: CfiRows): number {
  for (const table of tables) {
    const fde = table.find(address);
    if (fde) return store.add(rows.at(fde, address), fde.cie);
  }
  return -1;
}

function isSigreturn(code: Uint8Array, arch: UnwindArch): boolean {
  return arch.sigreturn.some((known) => known.every((b, i) => code[i] === b));
}
