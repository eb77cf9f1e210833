import type { Host } from "../host/mod.ts";
import type { CodeMapping } from "./code_mapping.ts";
import { type CodeModule, loadModule } from "./code_module.ts";
import { ElfError } from "./elf.ts";
import { openRegularFile, type RegularFile } from "./regular_file.ts";

/** Why a mapped file has no symbols. */
export type ModuleProblem = "absent" | "replaced" | "not_elf";

/** Files of code by identity, kept from one profile to the next. */
export interface ModuleCache {
  /** The module behind a mapping of a process. */
  load(pid: number, mapping: CodeMapping): CodeModule | ModuleProblem;
}

/**
 * Opens the files that processes have mapped: as the process sees its path, if that is still the same file; else
 * through the kernel's own link to what is mapped (needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE); and for processes
 * that have ended, as we see the path.
 */
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
      const path = mapping.path.replace(/ \(deleted\)$/, "");
      const range = `${mapping.start.toString(16)}-${mapping.end.toString(16)}`;
      let replaced = false;
      for (const way of ["path", "link", "own"] as const) {
        using file = way === "path"
          ? openRegularFile(path, { root: host.path("pid_root", pid) })
          : openRegularFile(way === "link" ? `${host.path("pid_map_files", pid)}/${range}` : path);
        if (!file) continue;
        if (way === "link" || mapping.inode === 0 || file.inode === mapping.inode) return loadFile(file, pid, path);
        replaced = true;
      }
      return replaced || path !== mapping.path ? "replaced" : "absent";
    },
  };
}

/** Tables of large programs take tens of megabytes. */
const MAX_MODULES = 256;
