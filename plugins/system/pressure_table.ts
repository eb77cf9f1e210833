import type { Table } from "../../core/plugin_api/mod.ts";
import type { PressureLine } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { PRESSURE_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** Share of the window in which tasks stalled; null when the line is missing. */
export function stalled(
  before: PressureLine | null | undefined,
  after: PressureLine | null | undefined,
  durationNs: number,
): number | null {
  return before && after ? Math.min(1, delta(before.totalNs, after.totalNs) / durationNs) : null;
}

/** Rows cpu, memory, io; none without PSI, and a note says so. */
export function pressureTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const rows: unknown[][] = [];
  for (const resource of ["cpu", "memory", "io"] as const) {
    const before = w.before.pressure[resource];
    const after = w.after.pressure[resource];
    if (!before || !after) continue;
    rows.push([
      resource,
      stalled(before.some, after.some, w.durationNs),
      stalled(before.full, after.full, w.durationNs),
      after.some.avg10,
      after.full?.avg10 ?? null,
    ]);
  }
  const notes = rows.length === 0 ? ["The kernel has no pressure stall information (CONFIG_PSI=n or psi=0)"] : [];
  return sonde.data.tableFromRows(PRESSURE_FIELDS, rows, windowQuality(sonde, w, rows.length, notes));
}
