import type { Host } from "../host/mod.ts";
import type { CodeMapping } from "./code_mapping.ts";
import { type CodeModule, loadModule } from "./code_module.ts";
import { ElfError } from "./elf.ts";
import { openMappedFile } from "./open_mapped_file.ts";
import { openRegularFile, type RegularFile } from "./regular_file.ts";

/** Why a mapped file has no symbols. */
export type ModuleProblem = "absent" | "replaced" | "not_elf";

/** Files of code by identity, kept from one profile to the next. */
export interface ModuleCache {
  /** The module behind a mapping of a process. */
  load(pid: number, mapping: CodeMapping): CodeModule | ModuleProblem;
}

/** Opens the files that processes have mapped ({@linkcode openMappedFile}). */
export function createModuleCache(host: Host): ModuleCache {
  const modules = new Map<string, CodeModule | "not_elf">();

  const loadFile = (file: RegularFile, pid: number, path: string): CodeModule | "not_elf" => {
    const key = `${file.major}:${file.minor}:${file.inode}:${file.size}:${file.modified}`;
    const known = modules.get(key);
    if (known !== undefined) {
      // Moves it to the young end.
      modules.delete(key);
      modules.set(key, known);
      return known;
    }
    using opened = new DisposableStack();
    const openDebug = (debugPath: string): RegularFile | null => {
      const found = openRegularFile(debugPath, { root: host.path("pid_root", pid) }) ?? openRegularFile(debugPath);
      return found && opened.use(found);
    };
    let module: CodeModule | "not_elf";
    try {
      module = loadModule(file, path, openDebug);
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      module = "not_elf";
    }
    modules.set(key, module);
    if (modules.size > MAX_MODULES) modules.delete(modules.keys().next().value!);
    return module;
  };

  return {
    load: (pid, mapping) => {
      const file = openMappedFile(host, pid, mapping);
      if (typeof file === "string") return file;
      using _closed = file;
      return loadFile(file, pid, mapping.path.replace(/ \(deleted\)$/, ""));
    },
  };
}

/** Tables of large programs take tens of megabytes. */
const MAX_MODULES = 256;
