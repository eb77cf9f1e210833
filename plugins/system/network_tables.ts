import type { Table } from "../../core/plugin_api/mod.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { NETWORK_FIELDS, TCP_FIELDS } from "./fields.ts";
import type { MachineLook } from "./metrics.ts";
import { delta, type Window, windowQuality } from "./window.ts";

/** One row an interface. */
export function networkTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const before = new Map(w.before.netDevs.map((d) => [d.name, d]));
  const rows: unknown[][] = [];
  for (const after of w.after.netDevs) {
    const b = before.get(after.name);
    if (!b) continue;
    const per = (x: number | null, y: number | null): number => delta(x, y) / w.seconds;
    const rx = per(b.rxBytes, after.rxBytes);
    const tx = per(b.txBytes, after.txBytes);
    rows.push([
      after.name,
      rx,
      tx,
      per(b.rxPackets, after.rxPackets),
      per(b.txPackets, after.txPackets),
      per(b.rxErrors, after.rxErrors),
      per(b.txErrors, after.txErrors),
      per(b.rxDrops, after.rxDrops),
      per(b.txDrops, after.txDrops),
      after.speed,
      after.speed ? Math.min(1, Math.max(rx, tx) / after.speed) : null,
    ]);
  }
  return sonde.data.tableFromRows(NETWORK_FIELDS, rows, windowQuality(sonde, w, rows.length));
}

/** One row about TCP and the receive path. */
export function tcpTable(sonde: SondeApi, w: Window<MachineLook>): Table {
  const rate = (name: string): number => delta(w.before.net.get(name), w.after.net.get(name)) / w.seconds;
  const softnet = (k: "dropped" | "timeSqueezed"): number => {
    const sum = (look: MachineLook): number => look.softnet.reduce((a, s) => a + s[k], 0);
    return delta(sum(w.before), sum(w.after)) / w.seconds;
  };
  const out = rate("Tcp.OutSegs");
  const retransmits = rate("Tcp.RetransSegs");
  const row = [
    w.after.net.get("Tcp.CurrEstab") ?? null,
    out,
    retransmits,
    rate("Tcp.OutRsts"),
    rate("TcpExt.ListenOverflows"),
    rate("TcpExt.ListenDrops"),
    out > 0 ? retransmits / out : null,
    softnet("dropped"),
    softnet("timeSqueezed"),
  ];
  return sonde.data.tableFromRows(TCP_FIELDS, [row], windowQuality(sonde, w, 1));
}
