import type { Frame, FrameKind } from "../../data/mod.ts";
import type { Host } from "../../host/mod.ts";
import {
  type Address,
  type CodeMapping,
  createKernelSymbols,
  createSymbolisers,
  findMapping,
  isAnonymous,
  KERNEL_MODULE,
  UNKNOWN,
} from "../../symbols/mod.ts";
import type { KernelMaps } from "./kernel_maps.ts";
import type { LocalFiles } from "./local_files.ts";
import type { RecordedMapping, RecordedSpace } from "./recorded_tasks.ts";
import type { RecordingInfo } from "./recording_info.ts";

/** Names for the addresses of a recording. */
export interface RecordedNames {
  /** The function at an address, then what is inlined into it there. */
  user(space: RecordedSpace, address: Address): readonly Frame[];
  kernel(address: Address): Frame;
  /** Whether the file at an address of a program is here, so that its functions have names; true where no file is. */
  readable(space: RecordedSpace, address: Address): boolean;
  /** What could not be named, in sentences. */
  notes(): string[];
}

/**
 * Names come from the recording itself, from files that are those recorded, and from this kernel if it is the one that
 * was recorded.
 *
 * @param local null when no machine gives names
 */
export function recordedNames(
  info: RecordingInfo,
  kernel: KernelMaps,
  host: Host | null,
  local: LocalFiles | null,
): RecordedNames {
  const symboliser = host && createSymbolisers(host).start();
  const missing = new Set<string>();
  const localMappings = new Map<RecordedMapping, readonly CodeMapping[]>();
  const recordedKernel = info.buildIds.get(KERNEL_MODULE) ?? "";
  // perf records no build id into pipes and compressed files: then the version says which kernel it was.
  const sameBuild = local !== null &&
    (recordedKernel === ""
      ? info.osRelease !== "" && info.osRelease === Deno.osRelease()
      : recordedKernel === local.kernelBuildId);
  const sameKernel = sameBuild && host !== null && liesThere(host, kernel.text);
  let kernelUnnamed = 0;
  let userUnnamed = 0;

  const localOf = (mapping: RecordedMapping): readonly CodeMapping[] => {
    let found = localMappings.get(mapping);
    if (!found) {
      const here = local?.find(mapping, info.buildIds.get(mapping.path) ?? "") ?? null;
      // What the kernel maps itself, and what a runtime compiled, can be named where the kernel is the same.
      const own = here ?? (sameKernel && (mapping.path === "[vdso]" || isAnonymous(mapping.path)) ? mapping : null);
      localMappings.set(mapping, found = own ? [own] : []);
      if (!own && local && !isAnonymous(mapping.path)) missing.add(mapping.path);
    }
    return found;
  };
  const unknown = (module: string, kind: FrameKind): Frame => ({ function: UNKNOWN, module, file: "", line: 0, kind });

  return {
    user: (space, address) => {
      const mapping = findMapping(space.mappings, address) as RecordedMapping | null;
      if (!mapping) {
        userUnnamed++;
        return [unknown("", "user")];
      }
      const module = isAnonymous(mapping.path) ? "[anon]" : mapping.path;
      const here = symboliser ? localOf(mapping) : [];
      if (here.length === 0) {
        userUnnamed++;
        return [unknown(module, "user")];
      }
      // Of our own files, not of the process that has this number now; of its perf map, if it is the same machine.
      const pid = isAnonymous(mapping.path) ? space.pid : Deno.pid;
      const frames = symboliser!.userFrames(pid, here, address);
      return frames.map((frame) => frame.module === here[0].path ? { ...frame, module } : frame);
    },
    kernel: (address) => {
      const module = kernel.module(address);
      const own = kernel.symbol(address);
      if (own !== null) return { ...unknown(module ?? "[bpf]", "kernel"), function: own };
      if (sameKernel) return symboliser!.kernel(address);
      kernelUnnamed++;
      // Where the recording has no code it is of no module, as for perf.
      return unknown(module ?? "", "kernel");
    },
    readable: (space, address) => {
      const mapping = findMapping(space.mappings, address) as RecordedMapping | null;
      return mapping === null || (symboliser !== null && localOf(mapping).length > 0);
    },
    notes: () => {
      const notes = symboliser?.notes() ?? [];
      if (kernelUnnamed > 0) {
        const why = local === null
          ? "no machine was asked"
          : sameBuild
          ? "this kernel has been started again since, and lies elsewhere in memory"
          : recordedKernel === "" && info.osRelease === ""
          ? "the file does not say which kernel it was"
          : "another kernel than the one running here was recorded";
        notes.push(`${kernelUnnamed} addresses of the kernel have no names: ${why}.`);
      }
      if (userUnnamed > 0) {
        const paths = [...missing];
        const shown = paths.slice(0, 3).join(", ") + (paths.length > 3 ? ` and ${paths.length - 3} more` : "");
        const why = paths.length > 0 ? `: the files recorded are not here (${shown})` : "";
        notes.push(`${userUnnamed} addresses of programs have no names${why}.`);
      }
      return notes;
    },
  };
}

/** Whether the running kernel begins where the recorded one did: each start moves it (KASLR). */
function liesThere(host: Host, text: Address | null): boolean {
  if (text === null) return false;
  const symbol = createKernelSymbols(host).load()?.find(text);
  return symbol?.start === text;
}
