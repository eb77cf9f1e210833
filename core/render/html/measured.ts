import { recordsOf, type Result, type Series, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatBytes, formatDuration, formatRatio } from "../format_value.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { type Bar, barChart, lineChart } from "./charts.ts";
import type { Markup } from "./markup.ts";
import type { ReportCall } from "./report.ts";

/** A chart with its title and the call that it shows. */
export interface Chart {
  readonly title: string;
  readonly call: string;
  readonly body: Markup;
}

const MOST_BARS = 12;
/** Parts of a CPU's time in the order they are stacked, with their look. */
const CPU_PARTS = [
  ["user", ["user", "nice"]],
  ["system", ["system"]],
  ["iowait", ["iowait"]],
  ["irq", ["irq", "softirq"]],
  ["steal", ["steal"]],
] as const;

/** Charts of what was measured, found by the fields of results. Of several calls with the same kind the last one counts. */
export function measuredCharts(calls: readonly ReportCall[], lang: Lang): Chart[] {
  const charts = new Map<string, Chart>();
  for (const { record, results } of calls) {
    for (const [name, result] of Object.entries(results)) {
      for (const [kind, body] of chartsOf(result, lang)) {
        const title = kind === "series"
          ? escapeText(name, { limit: 80 })
          : message(lang, `chart.${kind}` as MessageKey);
        const key = kind === "series" ? `${kind} ${record.id} ${name}` : kind;
        charts.set(key, { title, call: record.id, body });
      }
    }
  }
  const order = ["processes", "cpus", "disks", "cgroups", "network"];
  const rank = (key: string): number => (order.indexOf(key) + order.length + 1) % (order.length + 1);
  return [...charts].sort(([a], [b]) => rank(a) - rank(b)).map(([, chart]) => chart);
}

function chartsOf(result: Result, lang: Lang): [string, Markup][] {
  if (result.kind === "series") return seriesChart(result);
  if (result.kind !== "table" || result.length === 0) return [];
  const has = (...names: string[]): boolean => names.every((n) => result.fields.some((f) => f.name === n));
  if (has("pid", "comm", "cpu")) return [["processes", processes(result, lang)]];
  if (has("cpu", "usage", "user", "system")) return [["cpus", cpus(result, lang)]];
  if (has("device", "utilization")) return [["disks", disks(result)]];
  if (has("path", "memory", "memory_limit")) {
    const body = cgroups(result);
    return body ? [["cgroups", body]] : [];
  }
  if (has("interface", "utilization")) {
    const body = network(result);
    return body ? [["network", body]] : [];
  }
  return [];
}

function seriesChart(series: Series): [string, Markup][] {
  const body = lineChart(series);
  return body ? [["series", body]] : [];
}

type Row = Readonly<Record<string, unknown>>;

const num = (row: Row, key: string): number => {
  const v = Number(row[key] ?? 0);
  return Number.isFinite(v) && v > 0 ? v : 0;
};
const str = (row: Row, key: string): string => escapeText(String(row[key] ?? ""), { limit: 120 });

function processes(table: Table, lang: Lang): Markup {
  const rows = recordsOf(table).filter((r) => num(r, "cpu") > 0).sort((a, b) => num(b, "cpu") - num(a, "cpu"))
    .slice(0, MOST_BARS);
  const most = Math.max(1, ...rows.map((r) => num(r, "cpu")));
  const split = table.fields.some((f) => f.name === "system");
  const bars = rows.map((r): Bar => ({
    label: str(r, "comm"),
    note: str(r, "pid"),
    text: formatRatio(num(r, "cpu")),
    parts: split
      ? [
        { share: Math.max(0, num(r, "cpu") - num(r, "system")) / most, look: "user" },
        { share: num(r, "system") / most, look: "system" },
      ]
      : [{ share: num(r, "cpu") / most, look: "user" }],
  }));
  return barChart(bars, split ? cpuLegend(lang, ["user", "system"]) : []);
}

function cpus(table: Table, lang: Lang): Markup {
  const rows = recordsOf(table).slice(0, 1 + 4 * MOST_BARS);
  const used = CPU_PARTS.filter(([, keys]) => rows.some((r) => keys.some((k) => num(r, k) >= 0.0005)));
  const bars = rows.map((r): Bar => ({
    label: str(r, "cpu"),
    text: formatRatio(num(r, "usage")),
    parts: used.map(([look, keys]) => ({ share: keys.reduce((sum, k) => sum + num(r, k), 0), look })),
  }));
  return barChart(bars, cpuLegend(lang, used.map(([look]) => look)));
}

function cpuLegend(lang: Lang, looks: readonly string[]): { look: string; label: string }[] {
  return looks.map((look) => ({ look, label: message(lang, `chart.cpu.${look}` as MessageKey) }));
}

function disks(table: Table): Markup {
  const bars = recordsOf(table).sort((a, b) => num(b, "utilization") - num(a, "utilization")).slice(0, MOST_BARS).map(
    (r): Bar => {
      const latency = Math.max(num(r, "read_latency"), num(r, "write_latency"));
      return {
        label: str(r, "device"),
        note: latency > 0 ? formatDuration(latency) : undefined,
        text: formatRatio(num(r, "utilization")),
        parts: [{ share: num(r, "utilization"), look: "l0" }],
      };
    },
  );
  return barChart(bars);
}

function cgroups(table: Table): Markup | null {
  const rows = recordsOf(table).filter((r) => num(r, "memory_limit") > 0);
  if (rows.length === 0) return null;
  const share = (r: Row): number => num(r, "memory") / num(r, "memory_limit");
  return barChart(
    rows.sort((a, b) => share(b) - share(a)).slice(0, MOST_BARS).map((r): Bar => ({
      label: str(r, "container") || str(r, "path").replace(/^.*\/(?=.)/, ""),
      note: `${formatBytes(num(r, "memory"))} / ${formatBytes(num(r, "memory_limit"))}`,
      text: formatRatio(share(r)),
      parts: [{ share: share(r), look: share(r) > 0.9 ? "bad" : "l0" }],
    })),
  );
}

function network(table: Table): Markup | null {
  const rows = recordsOf(table).filter((r) => r.utilization !== null);
  if (rows.length === 0) return null;
  return barChart(
    rows.slice(0, MOST_BARS).map((r): Bar => ({
      label: str(r, "interface"),
      text: formatRatio(num(r, "utilization")),
      parts: [{ share: num(r, "utilization"), look: "l0" }],
    })),
  );
}
