import type { Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { DISK_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** The kernel keeps a disk's times as 32 bits of milliseconds (block/genhd.c, diskstats_show): 49.7 days, in ns. */
const TIME_WRAP_NS = 2 ** 32 * 1e6;

/** One row a whole disk. Latencies are null when nothing completed. */
export function diskTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const before = new Map(w.before.disks.map((d) => [d.device, d]));
  const rows: unknown[][] = [];
  for (const after of w.after.disks) {
    const b = before.get(after.device);
    if (!b) continue;
    const reads = delta(b.reads, after.reads);
    const writes = delta(b.writes, after.writes);
    const flushes = delta(b.flushes, after.flushes);
    rows.push([
      after.device,
      delta(b.readBytes, after.readBytes) / w.seconds,
      delta(b.writeBytes, after.writeBytes) / w.seconds,
      reads / w.seconds,
      writes / w.seconds,
      flushes / w.seconds,
      Math.min(1, delta(b.busyNs, after.busyNs, TIME_WRAP_NS) / w.durationNs),
      delta(b.queueNs, after.queueNs, TIME_WRAP_NS) / w.durationNs,
      reads > 0 ? Math.round(delta(b.readTimeNs, after.readTimeNs, TIME_WRAP_NS) / reads) : null,
      writes > 0 ? Math.round(delta(b.writeTimeNs, after.writeTimeNs, TIME_WRAP_NS) / writes) : null,
      flushes > 0 ? Math.round(delta(b.flushTimeNs, after.flushTimeNs, TIME_WRAP_NS) / flushes) : null,
      after.inFlight,
    ]);
  }
  return sonde.data.tableFromRows(DISK_FIELDS, rows, windowQuality(sonde, w, rows.length));
}
