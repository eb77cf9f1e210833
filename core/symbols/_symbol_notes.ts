import type { CodeMapping } from "./code_mapping.ts";
import type { CodeModule } from "./code_module.ts";
import type { Kallsyms } from "./kallsyms.ts";
import { runtimeOf } from "./runtime_hint.ts";

/** Gathers what could not be named, and says so once. */
export interface SymbolNotes {
  kernel(symbols: Kallsyms | null): void;
  replaced(path: string): void;
  absent(path: string): void;
  /** A module that is used: what is wrong with it is told at the end. */
  module(path: string, module: CodeModule): void;
  /** An address of a module that has no name. */
  nameless(path: string, module: CodeModule): void;
  /** Code in memory without a file, which nothing names. */
  anonymous(pid: number, mappings: readonly CodeMapping[]): void;
  /** Code of a runtime's own that interprets what has no names. */
  interpreted(pid: number, mappings: readonly CodeMapping[]): void;
  /** A process whose runtime named more code than is kept. */
  cut(pid: number): void;
  /** A debug file that could not be fetched. */
  fetch(path: string, reason: string): void;
  /** A debug file that was fetched: what was said of the module before is no longer true. */
  refetched(path: string): void;
  sentences(matters?: (path: string) => boolean): string[];
}

export function createNotes(): SymbolNotes {
  let kallsyms: Kallsyms | null | undefined;
  const replaced = new Set<string>();
  const absent = new Set<string>();
  const exportsOnly = new Set<string>();
  const modules = new Map<string, CodeModule>();
  const runtimes = new Map<string, { hint: string; pids: Set<number> }>();
  const cut = new Set<number>();
  const fetches: string[] = [];
  const runtime = (pid: number, mappings: readonly CodeMapping[], interprets: boolean): void => {
    const found = runtimeOf(mappings);
    if (!found || (found.interprets && !interprets)) return;
    const known = runtimes.get(found.name) ?? { hint: found.hint, pids: new Set() };
    runtimes.set(found.name, known);
    known.pids.add(pid);
  };
  return {
    kernel: (symbols) => kallsyms = symbols,
    replaced: (path) => replaced.add(path),
    absent: (path) => absent.add(path),
    module: (path, module) => modules.set(path, module),
    nameless: (path, module) => {
      // The kernel's own page has never more.
      if (!module.full && path !== "[vdso]") exportsOnly.add(path);
    },
    anonymous: (pid, mappings) => runtime(pid, mappings, false),
    interpreted: (pid, mappings) => runtime(pid, mappings, true),
    cut: (pid) => cut.add(pid),
    fetch: (path, reason) => {
      if (fetches.length < MAX_SHOWN) fetches.push(`No debug file of ${short(path)} from debuginfod: ${reason}.`);
    },
    refetched: (path) => exportsOnly.delete(path),
    sentences: (matters = () => true) => {
      const some = (paths: ReadonlySet<string>): boolean => [...paths].some(matters);
      const list = (paths: ReadonlySet<string>): string => listed([...paths].filter(matters));
      const notes: string[] = [];
      if (kallsyms === null) notes.push("Kernel functions have no names: the kernel's symbols cannot be read.");
      if (kallsyms?.hidden) {
        notes.push(
          "Kernel functions have no names: the kernel hides their addresses. " +
            "Run as root, give CAP_SYSLOG, or lower the sysctl kernel.kptr_restrict.",
        );
      }
      if (some(replaced)) {
        notes.push(`No names for code of ${list(replaced)}: replaced or deleted since it was started.`);
      }
      if (some(absent)) {
        notes.push(
          `No names for code of ${list(absent)}: gone, with the processes that ran it, when symbols were read.`,
        );
      }
      if (some(exportsOnly)) {
        notes.push(`Only exported functions have names in ${list(exportsOnly)}: stripped, and no debug file found.`);
      }
      for (const [name, { hint, pids }] of runtimes) {
        const one = pids.size === 1 ? `process ${[...pids][0]}` : `${pids.size} processes`;
        notes.push(`Functions of ${name} have no names (${one}): ${hint}.`);
      }
      if (cut.size > 0) {
        const pids = [...cut];
        const more = pids.length > MAX_SHOWN ? ` and ${pids.length - MAX_SHOWN} more` : "";
        notes.push(
          `Not all code that runtimes compiled has names and lines: those of process ${
            pids.slice(0, MAX_SHOWN).join(", ")
          }${more} are cut at the limit of what is kept.`,
        );
      }
      for (const [path, module] of modules) {
        const [problem] = module.problems();
        if (problem !== undefined) notes.push(`Debugging information of ${short(path)} was not all read: ${problem}.`);
      }
      return [...notes, ...fetches];
    },
  };
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_SHOWN).map(short).join(", ");
  return paths.length > MAX_SHOWN ? `${shown} and ${paths.length - MAX_SHOWN} more` : shown;
}

function short(path: string): string {
  return path.length > 100 ? `…${path.slice(-100)}` : path;
}

const MAX_SHOWN = 3;
