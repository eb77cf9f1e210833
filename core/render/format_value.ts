import type { Cell, Field, Frame, HistogramCell, Unit } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { stackLine } from "./stack_text.ts";

/** The parts of a field that decide how its values read. */
export type FieldShape = Pick<Field, "type" | "unit"> & Partial<Pick<Field, "name">>;

/** Integers that name something, and are no amounts: no separators of thousands. */
const NAMES_SOMETHING = /(^|_)([ds]?port|ino|inode|e?uid|e?gid|errno|fd|id)$/;

/**
 * One value for people: `12.3 ms`, `1.21 GiB`, `3.4k/s`, `97 %`, `0x7f00…`, `1,234,567`. Text is escaped, null is `-`.
 * Durations and sizes have three significant digits, integers are exact.
 */
export function formatValue(cell: Cell, field: FieldShape): string {
  if (cell === null || cell === undefined) return "-";
  if (typeof cell === "string") return escapeText(cell, { limit: 4096 });
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (typeof cell === "object") return formatObject(cell);
  switch (field.type) {
    case "bool":
      return Number(cell) ? "yes" : "no";
    case "address":
      return `0x${BigInt.asUintN(64, BigInt(cell)).toString(16)}`;
    case "pid":
    case "tid":
      return String(cell);
    case "time":
      return formatTime(cell);
    case "duration":
      return formatDuration(Number(cell));
    case "bytes":
      return formatBytes(Number(cell));
    case "ratio":
      return formatRatio(Number(cell));
    case "rate":
      return formatByUnit(cell, field.unit ?? "events/s");
    case "int":
      if (field.unit !== "count" && NAMES_SOMETHING.test(field.name ?? "")) return String(cell);
      return formatByUnit(cell, field.unit);
    default:
      return formatByUnit(cell, field.unit);
  }
}

/** A number by its unit alone, as in histograms, series and sample types. */
export function formatByUnit(value: number | bigint, unit: Unit): string {
  const n = Number(value);
  switch (unit) {
    case "ns":
      return formatDuration(n);
    case "bytes":
      return formatBytes(n);
    case "ratio":
      return formatRatio(n);
    case "bytes/s":
      return Number.isFinite(n) ? `${formatBytes(n)}/s` : "-";
    case "events/s":
      return Number.isFinite(n) ? `${formatShort(n)}/s` : "-";
    case "hz":
      return Number.isFinite(n) ? `${scaled(n, 1000, ["Hz", "kHz", "MHz", "GHz"])}` : "-";
    case "celsius":
      return Number.isFinite(n) ? `${trimmed(n, 1)} °C` : "-";
    default:
      return formatNumber(value);
  }
}

/** Nanoseconds: `850 ns`, `12.3 µs`, `1.50 ms`, `3 s`, `2m05s`, `3h12m`, `2d04h`. */
export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return "-";
  if (ns < 0) return `-${formatDuration(-ns)}`;
  if (ns === 0) return "0 s";
  if (ns < 59.995e9) return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
  const s = Math.round(ns / 1e9);
  const two = (v: number): string => String(v).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h${two(Math.floor(s % 3600 / 60))}m`;
  return `${Math.floor(s / 86_400)}d${two(Math.floor(s % 86_400 / 3600))}h`;
}

/** Bytes in powers of 1024: `512 B`, `4 KiB`, `1.21 GiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "-";
  return scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);
}

/** A ratio in per cent: `97 %`, `0.4 %`, `213 %`. Never rounds up to 100 % or down to 0 % what is neither. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "-";
  const p = ratio * 100;
  const a = Math.abs(p);
  if (a === 0) return "0 %";
  if (a < 0.05) return p > 0 ? "<0.1 %" : ">-0.1 %";
  if (p > 99 && p < 100) return p >= 99.95 ? ">99.9 %" : `${p.toFixed(1)} %`;
  return a < 9.95 ? `${trimmed(p, 1)} %` : `${grouped(Math.round(p).toString())} %`;
}

/** A large number in short: `0.25`, `12.5`, `950`, `3.4k`, `12M`. */
export function formatShort(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const units = ["", "k", "M", "G", "T", "P", "E"];
  let v = value;
  let i = 0;
  while (Math.abs(v) >= 999.5 && i < units.length - 1) {
    v /= 1000;
    i++;
  }
  const a = Math.abs(v);
  return trimmed(v, a >= 99.95 ? 0 : a >= 9.995 || i > 0 ? 1 : 2) + units[i];
}

/** Integers exactly with thousands separators, other numbers with up to four significant digits. */
export function formatNumber(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isInteger(value)) {
    return Math.abs(Number(value)) < 1e21 ? grouped(value.toString()) : Number(value).toExponential(3);
  }
  if (!Number.isFinite(value)) return "-";
  const a = Math.abs(value);
  if (a >= 1e15 || a < 1e-4) return value.toExponential(2);
  return a >= 1000 ? grouped(Math.round(value).toString()) : trimmed(value, a >= 100 ? 1 : a >= 1 ? 2 : 4);
}

/** Nanoseconds since 1970 as `2026-01-02 03:04:05.678Z`. */
export function formatTime(ns: number | bigint): string {
  const ms = Number(BigInt(typeof ns === "number" ? Math.trunc(ns) || 0 : ns) / 1_000_000n);
  if (Math.abs(ms) > 8.64e15) return String(ns);
  return new Date(ms).toISOString().replace("T", " ");
}

function formatObject(cell: object): string {
  if ("kind" in cell && cell.kind === "histogram") {
    const h = cell as HistogramCell;
    return h.buckets.length === 0 ? "-" : histogramLine(h);
  }
  if (Array.isArray(cell)) return stackLine(cell as Frame[]);
  return escapeText(JSON.stringify(cell) ?? "", { limit: 4096 });
}

const LEVELS = "▁▂▃▄▅▆▇█";

/** A histogram in one cell: its range and its shape. */
function histogramLine(h: HistogramCell): string {
  const [first, last] = [h.buckets[0], h.buckets[h.buckets.length - 1]];
  // What reaches to an infinity is drawn at its finite end.
  const lo = Number.isFinite(first.min) ? first.min : first.max;
  const hi = Number.isFinite(last.max) ? last.max : last.min;
  const slots = new Array<number>(Math.min(12, h.buckets.length)).fill(0);
  const scale = (v: number): number => Math.log2(Math.max(1, v - Math.min(0, lo) + 1));
  const [from, to] = [scale(lo), scale(hi)];
  for (const b of h.buckets) {
    const [min, max] = [Math.max(lo, b.min), Math.min(hi, b.max)];
    const at = to > from ? ((scale(min) + scale(max)) / 2 - from) / (to - from) : 0;
    slots[Math.min(slots.length - 1, Math.floor(at * slots.length))] += b.count;
  }
  const most = Math.max(...slots);
  const shape = slots.map((n) => n === 0 ? " " : LEVELS[Math.min(7, Math.floor(n / most * 7.999))]).join("");
  const [under, over] = [first.min === -Infinity ? "<" : "", last.max === Infinity ? "≥" : ""];
  return `${under}${formatByUnit(lo, h.unit)} ${shape} ${over}${formatByUnit(hi, h.unit)}`;
}

/** Three significant digits in the largest unit that fits; exact multiples of the unit without decimals. */
function scaled(value: number, base: number, units: readonly string[]): string {
  let v = value;
  let i = 0;
  while (Math.abs(v) >= base - 0.5 && i < units.length - 1) {
    v /= base;
    i++;
  }
  const a = Math.abs(v);
  const digits = Number.isInteger(v) || a >= 99.95 ? 0 : a >= 9.995 ? 1 : 2;
  return `${grouped(i === 0 ? trimmed(v, digits) : v.toFixed(digits))} ${units[i]}`;
}

function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function grouped(digits: string): string {
  const [whole, fraction] = digits.split(".");
  const out = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? out : `${out}.${fraction}`;
}
