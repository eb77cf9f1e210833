import type { Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { MEMORY_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { deltaOrNull, type Window, windowQuality } from "./window.ts";

/** One row: what memory is used for, and how hard the kernel works to have some. */
export function memoryTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const m = sonde.host.memInfo();
  const count = (name: string): number | null => deltaOrNull(w.before.vmstat.get(name), w.after.vmstat.get(name));
  // A counter that this kernel does not have is not 0.
  const rate = (name: string, unit = 1): number | null => {
    const n = count(name);
    return n === null ? null : n * unit / w.seconds;
  };
  const { pageSize } = sonde.host;
  // Linux 5.9 split workingset_refault; before, it counted file pages only.
  const refaultsFile = w.after.vmstat.has("workingset_refault_file")
    ? rate("workingset_refault_file")
    : rate("workingset_refault");
  const row = [
    m.total,
    m.available,
    m.free,
    m.total - m.available,
    m.cached,
    m.dirty,
    m.writeback,
    m.slabReclaimable,
    m.swapTotal,
    m.swapFree,
    m.total > 0 ? m.available / m.total : null,
    rate("pswpin", pageSize),
    rate("pswpout", pageSize),
    // pgpgin and pgpgout count KiB, whatever their names say.
    rate("pgpgin", 1024),
    rate("pgpgout", 1024),
    rate("pgfault"),
    rate("pgmajfault"),
    refaultsFile,
    rate("workingset_refault_anon"),
    rate("pgscan_direct"),
    count("oom_kill"),
  ];
  return sonde.data.tableFromRows(MEMORY_FIELDS, [row], windowQuality(sonde, w, 1));
}
