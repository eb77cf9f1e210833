import type { Host } from "../host/mod.ts";
import { mappedPath, openMappedFile } from "./open_mapped_file.ts";
import type { CodeMapping } from "./code_mapping.ts";
import { type CodeModule, loadModule } from "./code_module.ts";
import { ElfError } from "./elf.ts";
import { openRegularFile, type RegularFile } from "./regular_file.ts";
import { reopenedFiles } from "./reopened_files.ts";

/** Why a mapped file has no symbols. */
export type ModuleProblem = "absent" | "replaced" | "not_elf" | "too_large";

/** Files of code by identity, kept from one profile to the next. */
export interface ModuleCache {
  /**
   * The module behind a mapping of a process.
   *
   * @param maxBytes of a file that is not known yet
   */
  load(pid: number, mapping: CodeMapping, maxBytes?: number): CodeModule | ModuleProblem;
  /** Forgets a module: what is known of its debug file has changed. */
  forget(module: CodeModule): void;
}

interface Entry {
  readonly module: CodeModule | "not_elf";
  /** The last process that showed the file: what is read of it later is read through that. */
  readonly shown: { pid: number; mapping: CodeMapping };
}

/** Opens the files that processes have mapped. None stays open. */
export function createModuleCache(host: Host): ModuleCache {
  const modules = new Map<string, Entry>();

  const load = (shown: Entry["shown"]): CodeModule | "not_elf" => {
    const files = reopenedFiles();
    const openDebug = (path: string, own: boolean) =>
      files.add(() =>
        (own ? null : openRegularFile(path, { root: host.path("pid_root", shown.pid) })) ?? openRegularFile(path)
      );
    const source = files.add(() => {
      const file = openMappedFile(host, shown.pid, shown.mapping);
      return typeof file === "string" ? null : file;
    });
    if (!source) return "not_elf";
    try {
      const module = files.during(() => loadModule(source, mappedPath(shown.mapping), openDebug));
      return { ...module, frames: (...asked) => files.during(() => module.frames(...asked)) };
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      return "not_elf";
    }
  };

  return {
    load: (pid, mapping, maxBytes = Infinity) => {
      const file = openMappedFile(host, pid, mapping);
      if (typeof file === "string") return file;
      const key = identityOf(file);
      const { size } = file;
      file[Symbol.dispose]();
      const known = modules.get(key);
      if (known !== undefined) {
        known.shown.pid = pid;
        known.shown.mapping = mapping;
        // Moves it to the young end.
        modules.delete(key);
        modules.set(key, known);
        return known.module;
      }
      if (size > maxBytes) return "too_large";
      const shown = { pid, mapping };
      const entry = { module: load(shown), shown };
      modules.set(key, entry);
      if (modules.size > MAX_MODULES) modules.delete(modules.keys().next().value!);
      return entry.module;
    },
    forget: (module) => {
      for (const [key, entry] of modules) if (entry.module === module) modules.delete(key);
    },
  };
}

function identityOf(file: RegularFile): string {
  return `${file.major}:${file.minor}:${file.inode}:${file.size}:${file.modified}`;
}

/** Tables of large programs take tens of megabytes. */
const MAX_MODULES = 256;
