import type { CpuTime, CpuTimes } from "./types.ts";

/**
 * Parses `/proc/stat` (proc_stat(5), fs/proc/stat.c).
 *
 * @param text the file's content; lines and columns that are missing (old kernels) read as 0
 * @param ticksPerSecond USER_HZ of the machine that wrote it
 */
export function parseStat(text: string, ticksPerSecond: number): CpuTimes {
  const cpus = new Map<number, CpuTime>();
  const counts: Record<string, number> = {};
  let all = cpuTime([], 0);
  for (const line of text.split("\n")) {
    // The line of interrupts is long and only its first number, the total, is used.
    const name = line.slice(0, line.indexOf(" "));
    if (name.startsWith("cpu")) {
      const time = cpuTime(line.slice(name.length).trim().split(/ +/), 1e9 / ticksPerSecond);
      if (name === "cpu") all = time;
      else if (/^cpu\d+$/.test(name)) cpus.set(Number(name.slice(3)), time);
    } else if (name !== "") {
      const end = line.indexOf(" ", name.length + 1);
      counts[name] = Number(line.slice(name.length + 1, end < 0 ? undefined : end));
    }
  }
  return {
    all,
    cpus,
    contextSwitches: counts.ctxt ?? 0,
    interrupts: counts.intr ?? 0,
    forks: counts.processes ?? 0,
    running: counts.procs_running ?? 0,
    blocked: counts.procs_blocked ?? 0,
    bootTimeS: counts.btime ?? 0,
  };
}

function cpuTime(ticks: readonly string[], nsPerTick: number): CpuTime {
  const at = (i: number): number => (Number(ticks[i]) || 0) * nsPerTick;
  return {
    user: at(0),
    nice: at(1),
    system: at(2),
    idle: at(3),
    iowait: at(4),
    irq: at(5),
    softirq: at(6),
    steal: at(7),
    guest: at(8),
    guestNice: at(9),
  };
}
