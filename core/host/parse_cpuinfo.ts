/** What is used of `/proc/cpuinfo`. */
export interface CpuInfo {
  /** Numbers of the CPUs listed. */
  readonly cpus: readonly number[];
  /** Marketing name, or implementer and part on arm64, which has no name; empty when unknown. */
  readonly model: string;
  /** Mean of what the CPUs run at now; null where the file does not say (arm64). */
  readonly mhz: number | null;
  readonly flags: ReadonlySet<string>;
}

/** Parses `/proc/cpuinfo` of x86 (arch/x86/kernel/cpu/proc.c) and arm64 (arch/arm64/kernel/cpuinfo.c). */
export function parseCpuInfo(text: string): CpuInfo {
  const first = new Map<string, string>();
  const cpus: number[] = [];
  const mhz: number[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (name === "processor" && /^\d+$/.test(value)) cpus.push(Number(value));
    if (name === "cpu MHz") mhz.push(Number(value));
    if (!first.has(name)) first.set(name, value);
  }
  const implementer = first.get("CPU implementer");
  const arm = implementer === undefined ? "" : `ARM implementer ${implementer} part ${first.get("CPU part") ?? "?"}`;
  return {
    cpus,
    model: first.get("model name") ?? first.get("Model") ?? arm,
    mhz: mhz.length === 0 ? null : mhz.reduce((a, b) => a + b, 0) / mhz.length,
    flags: new Set((first.get("flags") ?? first.get("Features") ?? "").split(/\s+/)),
  };
}
