import { ElfError } from "../elf.ts";
import { lastAtOrBelow, type SymbolHit } from "../symbol_table.ts";
import type { DebugFrame } from "./debug_info.ts";
import { type FunctionName, readFunctionName } from "./info_names.ts";
import { readScopes, type Scopes } from "./info_scopes.ts";
import { type LineTable, runLineProgram } from "./lines.ts";
import { type LineHeader, readLineHeader } from "./lines_header.ts";
import type { Unit, UnitTable } from "./units.ts";

/** What the units of a file share. */
export interface UnitContext {
  readonly units: UnitTable;
  readonly supplement: UnitTable | null;
  /** Names of inlined functions by their entry. */
  readonly names: Map<number, FunctionName>;
  /** Files of units that others refer to. */
  readonly files: Map<Unit, readonly string[]>;
  problem(text: string): void;
  symbol(address: number): SymbolHit | null;
}

/** Answers for addresses in one unit. */
export interface UnitReader {
  /** Functions with where they are declared. */
  frames(address: number): readonly DebugFrame[] | null;
  /** Functions with the lines of the code. */
  framesWithLines(address: number): readonly DebugFrame[] | null;
}

/** Reads of a unit what is asked for, when it is first asked for. What is broken is told as a problem, once. */
export function openUnit(unit: Unit, context: UnitContext): UnitReader {
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      context.problem(error.message);
      return null;
    }
  };
  let scopes: Scopes | null | undefined;
  let header: LineHeader | null | undefined;
  let rows: LineTable | null | undefined;
  // Answers by piece of the flattened ranges, and by row of the lines: nearly all rows lie in one piece.
  const declared: (readonly DebugFrame[] | undefined)[] = [];
  const lined: ({ readonly piece: number; readonly frames: readonly DebugFrame[] } | undefined)[] = [];

  const nameOf = (scope: number): FunctionName => {
    const entry = scopes!.entries[scope];
    let name = context.names.get(entry);
    if (!name) {
      name = attempt(() => readFunctionName(entry, context.units, context.supplement)) ?? UNNAMED;
      context.names.set(entry, name);
    }
    return name;
  };
  const filesOf = (of: Unit): readonly string[] => {
    if (of === unit) return headerOf()?.files ?? [];
    let files = context.files.get(of);
    if (!files) {
      files = of.lines < 0 ? [] : attempt(() => readLineHeader(of, of.lines))?.files ?? [];
      context.files.set(of, files);
    }
    return files;
  };
  const headerOf = (): LineHeader | null => {
    if (header === undefined) header = unit.lines < 0 ? null : attempt(() => readLineHeader(unit, unit.lines));
    return header;
  };
  const rowsOf = (): LineTable | null => {
    if (rows === undefined) {
      const head = headerOf();
      rows = head && attempt(() => runLineProgram(head, unit.file.isCode));
    }
    return rows;
  };
  /** The piece that holds an address, or -1; its scope may be -1 too. */
  const pieceAt = (address: number): number => {
    if (scopes === undefined) scopes = attempt(() => readScopes(unit));
    return scopes ? lastAtOrBelow(scopes.ranges.starts, scopes.ranges.starts.length, address) : -1;
  };
  /** Whether all of a piece belongs to one symbol. */
  const isWithin = (hit: SymbolHit | null, piece: number): boolean => {
    const { starts } = scopes!.ranges;
    return hit !== null && hit.end !== undefined && hit.start <= starts[piece] &&
      piece + 1 < starts.length && hit.end >= starts[piece + 1];
  };
  const byScope: ({ hit: SymbolHit | null; frames: readonly DebugFrame[] } | undefined)[] = [];
  /** What has a scope in it is cut into pieces: they share the frames. */
  const framesOf = (scope: number, hit: SymbolHit | null): readonly DebugFrame[] => {
    const known = byScope[scope];
    if (known !== undefined && known.hit === hit) return known.frames;
    const parent = scopes!.parents[scope];
    const { name, unit: at, file, line } = nameOf(scope);
    const frame: DebugFrame = {
      name: parent < 0 && hit ? hit.name : name,
      file: at === null ? "" : filesOf(at)[file] ?? "",
      line,
      isInlined: parent >= 0,
    };
    const frames = parent < 0 ? [frame] : [...framesOf(parent, hit), frame];
    byScope[scope] = { hit, frames };
    return frames;
  };
  const callers: ({ hit: SymbolHit | null; frames: readonly DebugFrame[] } | undefined)[] = [];
  /** The functions around an inlined one, with the lines of the calls. */
  const callersOf = (scope: number, hit: SymbolHit | null): readonly DebugFrame[] => {
    const known = callers[scope];
    if (known !== undefined && known.hit === hit) return known.frames;
    const parent = scopes!.parents[scope];
    const isInlined = scopes!.parents[parent] >= 0;
    const frame: DebugFrame = {
      name: !isInlined && hit ? hit.name : nameOf(parent).name,
      file: headerOf()?.files[scopes!.callFiles[scope]] ?? "",
      line: scopes!.callLines[scope],
      isInlined,
    };
    const frames = isInlined ? [...callersOf(parent, hit), frame] : [frame];
    callers[scope] = { hit, frames };
    return frames;
  };

  return {
    frames: (address) => {
      const piece = pieceAt(address);
      const known = declared[piece];
      if (known !== undefined) return known;
      const scope = piece < 0 ? -1 : scopes!.ranges.owners[piece];
      if (scope < 0) return null;
      const hit = context.symbol(address);
      const frames = framesOf(scope, hit);
      if (isWithin(hit, piece)) declared[piece] = frames;
      return frames;
    },
    framesWithLines: (address) => {
      const piece = pieceAt(address);
      const scope = piece < 0 ? -1 : scopes!.ranges.owners[piece];
      const row = rowsOf()?.find(address) ?? -1;
      const known = lined[row];
      if (known !== undefined && known.piece === piece) return known.frames;
      const file = row < 0 ? "" : header!.files[rows!.files[row]] ?? "";
      const line = row < 0 ? 0 : rows!.lines[row];
      const hit = context.symbol(address);
      if (scope < 0) return file === "" ? null : [{ name: hit?.name ?? "", file, line, isInlined: false }];
      const isInlined = scopes!.parents[scope] >= 0;
      const inner = { name: !isInlined && hit ? hit.name : nameOf(scope).name, file, line, isInlined };
      const frames = isInlined ? [...callersOf(scope, hit), inner] : [inner];
      if (row >= 0 && isWithin(hit, piece)) lined[row] = { piece, frames };
      return frames;
    },
  };
}

const UNNAMED: FunctionName = { name: "", unit: null, file: 0, line: 0 };
