import type { PressureLine, PressureStat } from "./types.ts";

/** Parses a pressure file (Documentation/accounting/psi.rst); null when it holds none of its two lines. */
export function parsePressure(text: string): PressureStat | null {
  const lines: Record<string, PressureLine> = {};
  for (const m of text.matchAll(/^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/gm)) {
    lines[m[1]] = {
      avg10: Number(m[2]) / 100,
      avg60: Number(m[3]) / 100,
      avg300: Number(m[4]) / 100,
      totalNs: Number(m[5]) * 1000,
    };
  }
  // "irq" has a full line only: what stalls there stalls everything on that CPU.
  const some = lines.some ?? lines.full;
  return some === undefined ? null : { some, full: lines.full ?? null };
}
