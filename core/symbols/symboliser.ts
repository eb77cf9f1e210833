import type { Frame, FrameKind } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { readPerfMap } from "./_perf_maps.ts";
import { loadVdso } from "./_vdso.ts";
import type { Address } from "./address.ts";
import { type CodeMapping, findMapping, isAnonymous } from "./code_mapping.ts";
import type { CodeModule } from "./code_module.ts";
import { demangle } from "./demangle/mod.ts";
import type { Kallsyms } from "./kallsyms.ts";
import { KERNEL_MODULE } from "./kallsyms.ts";
import { createKernelSymbols } from "./kernel_symbols.ts";
import { createModuleCache } from "./module_cache.ts";
import type { PerfMap } from "./perf_map.ts";

/** A function name when none is known. */
export const UNKNOWN = "[unknown]";

/** Names the code at addresses, for one profile. */
export interface Symboliser {
  kernel(address: Address): Frame;
  /** @param mappings of the process when the address was seen, ascending */
  user(pid: number, mappings: readonly CodeMapping[], address: Address): Frame;
  /** What could not be named and why, in sentences. */
  notes(): string[];
}

/**
 * Makes symbolisers that share what they have read: tables of files, the kernel's symbols.
 *
 * @example
 * ```ts ignore
 * const symbolisers = createSymbolisers(openHost());
 * const frame = symbolisers.start().user(pid, codeMappings(host.maps(pid)), address);
 * ```
 */
export function createSymbolisers(host: Host): { start(): Symboliser } {
  const modules = createModuleCache(host);
  const kernelSymbols = createKernelSymbols(host);
  let vdso: CodeModule | null | undefined;
  return {
    start: () => {
      let kallsyms: Kallsyms | null | undefined;
      const perfMaps = new Map<number, PerfMap | null>();
      const byMapping = new Map<string, CodeModule | null>();
      const replaced = new Set<string>();
      const exportsOnly = new Set<string>();

      const moduleOf = (pid: number, mapping: CodeMapping): CodeModule | null => {
        if (mapping.path === "[vdso]") return vdso === undefined ? vdso = loadVdso(host) : vdso;
        const key = `${mapping.major}:${mapping.minor}:${mapping.inode}:${mapping.path}`;
        const known = byMapping.get(key);
        if (known !== undefined) return known;
        const loaded = modules.load(pid, mapping);
        if (typeof loaded === "string") {
          // A file in memory is gone with its process: nobody replaced it.
          if (loaded === "replaced" && !mapping.path.startsWith("/memfd:")) replaced.add(mapping.path);
          // A process that has ended may have failed where another that lives can still show the file.
          if (loaded === "not_elf") byMapping.set(key, null);
          return null;
        }
        byMapping.set(key, loaded);
        return loaded;
      };
      const perfMapOf = (pid: number): PerfMap | null => {
        let map = perfMaps.get(pid);
        if (map === undefined) perfMaps.set(pid, map = readPerfMap(host, pid));
        return map;
      };

      return {
        kernel: (address) => {
          if (kallsyms === undefined) kallsyms = kernelSymbols.load();
          const hit = kallsyms?.find(address);
          return frame(hit?.name ?? UNKNOWN, hit?.module ?? KERNEL_MODULE, "kernel");
        },
        user: (pid, mappings, address) => {
          const mapping = findMapping(mappings, address);
          if (!mapping) return frame(perfMapOf(pid)?.find(address)?.name ?? UNKNOWN, "", "user");
          if (!isAnonymous(mapping.path)) {
            const module = moduleOf(pid, mapping);
            const hit = module?.find(address - mapping.start + mapping.offset);
            if (hit) return frame(demangle(hit.name), mapping.path, "user");
            if (module) {
              if (!module.full) exportsOnly.add(mapping.path);
              return frame(UNKNOWN, mapping.path, "user");
            }
          }
          // Code without a file of its own, or in one that is no program (a memfd): a runtime may have named it.
          const named = perfMapOf(pid)?.find(address);
          const module = isAnonymous(mapping.path) ? ANONYMOUS : mapping.path;
          return named ? frame(named.name, `[perf map ${pid}]`, "interpreted") : frame(UNKNOWN, module, "user");
        },
        notes: () => {
          const notes: string[] = [];
          if (kallsyms === null) notes.push("Kernel functions have no names: the kernel's symbols cannot be read.");
          if (kallsyms?.hidden) {
            notes.push(
              "Kernel functions have no names: the kernel hides their addresses. " +
                "Run as root, give CAP_SYSLOG, or lower the sysctl kernel.kptr_restrict.",
            );
          }
          if (replaced.size > 0) {
            notes.push(`No names for code of ${list(replaced)}: replaced or deleted since it was started.`);
          }
          if (exportsOnly.size > 0) {
            notes.push(
              `Only exported functions have names in ${list(exportsOnly)}: stripped, and no debug file found.`,
            );
          }
          return notes;
        },
      };
    },
  };
}

/** Module of code that lies in no file. */
const ANONYMOUS = "[anon]";

function frame(name: string, module: string, kind: FrameKind): Frame {
  return { function: name, module, file: "", line: 0, kind };
}

function list(paths: ReadonlySet<string>): string {
  const shown = [...paths].slice(0, 3).map((p) => p.length > 100 ? `…${p.slice(-100)}` : p).join(", ");
  return paths.size > 3 ? `${shown} and ${paths.size - 3} more` : shown;
}
