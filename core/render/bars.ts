const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `share` (0–1) of `width` columns in eighths of a column. Anything above zero shows at least a hair. */
export function barText(share: number, width: number): string {
  if (!(share > 0)) return "";
  const eighths = Math.max(1, Math.round(Math.min(1, share) * width * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

const LEVELS = "▁▂▃▄▅▆▇█";

/**
 * Values as a line of small columns, averaged down to `width` of them. The scale runs from `low` to `high`; NaN is a
 * space.
 */
export function sparkline(values: readonly number[], width: number, low: number, high: number): string {
  const n = Math.min(width, values.length);
  let out = "";
  for (let i = 0; i < n; i++) {
    const part = values.slice(Math.floor(i * values.length / n), Math.floor((i + 1) * values.length / n))
      .filter(Number.isFinite);
    if (part.length === 0) {
      out += " ";
      continue;
    }
    const mean = part.reduce((a, b) => a + b, 0) / part.length;
    const level = high > low ? (mean - low) / (high - low) : 0;
    out += LEVELS[Math.max(0, Math.min(7, Math.floor(level * 7.999)))];
  }
  return out;
}
