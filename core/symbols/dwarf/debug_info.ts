import { addressIndex } from "../address_index.ts";
import type { SymbolHit } from "../symbol_table.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { flattenRanges } from "./flatten.ts";
import { readUnits } from "./units.ts";
import { openUnit, type UnitReader } from "./unit_reader.ts";

/** A function at an address: one that has code there, or one that was inlined into it. */
export interface DebugFrame {
  /** As linkers know it, or the source; empty when only the line is known. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly isInlined: boolean;
}

/** What the file's compiler knew about its code. Units are read when an address in them is first asked for. */
export interface DebugInfo {
  /**
   * The functions at an address, outermost first; the same array for the same answer where it can be.
   *
   * @param lines whether `file` and `line` tell what runs there (the innermost) and where the next one was called from;
   *   else where each function is declared, which is cheaper
   * @returns null when nothing is known
   */
  frames(address: number, lines: boolean): readonly DebugFrame[] | null;
  /** What could not be read, and why. */
  problems(): readonly string[];
}

/**
 * Reads which units there are and which code each holds; their contents wait until they are asked for.
 *
 * @param symbol tells what the outermost function is called; by default it goes by its name in the source
 * @throws {ElfError} when the units' headers are broken
 */
export function readDebugInfo(
  file: DwarfFile,
  symbol: (address: number) => SymbolHit | null = () => null,
): DebugInfo {
  const problems = new Set<string>();
  const problem = (text: string): void => {
    if (problems.size < MAX_PROBLEMS) problems.add(text);
  };
  const starts: number[] = [], ends: number[] = [], owners: number[] = [];
  const units = readUnits(file, (unit, start, end) => {
    starts.push(start);
    ends.push(end);
    owners.push(unit);
  }, problem);
  if (units.units.some((unit) => unit.isSplit)) problem("inlined functions are in .dwo files, which are not read");
  const supplement = file.supplement ? readUnits(file.supplement, () => {}, problem) : null;
  const ranges = flattenRanges(starts, ends, owners);
  const index = addressIndex(ranges.starts);
  const context = { units, supplement, names: new Map(), files: new Map(), problem, symbol };
  const readers: (UnitReader | undefined)[] = [];
  return {
    frames: (address, lines) => {
      const piece = index.find(address);
      const owner = piece < 0 ? -1 : ranges.owners[piece];
      if (owner < 0) return null;
      const reader = readers[owner] ??= openUnit(units.units[owner], context);
      return lines ? reader.framesWithLines(address) : reader.frames(address);
    },
    problems: () => [...problems],
  };
}

const MAX_PROBLEMS = 20;
