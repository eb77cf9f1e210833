import { ElfError } from "../elf.ts";
import { type AddressIndex, addressIndex } from "../address_index.ts";
import type { SymbolHit } from "../symbol_table.ts";
import type { DebugFrame } from "./debug_info.ts";
import { type FunctionName, readFunctionName } from "./info_names.ts";
import { readScopes, type Scopes } from "./info_scopes.ts";
import { runLineProgram } from "./lines.ts";
import { type LineHeader, type Paths, readLineHeader } from "./lines_header.ts";
import { crossPieces, type Pieces } from "./pieces.ts";
import type { Unit, UnitTable } from "./units.ts";

/** What the units of a file share. */
export interface UnitContext {
  readonly units: UnitTable;
  readonly supplement: UnitTable | null;
  /** Names of inlined functions by their entry. */
  readonly names: Map<number, FunctionName>;
  /** Files of units that others refer to. */
  readonly files: Map<Unit, Paths>;
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
  let scopesIndex: AddressIndex | undefined;
  let pieces: Pieces | undefined;
  let piecesIndex: AddressIndex | undefined;
  // Answers by piece of the flattened ranges, and by piece of those crossed with the rows of lines.
  let declared: (readonly DebugFrame[] | undefined)[] = [];
  let lined: (readonly DebugFrame[] | undefined)[] = [];
  const namesOfScopes: (FunctionName | undefined)[] = [];

  const nameOf = (scope: number): FunctionName => {
    const known = namesOfScopes[scope];
    if (known !== undefined) return known;
    const entry = scopes!.entries[scope];
    let name = context.names.get(entry);
    if (!name) {
      name = attempt(() => readFunctionName(entry, context.units, context.supplement)) ?? UNNAMED;
      context.names.set(entry, name);
    }
    return namesOfScopes[scope] = name;
  };
  /** The path of a number in a unit's table of files. */
  const pathOf = (of: Unit, n: number): string => {
    let files = of === unit ? headerOf()?.files : context.files.get(of);
    if (files === undefined && of !== unit) {
      files = (of.lines < 0 ? null : attempt(() => readLineHeader(of, of.lines))?.files) ?? NO_PATHS;
      context.files.set(of, files);
    }
    const paths = files;
    return paths === undefined ? "" : attempt(() => paths.at(n)) ?? "";
  };
  const headerOf = (): LineHeader | null => {
    if (header === undefined) header = unit.lines < 0 ? null : attempt(() => readLineHeader(unit, unit.lines));
    return header;
  };
  const scopesOf = (): Scopes | null => {
    if (scopes === undefined) scopes = attempt(() => readScopes(unit));
    return scopes;
  };
  const cross = (): Pieces => {
    const head = headerOf();
    const rows = head && attempt(() => {
      const table = runLineProgram(head, unit.file.isCode);
      unit.file.spend("rows", table.starts.length);
      return table;
    });
    return crossPieces(scopesOf()?.ranges ?? null, rows);
  };
  /** Whether all of a piece belongs to one symbol. */
  const isWithin = (hit: SymbolHit | null, starts: Float64Array, piece: number): boolean =>
    hit !== null && hit.end !== undefined && hit.start <= starts[piece] &&
    piece + 1 < starts.length && hit.end >= starts[piece + 1];
  const byScope: ({ hit: SymbolHit | null; frames: readonly DebugFrame[] } | undefined)[] = [];
  /** What has a scope in it is cut into pieces: they share the frames. */
  const framesOf = (scope: number, hit: SymbolHit | null): readonly DebugFrame[] => {
    const known = byScope[scope];
    if (known !== undefined && known.hit === hit) return known.frames;
    const parent = scopes!.parents[scope];
    const { name, unit: at, file, line } = nameOf(scope);
    const frame: DebugFrame = {
      name: parent < 0 && hit ? hit.name : name,
      file: at === null ? "" : pathOf(at, file),
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
      file: pathOf(unit, scopes!.callFiles[scope]),
      line: scopes!.callLines[scope],
      isInlined,
    };
    const frames = isInlined ? [...callersOf(parent, hit), frame] : [frame];
    callers[scope] = { hit, frames };
    return frames;
  };

  return {
    frames: (address) => {
      if (!scopesIndex) {
        const { starts } = scopesOf()?.ranges ?? EMPTY;
        scopesIndex = addressIndex(starts);
        declared = new Array(starts.length);
      }
      const piece = scopesIndex.find(address);
      if (piece < 0) return null;
      const known = declared[piece];
      if (known !== undefined) return known;
      const scope = scopes!.ranges.owners[piece];
      if (scope < 0) return null;
      const hit = context.symbol(address);
      const frames = framesOf(scope, hit);
      if (isWithin(hit, scopes!.ranges.starts, piece)) declared[piece] = frames;
      return frames;
    },
    framesWithLines: (address) => {
      if (!pieces || !piecesIndex) {
        pieces = cross();
        piecesIndex = addressIndex(pieces.starts);
        lined = new Array(pieces.starts.length);
      }
      const piece = piecesIndex.find(address);
      if (piece < 0) return null;
      const known = lined[piece];
      if (known !== undefined) return known;
      const scope = pieces.owners[piece];
      const file = pathOf(unit, pieces.files[piece]);
      const line = pieces.lines[piece];
      if (scope < 0 && file === "") return null;
      const hit = context.symbol(address);
      const isInlined = scope >= 0 && scopes!.parents[scope] >= 0;
      const name = !isInlined && hit ? hit.name : scope < 0 ? "" : nameOf(scope).name;
      const inner = { name, file, line, isInlined };
      const frames = isInlined ? [...callersOf(scope, hit), inner] : [inner];
      if (isWithin(hit, pieces.starts, piece)) lined[piece] = frames;
      return frames;
    },
  };
}

const NO_PATHS: Paths = { at: () => "", add: () => {} };
const EMPTY = { starts: new Float64Array(0) };
const UNNAMED: FunctionName = { name: "", unit: null, file: 0, line: 0 };
