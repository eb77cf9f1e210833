import type { Host } from "../host/mod.ts";
import type { CodeMapping } from "./code_mapping.ts";
import { openRegularFile, type RegularFile } from "./regular_file.ts";

/**
 * Opens the file that a process has mapped: as the process sees its path, if that is still the same file; else through
 * the kernel's own link to what is mapped (needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE); and for processes that have
 * ended, as we see the path.
 */
export function openMappedFile(host: Host, pid: number, mapping: CodeMapping): RegularFile | "absent" | "replaced" {
  const path = mappedPath(mapping);
  const range = `${mapping.start.toString(16)}-${mapping.end.toString(16)}`;
  let replaced = false;
  for (const way of ["path", "link", "own"] as const) {
    const file = way === "path"
      ? openRegularFile(path, { root: host.path("pid_root", pid) })
      : openRegularFile(way === "link" ? `${host.path("pid_map_files", pid)}/${range}` : path);
    if (!file) continue;
    if (way === "link" || mapping.inode === 0 || file.inode === mapping.inode) return file;
    file[Symbol.dispose]();
    replaced = true;
  }
  return replaced || path !== mapping.path ? "replaced" : "absent";
}

/** The path without what the kernel adds to it. */
export function mappedPath(mapping: CodeMapping): string {
  return mapping.path.replace(/ \(deleted\)$/, "");
}
