import type { Host } from "../../host/mod.ts";
import {
  buildId,
  bytesSource,
  type CodeMapping,
  ElfError,
  isAnonymous,
  openRegularFile,
  readElf,
  readProcFile,
} from "../../symbols/mod.ts";
import type { RecordedMapping } from "./recorded_tasks.ts";

/** Files of this machine that are those of a recording. */
export interface LocalFiles {
  /**
   * A recorded mapping as if it were of this machine: path, device and inode are of the file here.
   *
   * @param buildId of the file, where it is known from elsewhere than the mapping
   * @returns null when there is no such file, or it is another one
   */
  find(mapping: RecordedMapping, buildId: string): CodeMapping | null;
  /** Build id of the running kernel; empty when it cannot be read. */
  readonly kernelBuildId: string;
}

/**
 * A file is the recorded one if its build id is the same, or, where none was recorded, its inode. It is looked for under
 * its own path and in the cache of build ids that perf keeps (`~/.debug`, see perf-buildid-cache(1); `perf archive` packs
 * files for there).
 *
 * @param cache that folder
 */
export function localFiles(host: Host, cache = `${Deno.env.get("HOME") ?? "/root"}/.debug`): LocalFiles {
  const known = new Map<string, { path: string; major: number; minor: number; inode: number } | null>();
  const look = (
    path: string,
    id: string,
    inode: number,
  ): { path: string; major: number; minor: number; inode: number } | null => {
    const candidates = id.length > 2 ? [path, `${cache}/.build-id/${id.slice(0, 2)}/${id.slice(2)}/elf`] : [path];
    for (const candidate of candidates) {
      if (!candidate.startsWith("/")) continue;
      using file = openRegularFile(candidate);
      if (!file) continue;
      if (id === "") {
        if (inode === 0 || file.inode !== inode) continue;
      } else if (idOf(file) !== id) continue;
      return { path: candidate, major: file.major, minor: file.minor, inode: file.inode };
    }
    return null;
  };
  let kernel: string | undefined;
  return {
    get kernelBuildId() {
      return kernel ??= readKernelBuildId(host);
    },
    find: (mapping, recorded) => {
      if (isAnonymous(mapping.path) || mapping.path.startsWith("[")) return null;
      const id = mapping.buildId || recorded;
      const key = `${id}\0${id === "" ? mapping.inode : ""}\0${mapping.path}`;
      let found = known.get(key);
      if (found === undefined) known.set(key, found = look(mapping.path, id, mapping.inode));
      return found && { ...mapping, ...found };
    },
  };
}

function idOf(file: Parameters<typeof readElf>[0]): string | null {
  try {
    return buildId(readElf(file));
  } catch (error) {
    if (error instanceof ElfError) return null;
    throw error;
  }
}

/** `/sys/kernel/notes` are notes without an ELF file around them: name size, size, type, name, contents. */
function readKernelBuildId(host: Host): string {
  const bytes = readProcFile(host.path("kernel_notes"), 1 << 16, 4096);
  if (!bytes) return "";
  const source = bytesSource(bytes);
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 12 <= source.size;) {
    const name = v.getUint32(at, true);
    const size = v.getUint32(at + 4, true);
    const contents = at + 12 + (name + 3 & ~3);
    const gnu = name === 4 && v.getUint32(at + 12, true) === 0x00554e47 && v.getUint32(at + 8, true) === 3;
    if (gnu && contents + size <= bytes.length) {
      return Array.from(bytes.subarray(contents, contents + size), (b) => b.toString(16).padStart(2, "0")).join("");
    }
    at = contents + (size + 3 & ~3);
  }
  return "";
}
