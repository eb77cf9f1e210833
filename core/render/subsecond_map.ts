import type { Timeline } from "../data/mod.ts";
import type { HeatMap } from "../query/heat_map.ts";

/**
 * Samples of a timeline by second (a column) and offset within it (a row), as FlameScope lays them out: what happens every
 * second at one time, and what happens once, are both seen.
 *
 * @param rowMs length of a row in milliseconds, a divisor of 1000
 */
export function subsecondMap(timeline: Timeline, rowMs = 50): HeatMap {
  const rows = Math.round(1000 / rowMs);
  const { timeNs } = timeline;
  const seconds = timeNs.length === 0 ? 0 : Math.floor(timeNs[timeNs.length - 1] / 1e9) + 1;
  // A map of hours has as many columns as can be told apart; each is of whole seconds then.
  const perColumn = Math.max(1, Math.ceil(seconds / MOST_COLUMNS));
  const counts = Array.from({ length: Math.ceil(seconds / perColumn) }, () => new Array<number>(rows).fill(0));
  for (const t of timeNs) {
    const second = Math.floor(t / 1e9);
    const row = Math.min(rows - 1, Math.floor((t - second * 1e9) / (rowMs * 1e6)));
    counts[Math.floor(second / perColumn)][row]++;
  }
  return {
    startNs: timeline.startNs ?? 0n,
    columnNs: perColumn * 1e9,
    times: counts.map((_, c) => c * perColumn * 1e9),
    buckets: Array.from({ length: rows }, (_, r) => ({ min: r * rowMs * 1e6, max: (r + 1) * rowMs * 1e6 })),
    counts,
    unit: "ns",
  };
}

const MOST_COLUMNS = 450;
