import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { cString } from "./file.ts";
import { check } from "./sys_error.ts";

/**
 * Mounts a kernel file system, such as tracefs.
 *
 * @param type `tracefs`, `bpf`, …
 * @param target an existing folder
 * @throws {SysError}
 */
export function mount(type: string, target: string): void {
  const name = cString(type);
  check(library().mount(NR.mount, name, cString(target), name, 0n, null), "mount", JSON.stringify(target));
}

/** Unmounts. @throws {SysError} */
export function unmount(target: string): void {
  check(library().bufferOnly(NR.umount2, cString(target), 0), "umount2", JSON.stringify(target));
}
