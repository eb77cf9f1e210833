import { ElfError } from "../elf.ts";
import { lastAtOrBelow } from "../symbol_table.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { flattenRanges } from "./flatten.ts";
import { type FunctionName, readFunctionName } from "./info_names.ts";
import { readScopes, type Scopes } from "./info_scopes.ts";
import { type LineTable, runLineProgram } from "./lines.ts";
import { type LineHeader, readLineHeader } from "./lines_header.ts";
import { readUnits, type Unit, type UnitTable } from "./units.ts";

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

/** @throws {ElfError} when the units' headers are broken */
export function readDebugInfo(file: DwarfFile): DebugInfo {
  const problems = new Set<string>();
  const starts: number[] = [], ends: number[] = [], owners: number[] = [];
  const table = readUnits(file, (unit, start, end) => {
    starts.push(start);
    ends.push(end);
    owners.push(unit);
  }, (problem) => problems.add(problem));
  if (table.units.some((unit) => unit.isSplit)) {
    problems.add("inlined functions are in .dwo files, which are not read");
  }
  const supplement = file.supplement ? readUnits(file.supplement, () => {}, (problem) => problems.add(problem)) : null;
  const ranges = flattenRanges(starts, ends, owners);
  const readers = new Map<number, UnitReader>();
  let recent = -1;
  let reader: UnitReader | null = null;
  return {
    frames: (address, lines) => {
      const piece = lastAtOrBelow(ranges.starts, ranges.starts.length, address);
      const owner = piece < 0 ? -1 : ranges.owners[piece];
      if (owner < 0) return null;
      if (owner !== recent) {
        recent = owner;
        const known = readers.get(owner);
        reader = known ?? openUnit(table.units[owner], table, supplement, problems);
        if (!known) readers.set(owner, reader);
      }
      return reader!.frames(address, lines);
    },
    problems: () => [...problems],
  };
}

interface UnitReader {
  frames(address: number, lines: boolean): readonly DebugFrame[] | null;
}

function openUnit(unit: Unit, table: UnitTable, supplement: UnitTable | null, problems: Set<string>): UnitReader {
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      problems.add(error.message);
      return null;
    }
  };
  let scopes: Scopes | null | undefined;
  let header: LineHeader | null | undefined;
  let rows: LineTable | null | undefined;
  const names: (FunctionName | undefined)[] = [];
  const declared: (readonly DebugFrame[] | undefined)[] = [];
  const unnamed: FunctionName = { name: "", unit: null, file: 0, line: 0 };

  const nameOf = (scope: number): FunctionName =>
    names[scope] ??= attempt(() => readFunctionName(unit, scopes!.entries[scope], table, supplement)) ?? unnamed;
  const headerOf = (): LineHeader | null => {
    if (header === undefined) header = unit.lines < 0 ? null : attempt(() => readLineHeader(unit, unit.lines));
    return header;
  };
  const lineAt = (address: number): { file: string; line: number } => {
    if (rows === undefined) {
      const head = headerOf();
      rows = head && attempt(() => runLineProgram(head, unit.file.isCode));
    }
    const row = rows ? rows.find(address) : -1;
    return row < 0 ? NOWHERE : { file: header!.files[rows!.files[row]] ?? "", line: rows!.lines[row] };
  };
  const chainOf = (scope: number): number[] => {
    const chain: number[] = [];
    for (let s = scope; s >= 0; s = scopes!.parents[s]) chain.push(s);
    return chain;
  };
  const declaredFrames = (scope: number): readonly DebugFrame[] =>
    chainOf(scope).map((s): DebugFrame => {
      const name = nameOf(s);
      const file = name.unit === null ? "" : fileOf(name.unit, name.file);
      return { name: name.name, file, line: name.line, isInlined: scopes!.parents[s] >= 0 };
    }).reverse();
  const fileOf = (of: Unit, number: number): string => {
    if (of === unit) return headerOf()?.files[number] ?? "";
    return attempt(() => sharedFiles(of))?.[number] ?? "";
  };

  return {
    frames: (address, lines) => {
      if (scopes === undefined) scopes = attempt(() => readScopes(unit));
      const piece = scopes ? lastAtOrBelow(scopes.ranges.starts, scopes.ranges.starts.length, address) : -1;
      const scope = piece < 0 ? -1 : scopes!.ranges.owners[piece];
      if (!lines) return scope < 0 ? null : declared[scope] ??= declaredFrames(scope);
      let { file, line } = lineAt(address);
      if (scope < 0) return line > 0 || file !== "" ? [{ name: "", file, line, isInlined: false }] : null;
      return chainOf(scope).map((s): DebugFrame => {
        const frame = { name: nameOf(s).name, file, line, isInlined: scopes!.parents[s] >= 0 };
        file = headerOf()?.files[scopes!.callFiles[s]] ?? "";
        line = scopes!.callLines[s];
        return frame;
      }).reverse();
    },
  };
}

const NOWHERE = { file: "", line: 0 } as const;

/** Files of units that others refer to, kept as long as the units are. */
const shared = new WeakMap<Unit, readonly string[]>();

function sharedFiles(unit: Unit): readonly string[] {
  let files = shared.get(unit);
  if (!files) shared.set(unit, files = unit.lines < 0 ? [] : readLineHeader(unit, unit.lines).files);
  return files;
}
