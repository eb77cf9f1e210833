import type { HeatMap } from "../../query/heat_map.ts";

/** Shades that a heat map has for "some"; none has a shade of its own. */
export const HEAT_LEVELS = 9;

/**
 * From which count on each shade stands, ascending from 1. The steps are even in the logarithm: a single slow request
 * beside a million fast ones has to be seen. Few counts have a shade each.
 */
export function heatLevels(max: number): number[] {
  if (!(max >= 1)) return [];
  if (max <= HEAT_LEVELS) return Array.from({ length: Math.floor(max) }, (_, i) => i + 1);
  const steps = Array.from({ length: HEAT_LEVELS }, (_, i) => Math.ceil(max ** (i / HEAT_LEVELS) - 1e-9));
  return [...new Set(steps)];
}

/** Which shade a count has: an index into 1–{@linkcode HEAT_LEVELS}, spread over all shades; 0 for none. */
export function heatLevel(count: number, levels: readonly number[]): number {
  let i = 0;
  while (i < levels.length && count >= levels[i]) i++;
  return i === 0 ? (count > 0 ? 1 : 0) : shadeOf(i, levels.length);
}

/** The shade of the `i`-th (from 1) of `n` levels. */
export function shadeOf(i: number, n: number): number {
  return n <= 1 ? HEAT_LEVELS : 1 + Math.round((i - 1) * (HEAT_LEVELS - 1) / (n - 1));
}

/** The highest count of a map; 0 when nothing was counted. */
export function mostIn(map: HeatMap): number {
  return map.counts.reduce((most, column) => column.reduce((a, b) => Math.max(a, b), most), 0);
}
