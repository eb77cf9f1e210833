import type { Unit } from "../../data/mod.ts";
import { formatByUnit } from "../format_value.ts";

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps that people count time in, once it is longer than ten seconds. */
const TIME_STEPS = [
  ...[10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  DAY,
];

/** Where an axis of values is marked: multiples of a round step from the first at or above `low` up to `high`. */
export function valueTicks(low: number, high: number, most: number, unit: Unit, least = 0): number[] {
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const step = Math.max(least, roundStep((high - low) / Math.max(1, most), unit));
  const ticks: number[] = [];
  // Multiples, not sums: 0.1 + 0.2 is no tick.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/** The next value at or above `high` that {@linkcode valueTicks} would mark, for the upper end of an axis. */
export function roundUp(low: number, high: number, most: number, unit: Unit): number {
  if (!(high > low)) return low + 1;
  const step = roundStep((high - low) / Math.max(1, most), unit);
  return Number((Math.ceil(high / step - 1e-9) * step).toPrecision(12));
}

/** The smallest step at or above `least` that is round in this unit. */
export function roundStep(least: number, unit: Unit): number {
  if (unit === "bytes" || unit === "bytes/s") return 2 ** Math.ceil(Math.log2(least) - 1e-9);
  if (unit === "ns" && least > 5 * SECOND) return timeStep(least);
  const base = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return base * ([1, 2, 5].find((n) => n * base >= least * (1 - 1e-9)) ?? 10);
}

function timeStep(least: number): number {
  return TIME_STEPS.find((s) => s >= least) ?? Math.ceil(least / DAY) * DAY;
}

/** A value at an axis, without the zeros that say nothing: `1.5 ms`, not `1.50 ms`. */
export function tickText(value: number, unit: Unit): string {
  return formatByUnit(value, unit).replace(/\.0+(?!\d)|(\.\d*[1-9])0+(?!\d)/, "$1");
}

/** A mark on an axis of time. */
export interface TimeTick {
  /** Nanoseconds after the axis' start. */
  readonly atNs: number;
  readonly text: string;
}

/**
 * Where an axis of time is marked: at round times of day in UTC; at round distances from its start where that is no date
 * (the year 1970).
 *
 * @param startNs nanoseconds since 1970
 * @param spanNs length of the axis
 * @param most marks at most
 */
export function timeTicks(startNs: bigint, spanNs: number, most: number): TimeTick[] {
  if (!(spanNs > 0)) return [{ atNs: 0, text: clockText(startNs, SECOND, 0) }];
  const step = Math.max(1, roundStep(spanNs / Math.max(1, most), "ns"));
  const first = startNs === 0n ? 0 : Number((-startNs % BigInt(step) + BigInt(step)) % BigInt(step));
  const ticks: TimeTick[] = [];
  for (let i = 0; first + i * step <= spanNs * (1 + 1e-9) && i <= 1000; i++) {
    const atNs = first + i * step;
    ticks.push({ atNs, text: clockText(startNs + BigInt(Math.round(atNs)), step, spanNs) });
  }
  return ticks;
}

/** A time of day as exact as its step: `13:40`, `13:40:05`, `13:40:05.250`, over days `11-28 13:40`. */
function clockText(ns: bigint, step: number, spanNs: number): string {
  if (ns < BigInt(365 * DAY)) return tickText(Number(ns), "ns");
  const iso = new Date(Number(ns / 1_000_000n)).toISOString();
  if (spanNs >= DAY) return `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
  if (step >= MINUTE) return iso.slice(11, 16);
  if (step >= SECOND) return iso.slice(11, 19);
  const fraction = String(ns % 1_000_000_000n).padStart(9, "0");
  return `${iso.slice(11, 19)}.${fraction.slice(0, Math.max(1, 9 - Math.floor(Math.log10(step) + 1e-9)))}`;
}
