import { type Field, field } from "../core/data/mod.ts";

/**
 * What every event knows beside its own arguments. `pid` is the process (tgid) in sonde's own pid namespace, `tid` the
 * thread. In `calls`, builtins are taken at entry; in a span they are written `start.pid`, `end.comm`.
 */
export const BUILTINS: readonly Field[] = [
  field("time", "time", "When it happened"),
  field("pid", "pid", "The process"),
  field("tid", "tid", "The thread"),
  field("ktid", "tid", "The thread in the initial pid namespace, as the kernel's own arguments number it"),
  field("ppid", "pid", "The parent process"),
  field("comm", "string", "Name of the thread, at most 15 bytes"),
  field("cpu", "int", "The CPU it ran on"),
  field("uid", "int", "The user"),
  field("cgroup", "string", "Path of the control group"),
  field("container", "string", "Name or id of the container; null outside of any"),
  field("stack", "stack", "User frames, kernel frames on top"),
  field("kstack", "stack", "Kernel frames"),
  field("ustack", "stack", "User frames"),
  field("probe", "string", "The probe that fired, as written"),
  field("ktime", "duration", "The monotonic clock: time since boot, without suspend"),
];
