import type { Table } from "../../core/plugin_api/mod.ts";
import type { CgroupStat } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { CGROUP_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { stalled } from "./pressure_table.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** One row for each control group that has a limit, was active or felt pressure. */
export function cgroupTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const before = new Map(w.before.cgroups.map((c) => [c.path, c]));
  const rows: unknown[][] = [];
  for (const after of w.after.cgroups) {
    const b = before.get(after.path);
    if (!b) continue;
    const row = cgroupRow(b, after, w);
    if (isOfInterest(b, after, w)) rows.push(row);
  }
  const notes = w.after.cgroups.length === 0 ? ["No cgroup hierarchy is mounted"] : [];
  return sonde.data.tableFromRows(CGROUP_FIELDS, rows, windowQuality(sonde, w, rows.length, notes));
}

function isOfInterest(before: CgroupStat, after: CgroupStat, w: Window<MachineLook>): boolean {
  if (after.memoryLimit !== null && after.processes > 0) return true;
  if (after.cpuQuota !== null && after.processes > 0) return true;
  if (after.oomKills > before.oomKills || after.limitHits > before.limitHits) return true;
  return delta(before.cpuNs, after.cpuNs) > 0.01 * w.durationNs;
}

function cgroupRow(before: CgroupStat, after: CgroupStat, w: Window<MachineLook>): unknown[] {
  const perSecond = (x: number | null, y: number | null): number | null =>
    x === null || y === null ? null : delta(x, y) / w.seconds;
  const periods = delta(before.periods, after.periods);
  const throttled = delta(before.throttledPeriods, after.throttledPeriods);
  const { memory, memoryLimit } = after;
  return [
    after.path,
    after.container,
    after.processes,
    after.cpuNs === null ? null : delta(before.cpuNs, after.cpuNs) / w.durationNs,
    after.cpuQuota,
    periods,
    throttled,
    periods > 0 ? throttled / periods : null,
    delta(before.throttledNs, after.throttledNs),
    memory,
    memoryLimit,
    memory !== null && memoryLimit ? memory / memoryLimit : null,
    // A charge may shrink: a plain difference, not that of a counter.
    memory !== null && before.memory !== null ? (memory - before.memory) / w.seconds : null,
    after.anon,
    after.file,
    delta(before.limitHits, after.limitHits),
    delta(before.oomKills, after.oomKills),
    perSecond(before.refaults, after.refaults),
    perSecond(before.majorFaults, after.majorFaults),
    perSecond(before.ioReadBytes, after.ioReadBytes),
    perSecond(before.ioWriteBytes, after.ioWriteBytes),
    stalled(before.pressure.cpu?.some, after.pressure.cpu?.some, w.durationNs),
    stalled(before.pressure.memory?.some, after.pressure.memory?.some, w.durationNs),
    stalled(before.pressure.io?.some, after.pressure.io?.some, w.durationNs),
  ];
}
