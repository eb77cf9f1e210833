import type { Host } from "../host/mod.ts";
import { parseOwnerName, type TraceOwner } from "./owner_name.ts";

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 0xeffffffc;

/** This process as the owner of what it makes in tracefs. */
export function thisOwner(host: Host): TraceOwner {
  const inode = Deno.statSync(host.path("pid_ns_pid")).ino ?? INITIAL_PID_NAMESPACE;
  return {
    pid: Deno.pid,
    startTicks: host.processStat(Deno.pid)?.startTicks ?? 0,
    namespace: inode === INITIAL_PID_NAMESPACE ? null : inode,
  };
}

/**
 * Whether an object was left behind: its maker was killed. False when the name is none of ours, when the process lives,
 * and when it counts its processes in another namespace than we do, so that we cannot tell.
 */
export function isLeftover(name: string, host: Host, self: TraceOwner = thisOwner(host)): boolean {
  const owner = parseOwnerName(name);
  if (!owner || owner.namespace !== self.namespace) return false;
  const stat = host.processStat(owner.pid);
  // A zombie has given its descriptors back, and does nothing any more.
  return stat === null || stat.startTicks !== owner.startTicks || stat.state === "Z";
}
