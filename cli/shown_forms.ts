import {
  cellAt,
  type Field,
  fieldIndex,
  type HistogramCell,
  type Result,
  type Results,
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
      const { seriesOf } = await import("../core/query/series_of.ts");
      return { result: seriesOf(result, { time: time!, value: value!, keys, unit }, result.quality), form: "series" };
    }
    case "heatmap":
      return { result, form: { kind: "heatmap", time: time!, value: value! } };
  }
}

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
