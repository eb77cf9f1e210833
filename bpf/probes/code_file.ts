import {
  demangle,
  type Elf,
  ElfError,
  elfFunctions,
  openRegularFile,
  readElf,
  type StaticProbe,
  staticProbes,
  type SymbolColumns,
  vaddrToFileOffset,
} from "../../core/symbols/mod.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import type { CodeFiles } from "./code_files.ts";

/** A program or library, as far as probes need it. */
export interface CodeFile {
  /** Where it lies. */
  readonly path: string;
  /** Names of its functions, each once. */
  names(): readonly string[];
  /** Bytes from the start of the file to a function; all that have the name. */
  offsetsOf(name: string): readonly number[];
  /** Bytes from the start of the file to an address; null when nothing of the file lies there. */
  offsetAt(address: number): number | null;
  staticProbes(): readonly StaticProbe[];
}

/** Where programs and libraries usually lie, behind the folders of PATH. */
const FOLDERS = [
  ...["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"],
  ...["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/usr/local/lib", "/lib"],
];

/** Programs and libraries of this machine. */
export function openCodeFiles(): CodeFiles {
  const files = new Map<string, CodeFile>();
  return {
    open(name): CodeFile {
      let file = files.get(name);
      if (!file) files.set(name, file = readCodeFile(pathOf(name)));
      return file;
    },
  };
}

function pathOf(name: string): string {
  if (name.includes("/")) return name;
  const folders = [...(Deno.env.get("PATH") ?? "").split(":").filter((f) => f.startsWith("/")), ...FOLDERS];
  for (const file of [name, `lib${name}.so`, `${name}.so`]) {
    for (const folder of folders) if (isCode(`${folder}/${file}`)) return `${folder}/${file}`;
  }
  // libc.so.6 for "libc"
  for (const folder of folders) {
    const found = versioned(folder, name);
    if (found !== null) return found;
  }
  throw new CannotGenerate(`there is no program or library "${name}" in the usual places`, "Write its whole path.");
}

function versioned(folder: string, name: string): string | null {
  try {
    for (const entry of Deno.readDirSync(folder)) {
      const rest = entry.name.startsWith(`${name}.so.`) || entry.name.startsWith(`lib${name}.so.`);
      if (rest && isCode(`${folder}/${entry.name}`)) return `${folder}/${entry.name}`;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.PermissionDenied)) throw error;
  }
  return null;
}

/** ELF files begin so. Beside libraries lie texts for the linker with names like theirs: libc.so. */
const ELF_MAGIC = "\x7fELF";

function isCode(path: string): boolean {
  using file = openRegularFile(path);
  const head = file?.read(0, ELF_MAGIC.length);
  return head ? String.fromCharCode(...head) === ELF_MAGIC : false;
}

/** Why a path cannot be opened as a regular file. */
function obstacle(path: string): string {
  try {
    return Deno.statSync(path).isFile ? `"${path}" cannot be read` : `"${path}" is no regular file`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? `there is no file "${path}"` : `"${path}" cannot be read`;
  }
}

function readCodeFile(path: string): CodeFile {
  using file = openRegularFile(path);
  if (!file) {
    throw new CannotGenerate(obstacle(path), "Write the path of a program or library.");
  }
  let elf: Elf;
  let functions: SymbolColumns;
  let probes: StaticProbe[];
  try {
    elf = readElf(file);
    functions = elfFunctions(elf);
    probes = staticProbes(elf);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    throw new CannotGenerate(
      `"${path}" holds no code that can be probed: ${error.message}`,
      "Scripts: probe their interpreter.",
    );
  }
  const places = functionPlaces(functions);
  let list: readonly string[] | undefined;
  return {
    path,
    names: () => list ??= [...places.keys()].sort(),
    offsetsOf(name): readonly number[] {
      const addresses = places.get(name) ?? byDemangled(places, name);
      return [...new Set(addresses.flatMap((a) => vaddrToFileOffset(elf, a) ?? []))];
    },
    offsetAt: (address) => vaddrToFileOffset(elf, address),
    staticProbes: () => probes,
  };
}

function functionPlaces(functions: SymbolColumns): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (let i = 0; i < functions.length; i++) {
    // Symbols of libraries carry their version: malloc@@GLIBC_2.2.5.
    const name = functions.nameOf(i).replace(/@@.*$/, "");
    if (name.endsWith("@plt")) continue;
    const known = places.get(name);
    if (known) known.push(functions.starts[i]);
    else places.set(name, [functions.starts[i]]);
  }
  return places;
}

/** C++ and Rust functions by the name that people know; without the parameters where those are left out. */
function byDemangled(places: ReadonlyMap<string, number[]>, wanted: string): number[] {
  const found: number[] = [];
  for (const [name, addresses] of places) {
    if (!name.startsWith("_")) continue;
    const readable = demangle(name);
    if (readable === wanted || readable.startsWith(`${wanted}(`)) found.push(...addresses);
  }
  return found;
}
