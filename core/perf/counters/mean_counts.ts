import { field, mergeQuality, recordsOf, type Table, tableFromRows } from "../../data/mod.ts";
import type { Counts } from "./count_events.ts";

/**
 * The mean of several runs of one command, with what it may be off: `deviation`, the standard error of the mean by the
 * mean, as a ratio (sample standard deviation by the root of the number of runs).
 *
 * @param runs one or more, of the same events
 */
export function meanCounts(runs: readonly Counts[]): Counts {
  const of = (table: "counters" | "ratios", key: string): Table => {
    const first = runs[0][table];
    const all = runs.map((run) => recordsOf(run[table]));
    const fields = [...first.fields, field("deviation", "ratio", "Standard error of the mean, by the mean")];
    const quality = mergeQuality(runs.map((run) => run[table].quality));
    const rows = recordsOf(first).map((row) => {
      const values = all.map((rows) => rows.find((r) => r[key] === row[key])?.value)
        .filter((v): v is number => typeof v === "number");
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const rates = all.map((rows) => rows.find((r) => r[key] === row[key])?.per_second)
        .filter((v): v is number => typeof v === "number");
      const cells: Record<string, unknown> = {
        ...row,
        value: values.length === 0 ? null : mean,
        per_second: rates.length === 0 ? null : rates.reduce((a, b) => a + b, 0) / rates.length,
        deviation: deviation(values, mean),
      };
      return fields.map((f) => cells[f.name]);
    });
    const note = `Means of ${runs.length} runs; ± is the standard error of the mean.`;
    return tableFromRows(fields, rows, { ...quality, notes: [note, ...quality.notes] });
  };
  return { counters: of("counters", "event"), ratios: of("ratios", "metric") };
}

function deviation(values: readonly number[], mean: number): number | null {
  if (values.length < 2 || mean === 0) return null;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length) / Math.abs(mean);
}
