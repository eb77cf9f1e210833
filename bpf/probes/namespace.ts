import type { Host } from "../../core/host/mod.ts";

/** Where we stand among pid namespaces. */
export interface Namespace {
  /** We are in the initial one: numbers are the kernel's own. */
  readonly initial: boolean;
  /** Number of our namespace (its file under `ns/pid`). */
  readonly inode: number;
  /** How deep it lies: 0 is the initial one. */
  readonly level: number;
  /** Our process in the initial namespace. */
  readonly selfTgid: number;
}

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_INODE = 0xeffffffc;

/**
 * Finds out where we stand.
 *
 * @param ask runs in the kernel as our task: the depth of our namespace and our number in the initial one
 */
export function readNamespace(host: Host, ask: () => { readonly level: number; readonly tgid: number }): Namespace {
  const inode = Deno.statSync(host.path("pid_ns_pid")).ino ?? INITIAL_INODE;
  if (inode === INITIAL_INODE) return { initial: true, inode, level: 0, selfTgid: Deno.pid };
  const { level, tgid } = ask();
  return { initial: false, inode, level, selfTgid: tgid };
}
