import type { Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { INTERRUPT_FIELDS, NUMA_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** Rates of interrupts or softirqs, busiest first; those that did not happen are left out. */
export function interruptTable(sonde: SondeApi, w: Window<MachineLook>, which: "interrupts" | "softirqs"): Table {
  const before = w.before[which];
  const rows: [string, number, number][] = [];
  for (const [name, after] of w.after[which] ?? []) {
    const counts = after.map((n, cpu) => delta(before?.get(name)?.[cpu], n));
    const total = counts.reduce((a, n) => a + n, 0);
    if (total > 0) rows.push([name, total / w.seconds, Math.max(...counts) / total]);
  }
  rows.sort((a, b) => b[1] - a[1]);
  return sonde.data.tableFromRows(INTERRUPT_FIELDS, rows, windowQuality(sonde, w, rows.length));
}

/** One row a NUMA node. Allocation counts are those of all nodes together on kernels that keep them in vmstat only. */
export function numaTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const rate = (name: string): number => delta(w.before.vmstat.get(name), w.after.vmstat.get(name)) / w.seconds;
  const { nodes } = sonde.host.topology();
  const single = nodes.length === 1;
  const rows = nodes.map((n) => [
    n.node,
    n.memory,
    single ? sonde.host.memInfo().free : null,
    single ? rate("numa_local") : null,
    single ? rate("numa_other") : null,
  ]);
  const notes = single ? [] : ["Free memory and allocation rates of single nodes are not read yet"];
  return sonde.data.tableFromRows(NUMA_FIELDS, rows, windowQuality(sonde, w, rows.length, notes));
}
