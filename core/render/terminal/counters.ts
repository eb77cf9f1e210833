import { recordsOf, type Table } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatBytes, formatDuration, formatNumber, formatRatio, formatShort } from "../format_value.ts";
import { type RenderOptions } from "../options.ts";
import { styleFor } from "../style.ts";
import { pad } from "../width.ts";

/** Which metric stands beside which event, and how it reads. */
const BESIDE: Readonly<Record<string, (metrics: ReadonlyMap<string, number>) => string>> = {
  "task-clock": (m) => said(m, "cpus_used", (v) => `${v.toFixed(2)} CPUs used`),
  "context-switches": (m) => said(m, "context_switches_per_second", (v) => `${formatShort(v)}/s`),
  "cpu-migrations": (m) => said(m, "migrations_per_second", (v) => `${formatShort(v)}/s`),
  "page-faults": (m) => said(m, "page_faults_per_second", (v) => `${formatShort(v)}/s`),
  "cycles": (m) => said(m, "frequency", (v) => `${v.toFixed(2)} GHz`),
  "instructions": (m) => said(m, "ipc", (v) => `${v.toFixed(2)} per cycle`),
  "cache-misses": (m) => said(m, "cache_miss_ratio", (v) => `${formatRatio(v)} of references`),
  "branch-misses": (m) => said(m, "branch_miss_ratio", (v) => `${formatRatio(v)} of branches`),
  "L1-dcache-load-misses": (m) => said(m, "l1d_load_miss_ratio", (v) => `${formatRatio(v)} of loads`),
  "LLC-load-misses": (m) => said(m, "llc_load_miss_ratio", (v) => `${formatRatio(v)} of loads`),
  "dTLB-load-misses": (m) => said(m, "dtlb_load_miss_ratio", (v) => `${formatRatio(v)} of loads`),
  "iTLB-load-misses": (m) => said(m, "itlb_load_miss_ratio", (v) => `${formatRatio(v)} of loads`),
  "stalled-cycles-frontend": (m) => said(m, "stalled_frontend_ratio", (v) => `${formatRatio(v)} of cycles`),
  "stalled-cycles-backend": (m) => said(m, "stalled_backend_ratio", (v) => `${formatRatio(v)} of cycles`),
};

function said(metrics: ReadonlyMap<string, number>, name: string, text: (value: number) => string): string {
  const value = metrics.get(name);
  return value === undefined ? "" : text(value);
}

/**
 * Counters as `sonde stat` shows them: one line an event with its count, and beside it what that means.
 *
 * @param counters fields event, value, unit, per_second, running, state, reason; also deviation where runs were repeated
 * @param ratios fields metric, value
 */
export function renderCounters(counters: Table, ratios: Table, options: RenderOptions): string {
  const style = styleFor(options);
  const metrics = new Map(recordsOf(ratios).map((r) => [String(r.metric), Number(r.value)]));
  const rows = recordsOf(counters).map((r) => {
    const counted = r.state === "counted";
    const event = escapeText(String(r.event), { limit: 80 });
    const value = counted ? counterText(Number(r.value), String(r.unit)) : STATES[String(r.state)] ?? "not counted";
    const name = event.replace(/:[ukh]{1,3}$/, "");
    const rate = (): string => {
      const own = Object.hasOwn(BESIDE, name) ? BESIDE[name](metrics) : "";
      // A clock's rate is the number of CPUs, which says nothing new.
      return own !== "" || r.unit === "ns" ? own : rateText(Number(r.per_second), String(r.unit));
    };
    const running = Number(r.running);
    const parts = [
      counted ? rate() : "",
      counted && running < 1 ? `counted ${formatRatio(running)} of the time, scaled` : "",
      counted && typeof r.deviation === "number" ? `± ${formatRatio(r.deviation)}` : "",
      counted ? String(r.reason) : "",
    ].filter((part) => part !== "");
    return { counted, event, value, beside: parts.join("; ") };
  });
  const valueWidth = Math.max(0, ...rows.map((r) => r.value.length));
  const eventWidth = Math.max(0, ...rows.map((r) => r.event.length));
  return rows.map((r) => {
    const value = pad(r.value, valueWidth, "right");
    const line = `  ${r.counted ? style.bold(value) : style.dim(value)}  ${pad(style.name(r.event), eventWidth)}`;
    return r.beside === "" ? line.trimEnd() : `${line}  ${style.dim(escapeText(r.beside))}`;
  }).join("\n");
}

const STATES: Readonly<Record<string, string>> = {
  not_supported: "not supported",
  not_permitted: "not permitted",
  not_counted: "not counted",
  no_room: "no counter left",
};

/** A count with its unit, for people. */
export function counterText(value: number, unit: string): string {
  if (unit === "ns") return formatDuration(value);
  if (unit === "bytes") return formatBytes(value);
  const text = formatNumber(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
  return unit === "count" ? text : `${text} ${escapeText(unit, { limit: 20 })}`;
}

function rateText(perSecond: number, unit: string): string {
  if (!Number.isFinite(perSecond)) return "";
  if (unit === "bytes") return `${formatBytes(perSecond)}/s`;
  return unit === "count"
    ? `${formatShort(perSecond)}/s`
    : `${formatShort(perSecond)} ${escapeText(unit, { limit: 20 })}/s`;
}
