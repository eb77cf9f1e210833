import type { Frame } from "../data/mod.ts";
import { UNKNOWN } from "../symbols/mod.ts";

/**
 * Whether a user stack goes down to where its thread began, as far as its outermost frame tells.
 *
 * @param depth number of user frames
 */
export function reachesRoot(root: Frame, depth: number): boolean {
  if (ENTRY_POINTS.has(root.function)) return true;
  // Stripped C libraries keep the names of their first functions to themselves; somebody must have been called by them.
  return root.function === UNKNOWN && depth > 1 && C_LIBRARY.test(root.module);
}

const ENTRY_POINTS: ReadonlySet<string> = new Set([
  "_start",
  "_start_c",
  "_dl_start",
  "_dl_start_user",
  "__libc_start_main",
  "__libc_start_main_impl",
  "__libc_start_call_main",
  "start_thread",
  "clone",
  "clone3",
  "__clone",
  "__clone3",
  "__clone_internal",
  "thread_start",
  "runtime.goexit",
  "runtime.goexit.abi0",
  "runtime.mstart",
  "runtime.mstart.abi0",
  "runtime.rt0_go",
  "runtime.rt0_go.abi0",
]);
const C_LIBRARY = /\/(ld-[^/]*|ld\.so[^/]*|libc[.-][^/]*|libpthread[.-][^/]*)$/;
