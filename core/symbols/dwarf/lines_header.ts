import { FORM } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import type { DwarfFile } from "./dwarf_file.ts";
import { DwarfError } from "./dwarf_error.ts";
import { readNumber, skipForm, type UnitFormat } from "./forms.ts";
import { readString } from "./_strings.ts";

/** What the header of a line program says (DWARF 5, 6.2.4). */
export interface LineHeader extends UnitFormat {
  readonly minInstruction: number;
  readonly lineBase: number;
  readonly lineRange: number;
  /** Number of operands of each standard opcode; the first is of opcode 1. */
  readonly operands: Uint8Array;
  /** The instructions. */
  readonly program: Uint8Array;
  /** Paths of files, as complete as they can be told. Programs may add to them. */
  readonly files: Paths;
  readonly directories: Paths;
}

/** Paths that are made when they are asked for: of most units few are. */
export interface Paths {
  /**
   * The path of a number; empty for one that does not exist.
   *
   * @throws {ElfError} when it is broken
   */
  at(n: number): string;
  add(path: string): void;
}

/** The unit whose lines are meant. */
export interface LineUnit {
  readonly file: DwarfFile;
  readonly directory: string;
  readonly name: string;
  readonly stringsBase: number;
  readonly addressSize: number;
}

/**
 * Reads the header of the line program at an offset of `.debug_line`, versions 2 to 5.
 *
 * @throws {ElfError} when it is broken, or of a version that is not known
 */
export function readLineHeader(unit: LineUnit, offset: number): LineHeader {
  const section = unit.file.line;
  if (!section) throw new DwarfError("There is no .debug_line", offset);
  const head = new Cursor(section.at(offset, Math.min(12, section.size - offset)));
  let length = head.u32();
  const offsetSize = length === 0xffffffff ? 8 : 4;
  if (offsetSize === 8) length = head.u64();
  if (length > MAX_PROGRAM) throw new DwarfError(`A line program of ${length} bytes: more than ${MAX_PROGRAM}`, offset);
  const cursor = new Cursor(section.at(offset + head.at, length));
  const version = cursor.u16();
  if (version < 2 || version > 5) throw new DwarfError(`Line programs of version ${version} are not known`, offset);
  const addressSize = version >= 5 ? cursor.u8() : unit.addressSize;
  if (version >= 5) cursor.u8();
  const headerLength = cursor.uint(offsetSize);
  const start = cursor.at + headerLength;
  if (start > cursor.end) throw new DwarfError("The header of a line program is longer than the program", offset);
  const minInstruction = cursor.u8();
  if (version >= 4) cursor.u8();
  cursor.u8();
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  if (lineRange === 0) throw new DwarfError("A line program's line range is zero", offset);
  const opcodeBase = cursor.u8();
  const operands = cursor.bytes.subarray(cursor.need(Math.max(0, opcodeBase - 1)), cursor.at);
  const format: UnitFormat = { version, offsetSize, addressSize };
  const { files, directories } = version >= 5 ? readTables(unit, cursor, format) : readOldTables(unit, cursor);
  const program = cursor.bytes.subarray(start);
  return { ...format, minInstruction, lineBase, lineRange, operands, program, files, directories };
}

function pathsOf(length: number, make: (n: number) => string): Paths {
  const known: (string | undefined)[] = new Array(length);
  return {
    at: (n) => n < known.length ? known[n] ??= make(n) : "",
    add: (path) => {
      if (known.length < MAX_FILES) known.push(path);
    },
  };
}

/** Directory 0 is the compiler's; files count from 1. Number 0 means the unit's own file. */
function readOldTables(unit: LineUnit, cursor: Cursor): { files: Paths; directories: Paths } {
  const { bytes } = cursor;
  const text = (at: number): string => new Cursor(bytes, at).string();
  const isLast = (): boolean => cursor.at < cursor.end && bytes[cursor.at] === 0;
  const directoriesAt = [-1];
  for (; !isLast(); directoriesAt.push(cursor.skipString())) {
    if (directoriesAt.length > MAX_FILES) throw new DwarfError("Too many directories", cursor.at);
  }
  cursor.need(1);
  const filesAt = [-1], directoryOf = [0];
  for (; !isLast(); cursor.skipLeb(), cursor.skipLeb()) {
    if (filesAt.length > MAX_FILES) throw new DwarfError("Too many files", cursor.at);
    filesAt.push(cursor.skipString());
    directoryOf.push(cursor.uleb());
  }
  const directories = pathsOf(
    directoriesAt.length,
    (n) => n === 0 ? unit.directory : join(unit.directory, text(directoriesAt[n])),
  );
  const files = pathsOf(
    filesAt.length,
    (n) => n === 0 ? join(unit.directory, unit.name) : join(directories.at(directoryOf[n]), text(filesAt[n])),
  );
  return { files, directories };
}

const LNCT_PATH = 1;
const LNCT_DIRECTORY = 2;

/** Tables that say themselves what they hold (DWARF 5, 6.2.4.1). Directory 0 is the compiler's; files count from 0. */
function readTables(unit: LineUnit, cursor: Cursor, format: UnitFormat): { files: Paths; directories: Paths } {
  const strings = { ...format, file: unit.file, stringsBase: unit.stringsBase };
  const { bytes } = cursor;
  const table = (): { length: number; text: (n: number) => string; directoryOf: number[] } => {
    const columns = Array.from({ length: cursor.u8() }, () => [cursor.uleb(), cursor.uleb()]);
    const length = cursor.uleb();
    if (length > MAX_FILES || (columns.length === 0 && length > 0)) throw new DwarfError("Too many files", cursor.at);
    const textAt: number[] = [], directoryOf: number[] = [];
    let textForm = 0;
    for (let i = 0; i < length; i++) {
      let at = -1, directory = 0;
      for (const [content, form] of columns) {
        if (content === LNCT_DIRECTORY && form !== FORM.BLOCK) {
          directory = readNumber(cursor, form, format, 0);
          continue;
        }
        if (content === LNCT_PATH) {
          at = cursor.at;
          textForm = form;
        }
        skipForm(cursor, form, format);
      }
      textAt.push(at);
      directoryOf.push(directory);
    }
    const text = (n: number): string =>
      textAt[n] < 0 ? "" : readString(strings, new Cursor(bytes, textAt[n]), textForm);
    return { length, text, directoryOf };
  };
  const inDirectories = table();
  const directories: Paths = pathsOf(
    inDirectories.length,
    (n) => join(n === 0 ? unit.directory : directories.at(0), inDirectories.text(n)),
  );
  const { length, text, directoryOf } = table();
  return { files: pathsOf(length, (n) => join(directories.at(directoryOf[n]), text(n))), directories };
}

/** A path below a directory; an absolute one stays as it is. */
export function join(directory: string, path: string): string {
  if (path.startsWith("/") || directory === "") return path;
  // Builds that are to be the same anywhere replace their root by "." in all paths: both begin there.
  if (path.startsWith("./") && directory.startsWith(".")) return path;
  return path === "" ? directory : `${directory}/${path}`;
}

const MAX_PROGRAM = 64 << 20;
const MAX_FILES = 1 << 17;
