import { type Field, field } from "../../core/data/mod.ts";
import { type ProbePoint } from "../../core/query/mod.ts";
import { probePointText } from "../../core/query/probe_spec.ts";
import type { Access } from "../codegen/access.ts";
import type { KernelTypes } from "./kernel_types.ts";
import type { Namespace } from "./namespace.ts";

/** Fields that every probe has. */
export const BUILTIN_FIELDS: readonly Field[] = [
  field("time", "time", "When it happened"),
  field("pid", "pid", "The process, in sonde's pid namespace; null for one that is not seen from there"),
  field("tid", "tid", "The thread, in sonde's pid namespace"),
  field("ppid", "pid", "The parent process"),
  field("comm", "string", "The thread's name, 15 bytes at most"),
  field("cpu", "int", "The CPU it happened on"),
  { ...field("uid", "int", "The user, in the initial user namespace"), unsigned: true },
  field("probe", "string", "The probe point, as written"),
  field("ktime", "duration", "The monotonic clock: time since boot, without suspend"),
];

const SIMPLE: Readonly<Record<string, Access>> = {
  time: { kind: "builtin", name: "time" },
  comm: { kind: "builtin", name: "comm" },
  cpu: { kind: "builtin", name: "cpu" },
  uid: { kind: "builtin", name: "uid" },
  ktime: { kind: "builtin", name: "ktime" },
};

/** How a builtin is read; null when it is none. */
export function builtinAccess(
  name: string,
  point: ProbePoint,
  types: KernelTypes,
  namespace: () => Namespace,
): Access | null {
  switch (name) {
    case "probe":
      return { kind: "constant_text", text: probePointText(point) };
    case "pid":
      return namespace().initial ? { kind: "builtin", name: "pid" } : seenFrom(namespace(), types, ["group_leader"]);
    case "tid":
      return namespace().initial ? { kind: "builtin", name: "tid" } : seenFrom(namespace(), types, []);
    case "ppid":
      return namespace().initial
        ? types.ofTask(name, ["real_parent", "tgid"]).access
        : seenFrom(namespace(), types, ["real_parent", "group_leader"]);
    default:
      return SIMPLE[name] ?? null;
  }
}

/**
 * A task's number in a namespace: `struct pid` has one for each level down to the namespace the task lives in
 * (include/linux/pid.h). Whether that of our level is ours, its namespace tells.
 */
function seenFrom(ns: Namespace, types: KernelTypes, task: readonly string[]): Access {
  const level = [...task, "thread_pid", "numbers", String(ns.level)];
  return {
    kind: "namespaced",
    number: types.ofTask("pid", [...level, "nr"]).access,
    inode: types.ofTask("pid", [...level, "ns", "ns", "inum"]).access,
    ours: ns.inode,
  };
}
