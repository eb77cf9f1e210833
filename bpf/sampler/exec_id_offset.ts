import type { Host } from "../../core/host/mod.ts";
import { SysError } from "../../core/sys/mod.ts";
import { BtfError, KIND, memberPath, openBtf } from "../btf/mod.ts";

const known = new WeakMap<Host, number | null>();

/** Where `task_struct.self_exec_id` lies, in bytes: it counts execs. Null without the kernel's types. */
export function execIdOffset(host: Host): number | null {
  let offset = known.get(host);
  if (offset === undefined) known.set(host, offset = find(host));
  return offset;
}

function find(host: Host): number | null {
  try {
    using types = openBtf(host.path("btf_vmlinux"));
    const path = memberPath(types.btf, types.btf.find("task_struct", KIND.STRUCT), ["self_exec_id"]);
    return "error" in path ? null : path.offsets[0];
  } catch (error) {
    if (error instanceof SysError || error instanceof BtfError || error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
