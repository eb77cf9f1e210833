/**
 * Parses a CPU list such as `0-3,8,10-11` (bitmap(3) "list format"); an empty list is no CPU.
 */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const part of text.trim().split(",")) {
    const m = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (m === null) continue;
    const last = Math.min(Number(m[2] ?? m[1]), MAX_CPU);
    for (let cpu = Number(m[1]); cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}

/** NR_CPUS is 8192 at most on the architectures we know; a recorded tree may claim anything. */
const MAX_CPU = 65535;
