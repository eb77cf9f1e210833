import { type Field, field } from "../../core/data/mod.ts";
import type { Access } from "../codegen/access.ts";

/** Fields that every probe has. */
export const BUILTIN_FIELDS: readonly Field[] = [
  field("time", "time", "When it happened"),
  field("pid", "pid", "The process, in sonde's pid namespace; null for one that is not seen from there"),
  field("tid", "tid", "The thread, in sonde's pid namespace"),
  field("ppid", "pid", "The parent process"),
  field("comm", "string", "The thread's name, 15 bytes at most"),
  field("cpu", "int", "The CPU it happened on"),
  { ...field("uid", "int", "The user, in the initial user namespace"), unsigned: true },
  { ...field("cgroup", "int", "Id of the thread's cgroup (version 2)"), unsigned: true },
  field("probe", "string", "The probe point, as written"),
  field("ktime", "duration", "The monotonic clock: time since boot, without suspend"),
];

/** Those that need nothing but a helper call. */
export const SIMPLE_BUILTINS: Readonly<Record<string, Access>> = {
  time: { kind: "builtin", name: "time" },
  pid: { kind: "builtin", name: "pid" },
  tid: { kind: "builtin", name: "tid" },
  comm: { kind: "builtin", name: "comm" },
  cpu: { kind: "builtin", name: "cpu" },
  uid: { kind: "builtin", name: "uid" },
  cgroup: { kind: "builtin", name: "cgroup" },
  ktime: { kind: "builtin", name: "ktime" },
};
