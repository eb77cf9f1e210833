import type { Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { KERNEL_LOG_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { type Window, windowQuality } from "./window.ts";

/** How far back the log is read. */
const MAX_AGE_NS = 600e9;

/** Entries of the kernel's log that matter to performance, oldest first. */
export function kernelLogTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const entries = sonde.host.kernelLog(MAX_AGE_NS);
  const notes = entries === null
    ? ["The kernel log cannot be read: it needs CAP_SYSLOG or kernel.dmesg_restrict=0"]
    : [];
  const rows = (entries ?? []).map((e) => [e.ageNs, e.kind, e.pid, e.comm, e.message]);
  return sonde.data.tableFromRows(KERNEL_LOG_FIELDS, rows, windowQuality(sonde, w, rows.length, notes));
}
