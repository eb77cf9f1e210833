import type { Facts } from "./recipe_case.ts";

/** USER_HZ: the unit of times in /proc/PID/stat. */
const TICK_NS = 1e7;

/** CPU time of a process, in nanoseconds, to 10 ms. */
export function cpuTime(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS;
}

/** Resident memory of a process, in bytes. */
export function residentMemory(pid: number): number {
  return statusOf(pid, "VmRSS") * 1024;
}

/** A number of /proc/PID/status. */
export function statusOf(pid: number, name: string): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
}

/** A number of /proc/PID/io. */
export function ioOf(pid: number, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, "m").exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1]);
}

/** A number of /proc/meminfo, in bytes. */
export function memoryInfo(name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(Deno.readTextFileSync("/proc/meminfo"))?.[1]) * 1024;
}

/** Bytes that an interface has received. */
export function receivedBytes(name: string): number {
  return Number(new RegExp(`^\\s*${name}:\\s*(\\d+)`, "m").exec(Deno.readTextFileSync("/proc/net/dev"))?.[1]);
}

/** Soft interrupts of a kind, of all CPUs, as /proc/softirqs names it. */
export function softInterrupts(kind: string): number {
  const line = Deno.readTextFileSync("/proc/softirqs").split("\n").find((l) => l.trim().startsWith(`${kind}:`)) ?? "";
  return line.trim().split(/\s+/).slice(1).reduce((sum, n) => sum + Number(n), 0);
}

/** Interrupts with a number, by `IRQ/CPU`. */
export function interrupts(): Facts {
  const counts: Record<string, number> = {};
  for (const line of Deno.readTextFileSync("/proc/interrupts").split("\n")) {
    const [head, ...rest] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(head)) continue;
    for (let cpu = 0; /^\d+$/.test(rest[cpu] ?? ""); cpu++) counts[`${head.slice(0, -1)}/${cpu}`] = Number(rest[cpu]);
  }
  return counts;
}

/** Microseconds that some task has waited for a resource; NaN where the kernel keeps no account. */
export function pressure(resource: string): number {
  try {
    return Number(/^some .*total=(\d+)/m.exec(Deno.readTextFileSync(`/proc/pressure/${resource}`))?.[1]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotSupported) return NaN;
    throw error;
  }
}

/** Whether the kernel keeps pressure stall information. */
export function hasPressure(): boolean {
  return !Number.isNaN(pressure("cpu"));
}
