import type { Frame, FrameKind } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { readJitDumpOf } from "./_jit_dumps.ts";
import { readPerfMap } from "./_perf_maps.ts";
import { createNotes } from "./_symbol_notes.ts";
import { loadVdso } from "./_vdso.ts";
import type { Address } from "./address.ts";
import { type CodeMapping, findMapping, isAnonymous } from "./code_mapping.ts";
import type { CodeFrame, CodeModule } from "./code_module.ts";
import { debuginfodConfig, fetchDebugFile } from "./debuginfod.ts";
import { demangle } from "./demangle/mod.ts";
import type { JitDump } from "./jitdump.ts";
import { parseJitName } from "./jit_name.ts";
import type { Kallsyms } from "./kallsyms.ts";
import { KERNEL_MODULE } from "./kallsyms.ts";
import { createKernelSymbols } from "./kernel_symbols.ts";
import { createModuleCache } from "./module_cache.ts";
import type { PerfMap } from "./perf_map.ts";
import { isInterpreterLoop } from "./runtime_hint.ts";

/** A function name when none is known. */
export const UNKNOWN = "[unknown]";

/** A file of code that a process has mapped. */
export interface UsedCode {
  readonly pid: number;
  readonly mapping: CodeMapping;
}

/** Names the code at addresses, for one profile. */
export interface Symboliser {
  kernel(address: Address): Frame;
  /**
   * The frames at an address, outermost first: the function whose code it is, then those inlined into it there. Never
   * empty. The same array for the same answer where it can be.
   *
   * @param mappings of the process when the address was seen, ascending
   * @param timeNs when that was, by CLOCK_MONOTONIC: tells code apart that runtimes wrote over one another
   */
  userFrames(pid: number, mappings: readonly CodeMapping[], address: Address, timeNs?: number): readonly Frame[];
  /**
   * Fetches debug files that are missing here from the servers of `DEBUGINFOD_URLS`; does nothing where that is not set.
   * To be awaited before addresses are named.
   *
   * @param used the files of code that addresses lie in
   */
  prepare(used: Iterable<UsedCode>): Promise<void>;
  /**
   * Reads the symbols of a file that may be gone, with its process, when addresses are named: those of programs outside of
   * the system's directories, and of containers, that are not large. Cheap for what was read before.
   *
   * @param mapping the same object that `userFrames()` will be asked with
   */
  readEarly(pid: number, mapping: CodeMapping): void;
  /**
   * What could not be named and why, in sentences.
   *
   * @param matters whether a file is worth a sentence. Default: all are
   */
  notes(matters?: (path: string) => boolean): string[];
}

/** How code is named. */
export interface SymboliserOptions {
  /**
   * Whether `file` and `line` of a frame are what runs at the address, and where it calls the next frame. By default
   * they are where its function is declared, so that a function stays one frame.
   */
  readonly lines?: boolean;
  /** Whether inlined functions are frames: that takes debugging information, where there is some. Default: true. */
  readonly inlined?: boolean;
}

/**
 * Makes symbolisers that share what they have read: tables of files, the kernel's symbols.
 *
 * @example
 * ```ts ignore
 * const symbolisers = createSymbolisers(openHost());
 * const frames = symbolisers.start().userFrames(pid, codeMappings(host.maps(pid)), address);
 * ```
 */
export function createSymbolisers(host: Host): { start(options?: SymboliserOptions): Symboliser } {
  const modules = createModuleCache(host);
  const kernelSymbols = createKernelSymbols(host);
  let vdso: CodeModule | null | undefined;
  return {
    start: ({ lines = false, inlined = true } = {}) => {
      let kallsyms: Kallsyms | null | undefined;
      const perfMaps = new Map<number, PerfMap | null>();
      const jitDumps = new Map<number, JitDump | null>();
      const byMapping = new Map<string, CodeModule | null>();
      const early = new WeakMap<CodeMapping, CodeModule>();
      /** Of which debug files were fetched since. */
      const outdated = new WeakSet<CodeModule>();
      const frames = new Map<string, WeakMap<readonly CodeFrame[], readonly Frame[]>>();
      const single = new Map<string, readonly Frame[]>();
      const notes = createNotes();
      let recent:
        | { mapping: CodeMapping; module: CodeModule; frames: WeakMap<readonly CodeFrame[], readonly Frame[]> }
        | null = null;

      const one = (name: string, module: string, kind: FrameKind, file = "", line = 0): readonly Frame[] => {
        const key = `${kind}\0${name}\0${module}\0${file}\0${line}`;
        let known = single.get(key);
        if (!known) single.set(key, known = [{ function: name, module, file, line, kind }]);
        return known;
      };
      const moduleOf = (pid: number, mapping: CodeMapping): CodeModule | null => {
        if (mapping.path === "[vdso]") return vdso === undefined ? vdso = loadVdso(host) : vdso;
        const key = keyOf(mapping);
        // Before others of the same path: who compiles, runs and deletes may get the same inode each time.
        const kept = early.get(mapping);
        const known = kept && !outdated.has(kept) ? kept : byMapping.get(key);
        if (known !== undefined) return known;
        const loaded = modules.load(pid, mapping);
        if (typeof loaded === "string") {
          if (kept) return kept;
          // A file in memory is gone with its process: nobody replaced it.
          if (loaded === "replaced" && !mapping.path.startsWith("/memfd:")) notes.replaced(mapping.path);
          if (loaded === "absent" && mapping.path.startsWith("/")) notes.absent(mapping.path);
          // A process that has ended may have failed where another that lives can still show the file.
          if (loaded === "not_elf") byMapping.set(key, null);
          return null;
        }
        byMapping.set(key, loaded);
        notes.module(mapping.path, loaded);
        return loaded;
      };
      const perfMapOf = (pid: number): PerfMap | null => {
        let map = perfMaps.get(pid);
        if (map === undefined) {
          perfMaps.set(pid, map = readPerfMap(host, pid));
          if (map?.isCut) notes.cut(pid);
        }
        return map;
      };
      const jitDumpOf = (pid: number, mappings: readonly CodeMapping[]): JitDump | null => {
        let dump = jitDumps.get(pid);
        if (dump === undefined) {
          jitDumps.set(pid, dump = readJitDumpOf(host, pid, mappings));
          if (dump?.isCut) notes.cut(pid);
        }
        return dump;
      };
      const ofModule = (mapping: CodeMapping, found: readonly CodeFrame[]): readonly Frame[] =>
        (inlined ? found : found.slice(0, 1)).map((f): Frame => ({
          function: f.name === "" ? UNKNOWN : demangle(f.name),
          module: mapping.path,
          file: f.file,
          line: f.line,
          kind: f.isInlined ? "inlined" : "user",
        }));
      const jitted = (
        pid: number,
        mappings: readonly CodeMapping[],
        address: Address,
        timeNs: number | undefined,
      ): readonly Frame[] | null => {
        const dumped = jitDumpOf(pid, mappings)?.find(address, timeNs) ?? null;
        const named = dumped ?? perfMapOf(pid)?.find(address) ?? null;
        if (!named) return null;
        const name = parseJitName(named.name);
        const told = lines && dumped !== null && dumped.line > 0;
        const file = told ? dumped.file : name.file || (dumped?.file ?? "");
        return one(name.function, name.file || JITTED, "interpreted", file, told ? dumped.line : name.line);
      };

      return {
        kernel: (address) => {
          if (kallsyms === undefined) notes.kernel(kallsyms = kernelSymbols.load());
          const hit = kallsyms?.find(address);
          return one(hit?.name ?? UNKNOWN, hit?.module ?? KERNEL_MODULE, "kernel")[0];
        },
        userFrames: (pid, mappings, address, timeNs) => {
          const mapping = findMapping(mappings, address);
          if (!mapping) return jitted(pid, mappings, address, timeNs) ?? one(UNKNOWN, "", "user");
          const anonymous = isAnonymous(mapping.path);
          if (!anonymous) {
            if (recent?.mapping !== mapping) {
              const module = moduleOf(pid, mapping);
              let known = frames.get(mapping.path);
              if (!known) frames.set(mapping.path, known = new WeakMap());
              recent = module && { mapping, module, frames: known };
            }
            if (recent) {
              const found = recent.module.frames(address - mapping.start + mapping.offset, lines, inlined);
              if (found.length === 0) {
                notes.nameless(mapping.path, recent.module);
                return one(UNKNOWN, mapping.path, "user");
              }
              if (isInterpreterLoop(found[0].name) && !perfMapOf(pid) && !jitDumpOf(pid, mappings)) {
                notes.interpreted(pid, mappings);
              }
              if (lines) return ofModule(mapping, found);
              let made = recent.frames.get(found);
              if (!made) {
                recent.frames.set(found, made = ofModule(mapping, found));
              }
              return made;
            }
          }
          // Code without a file of its own, or in one that is no program (a memfd): a runtime may have named it.
          const named = jitted(pid, mappings, address, timeNs);
          if (named) return named;
          if (anonymous) notes.anonymous(pid, mappings);
          return one(UNKNOWN, anonymous ? ANONYMOUS : mapping.path, "user");
        },
        prepare: async (used) => {
          const config = debuginfodConfig();
          if (!config) return;
          const asked = new Set<string>();
          for (const { pid, mapping } of used) {
            if (isAnonymous(mapping.path) || mapping.path === "[vdso]") continue;
            const module = moduleOf(pid, mapping);
            const id = module?.buildId ?? null;
            if (!module || id === null || asked.has(id) || (module.full && module.hasLines)) continue;
            asked.add(id);
            if (asked.size > MAX_FETCHED) break;
            const answer = await fetchDebugFile(config, id);
            if (answer.kind === "failed") notes.fetch(mapping.path, answer.reason);
            if (answer.kind !== "fetched") continue;
            modules.forget(module);
            outdated.add(module);
            byMapping.delete(keyOf(mapping));
            notes.refetched(mapping.path);
            recent = null;
          }
        },
        readEarly: (pid, mapping) => {
          if (isAnonymous(mapping.path) || !mapping.path.startsWith("/")) return;
          if (STAYS.test(mapping.path) && !seesAnotherRoot(host, pid)) return;
          const module = modules.load(pid, mapping, MAX_EARLY_BYTES);
          if (typeof module !== "string") early.set(mapping, module);
        },
        notes: (matters) => notes.sentences(matters),
      };
    },
  };
}

/** Whether a process has other files than we: in a container, or after chroot(2). Its files are gone for us when it ends. */
function seesAnotherRoot(host: Host, pid: number): boolean {
  try {
    const [theirs, ours] = [host.path("pid_root", pid), "/"].map((path) => Deno.statSync(path));
    return theirs.dev !== ours.dev || theirs.ino !== ours.ino;
  } catch {
    return false;
  }
}

function keyOf(mapping: CodeMapping): string {
  return `${mapping.major}:${mapping.minor}:${mapping.inode}:${mapping.path}`;
}

/** Module of code that lies in no file. */
const ANONYMOUS = "[anon]";
/** Module of code that a runtime compiled, where it does not say from which file. */
const JITTED = "[jit]";
/** Where programs stay. */
const STAYS = /^\/(?:usr|lib|lib64|bin|sbin|opt|nix|snap)\//;
/** Reading the symbols of so many bytes takes some milliseconds. */
const MAX_EARLY_BYTES = 8 << 20;
/** Debug files are large, and a system has thousands of programs. */
const MAX_FETCHED = 200;
