import { type Field, field } from "../../core/data/mod.ts";
import type { Access, StackPart } from "../codegen/access.ts";
import type { KernelTypes } from "./kernel_types.ts";
import type { Namespace } from "./namespace.ts";

/** Fields that every probe has. */
export const BUILTIN_FIELDS: readonly Field[] = [
  field("time", "time", "When it happened"),
  field("pid", "pid", "The process, in sonde's pid namespace; null for one that is not seen from there"),
  field("tid", "tid", "The thread, in sonde's pid namespace"),
  field("ktid", "tid", "The thread, in the initial pid namespace, as the kernel's own arguments have it"),
  field("ppid", "pid", "The parent process"),
  field("comm", "string", "The thread's name, 15 bytes at most"),
  field("cpu", "int", "The CPU it happened on"),
  { ...field("uid", "int", "The user, in the initial user namespace"), unsigned: true },
  field("cgroup", "string", "Path of the control group (v2), relative to where they are mounted"),
  field("container", "string", "Id of the container, by its control group; null outside of any"),
  field("stack", "stack", "User frames, kernel frames on top"),
  field("kstack", "stack", "Kernel frames"),
  field("ustack", "stack", "User frames"),
  field("probe", "string", "The probe point, as written"),
  field("ktime", "duration", "The monotonic clock: time since boot, without suspend"),
];

/** Builtins that need no task. */
export const TASKLESS: ReadonlySet<string> = new Set(["time", "ktime", "cpu", "probe"]);

const CGROUP_ID: Access = { kind: "builtin", name: "cgroup_id" };
const SIMPLE: Readonly<Record<string, Access>> = {
  time: { kind: "builtin", name: "time" },
  ktid: { kind: "builtin", name: "tid" },
  comm: { kind: "builtin", name: "comm" },
  cpu: { kind: "builtin", name: "cpu" },
  uid: { kind: "builtin", name: "uid" },
  ktime: { kind: "builtin", name: "ktime" },
  cgroup: { kind: "name", number: CGROUP_ID, table: { kind: "cgroup" } },
  container: { kind: "name", number: CGROUP_ID, table: { kind: "container" } },
};
const STACKS: Readonly<Record<string, StackPart>> = { stack: "both", kstack: "kernel", ustack: "user" };

/** How a builtin of the current task is read; null when it is none. `probe` is the catalogue's. */
export function builtinAccess(name: string, types: KernelTypes, namespace: () => Namespace): Access | null {
  if (Object.hasOwn(STACKS, name)) {
    const part = STACKS[name];
    // Nobody asks for the process of kernel frames.
    const pid: Access = part === "kernel" ? { kind: "constant", value: 0n } : builtinAccess("pid", types, namespace)!;
    return { kind: "stack", part, pid };
  }
  switch (name) {
    case "pid":
      return namespace().initial ? { kind: "builtin", name: "pid" } : seenFrom(namespace(), types, ["group_leader"]);
    case "tid":
      return namespace().initial ? { kind: "builtin", name: "tid" } : seenFrom(namespace(), types, []);
    case "ppid":
      return namespace().initial
        ? types.ofTask(name, ["real_parent", "tgid"]).access
        : seenFrom(namespace(), types, ["real_parent", "group_leader"]);
    default:
      return Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : null;
  }
}

/** How a builtin of the task at which an iterator stands is read; null when it is none. */
export function taskAccess(name: string, types: KernelTypes, namespace: () => Namespace): Access | null {
  if (name.startsWith("task.")) return types.ofTask(name, name.slice("task.".length).split("."), "item").access;
  const plain = (path: readonly string[]): Access => types.ofTask(name, path, "item").access;
  const number = (path: readonly string[], direct: readonly string[]): Access =>
    namespace().initial ? plain(direct) : seenFrom(namespace(), types, path, "item");
  switch (name) {
    case "pid":
      return number(["group_leader"], ["tgid"]);
    case "tid":
      return number([], ["pid"]);
    case "ktid":
      return plain(["pid"]);
    case "ppid":
      return number(["real_parent", "group_leader"], ["real_parent", "tgid"]);
    case "comm":
      return plain(["comm"]);
    case "uid":
      return plain(["cred", "uid", "val"]);
    default:
      return null;
  }
}

/**
 * A task's number in a namespace: `struct pid` has one for each level down to the namespace the task lives in
 * (include/linux/pid.h). Whether that of our level is ours, its namespace tells.
 */
function seenFrom(ns: Namespace, types: KernelTypes, task: readonly string[], base: "task" | "item" = "task"): Access {
  const level = [...task, "thread_pid", "numbers", String(ns.level)];
  return {
    kind: "namespaced",
    number: types.ofTask("pid", [...level, "nr"], base).access,
    inode: types.ofTask("pid", [...level, "ns", "ns", "inum"], base).access,
    ours: ns.inode,
  };
}
