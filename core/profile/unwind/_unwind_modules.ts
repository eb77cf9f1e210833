import type { Host } from "../../host/mod.ts";
import {
  type ByteSource,
  bytesSource,
  type CfiRows,
  cfiRows,
  type CodeMapping,
  ElfError,
  openMappedFile,
  readElf,
  readVdsoImage,
} from "../../symbols/mod.ts";
import type { UnwindArch } from "./_arch.ts";
import type { RuleStore } from "./_rules.ts";
import { type CodeReader, type UnwindModule, unwindModule } from "./_unwind_module.ts";

/** The unwind tables of files, by the file's identity. */
export interface UnwindModules {
  /** @returns null when the file is no program, or cannot be had */
  load(pid: number, mapping: CodeMapping): UnwindModule | null;
  /** Reads code of a mapped file. */
  code(pid: number, mapping: CodeMapping): CodeReader;
}

/** Tables of large programs take tens of megabytes. */
const MAX_MODULES = 512;

/** @returns an empty cache of tables */
export function unwindModules(host: Host, arch: UnwindArch, store: RuleStore): UnwindModules {
  const modules = new Map<string, UnwindModule | null>();
  /** What was read while the process ran serves when it is gone, with its file. */
  const read = new WeakMap<CodeMapping, UnwindModule>();
  const rows: CfiRows = cfiRows();
  let vdso: Uint8Array | null | undefined;
  const vdsoImage = (): Uint8Array | null => vdso === undefined ? vdso = readVdsoImage(host) : vdso;

  const known = (key: string, source: ByteSource): UnwindModule | null => {
    let module = modules.get(key);
    if (module !== undefined) return module;
    try {
      module = unwindModule(readElf(source), arch, store, rows);
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      module = null;
    }
    modules.set(key, module);
    if (modules.size > MAX_MODULES) modules.delete(modules.keys().next().value!);
    return module;
  };

  return {
    load: (pid, mapping) => {
      if (mapping.path === "[vdso]") {
        const image = vdsoImage();
        return image && known("[vdso]", bytesSource(image));
      }
      const early = read.get(mapping);
      if (early) return early;
      const file = openMappedFile(host, pid, mapping);
      if (typeof file === "string") return null;
      using _closed = file;
      const module = known(`${file.major}:${file.minor}:${file.inode}:${file.size}:${file.modified}`, file);
      if (module) read.set(mapping, module);
      return module;
    },
    code: (pid, mapping) => (offset, length) => {
      if (mapping.path === "[vdso]") return vdsoImage()?.subarray(offset, offset + length) ?? null;
      const file = openMappedFile(host, pid, mapping);
      if (typeof file === "string") return null;
      using _closed = file;
      return file.read(offset, Math.min(length, Math.max(0, file.size - offset)));
    },
  };
}
