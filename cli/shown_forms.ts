import {
  cellAt,
  type Field,
  fieldIndex,
  type HistogramCell,
  type Result,
  type Results,
  type Series,
  type Table,
} from "../core/data/mod.ts";
import type { ShownForm } from "../core/render/shown_form.ts";
import type { FormPlan } from "../dsl/plan.ts";

interface Shown {
  readonly result: Result;
  readonly form: ShownForm;
}

/** Results as `show … as` says. What makes them is loaded when it is needed. */
export async function inTheirForms(
  results: Results,
  forms: readonly FormPlan[],
): Promise<{ readonly results: Results; readonly forms: Readonly<Record<string, ShownForm>> }> {
  if (forms.length === 0) return { results, forms: {} };
  const made = await Promise.all(
    Object.entries(results).map(async ([name, r]) => [name, await shownAs(name, r, forms)] as const),
  );
  return {
    results: Object.fromEntries(made.map(([name, m]) => [name, m.result])),
    forms: Object.fromEntries(made.map(([name, m]) => [name, m.form])),
  };
}

async function shownAs(name: string, result: Result, forms: readonly FormPlan[]): Promise<Shown> {
  const plan = forms.find((f) => f.result === name);
  if (!plan || result.kind !== "table") return { result, form: plan?.form === "flame" ? "flame" : null };
  const { time, value, keys } = plan;
  const unit = value === null ? null : fieldOf(result, value).unit;
  switch (plan.form) {
    case "table":
      return { result, form: "table" };
    case "hist":
      return await asHistogram(result, value!);
    case "flame": {
      const { profileOf } = await import("../core/query/profile_of.ts");
      const sampleType = { name: value ?? "count", unit: unit ?? "count" };
      const labels = result.fields.filter((f) => f.type === "string" || f.type === "pid").map((f) => f.name);
      const spec = { stack: keys[0], value, keys: labels, sampleType };
      return { result: profileOf(result, spec, result.quality), form: "flame" };
    }
    case "series": {
      return { result: await asSeries(result, { ...plan, time: time!, value: value! }), form: "series" };
    }
    case "heatmap":
      return { result, form: { kind: "heatmap", time: time!, value: value! } };
  }
}

/** A line for each column of numbers and combination of keys. What is of another unit is named. */
async function asSeries(result: Table, plan: FormPlan & { time: string; value: string }): Promise<Series> {
  const { seriesOf } = await import("../core/query/series_of.ts");
  const { time, keys } = plan;
  const values = [plan.value, ...plan.more ?? []];
  const { unit } = fieldOf(result, plan.value);
  const parts = values.map((value) => ({ value, ...seriesOf(result, { time, value, keys, unit }, result.quality) }));
  const known = parts.filter((p) => p.points.length > 0);
  const startNs = known.reduce((least, p) => p.startNs < least ? p.startNs : least, known[0]?.startNs ?? 0n);
  const points = known.flatMap((p) => {
    const later = Number(p.startNs - startNs);
    return p.points.map((line) => ({
      name: values.length > 1 && keys.length > 0 ? `${line.name}, ${p.value}` : line.name,
      tNs: line.tNs.map((t) => t + later),
      v: line.v,
    }));
  });
  const rest = result.fields.filter((f) => AMOUNTS.has(f.type) && !values.includes(f.name)).map((f) => f.name);
  const notes = rest.length > 0 ? [`Not drawn, being of another unit: ${rest.join(", ")}`] : [];
  const quality = { ...result.quality, notes: [...result.quality.notes, ...notes] };
  return { kind: "series", unit, startNs, points, quality };
}

const AMOUNTS: ReadonlySet<string> = new Set(["int", "float", "duration", "bytes", "rate", "ratio"]);

async function asHistogram(result: Table, value: string): Promise<Shown> {
  const f = fieldOf(result, value);
  // One for each row: they are drawn in the table.
  if (f.type === "histogram" && result.length !== 1) return { result, form: "hist" };
  if (f.type === "histogram") {
    const column = result.columns[fieldIndex(result, value)];
    const cell = cellAt(column, 0) as HistogramCell | null;
    if (cell === null) return { result, form: "hist" };
    return { result: { ...cell, quality: result.quality }, form: "hist" };
  }
  const { histogramOfColumn } = await import("../core/query/histogram_of.ts");
  const cell = histogramOfColumn(result, value, f.unit);
  return cell ? { result: { ...cell, quality: result.quality }, form: "hist" } : { result, form: null };
}

function fieldOf(table: Table, name: string): Field {
  const at = fieldIndex(table, name);
  if (at < 0) throw new TypeError(`the table has no column "${name}"`);
  return table.fields[at];
}
