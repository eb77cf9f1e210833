/**
 * Parses `/proc/interrupts` and `/proc/softirqs`: a head line with the CPUs that are online, then one line a source.
 * Counts are 32 bits in the kernel and stand at the index of their CPU, 0 for CPUs that are offline. A numbered
 * interrupt is named with its device: `36 virtio1-req.0`; lines without a count for each CPU (`ERR`, `MIS`) have fewer.
 */
export function parseInterrupts(text: string): Map<string, number[]> {
  const counts = new Map<string, number[]>();
  const lines = text.split("\n");
  const cpus = [...lines[0].matchAll(/CPU(\d+)/g)].map((m) => Number(m[1]));
  for (const line of lines.slice(1)) {
    const m = /^\s*(\S+):((?:\s+\d+(?!\S))*)(.*)$/.exec(line);
    if (m === null) continue;
    const values = m[2].trim().split(/\s+/).filter((w) => w !== "");
    if (values.length === 0) continue;
    // On a machine with fewer columns than CPUs the rest of the line cannot start with a number of ours.
    const row: number[] = [];
    values.slice(0, cpus.length).forEach((v, i) => {
      while (row.length < cpus[i]) row.push(0);
      row[cpus[i]] = Number(v);
    });
    counts.set(/^\d+$/.test(m[1]) ? `${m[1]} ${deviceOf(m[3])}`.trim() : m[1], row);
  }
  return counts;
}

/** The actions at the end of `IO-APIC   5-edge      ACPI:Ged`; empty when there are none. */
function deviceOf(description: string): string {
  const parts = description.trim().split(/\s{2,}/);
  const last = parts[parts.length - 1];
  // Without an action the line ends with the chip's number and trigger: `PCI-MSI 524288-edge`, `GICv3  27 Level`.
  return /(^|\s)\d+(-\w+| (Edge|Level))$/.test(last) ? "" : last;
}
