const EIGHTHS = " ▁▂▃▄▅▆▇█";
const ROWS = 8;

/**
 * Values as columns on a scale from `low` to `high`, in eighths of a row, the top row first. NaN leaves a gap; anything
 * else shows at least a hair.
 */
export function columnPlot(values: readonly number[], low: number, high: number): string[] {
  const heights = values.map((v) => {
    if (!Number.isFinite(v)) return 0;
    const share = high > low ? (v - low) / (high - low) : 0;
    return Math.max(1, Math.min(ROWS * 8, Math.round(share * ROWS * 8)));
  });
  return Array.from({ length: ROWS }, (_, i) => {
    const below = (ROWS - 1 - i) * 8;
    return heights.map((height) => EIGHTHS[Math.max(0, Math.min(8, height - below))]).join("");
  });
}
