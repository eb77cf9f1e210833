import assert from "node:assert/strict";
import { field, type HistogramCell, quality, tableFromRows } from "../data/mod.ts";
import { cpuProfile, cpuSeries, latencyHistogram } from "./data_for_test.ts";
import { pictureSvg } from "./picture.ts";

const cell: HistogramCell = { kind: "histogram", unit: "ns", buckets: [{ min: 1, max: 2, count: 3 }] };
const title = "t";

Deno.test("pictureSvg() draws profiles, series and histograms, and no text", () => {
  assert.match(pictureSvg(cpuProfile(), { title })!, /sonde-flame/);
  assert.match(pictureSvg(cpuSeries(), { title })!, /class="line l0"/);
  assert.match(pictureSvg(latencyHistogram(), { title })!, /class="bar"/);
  assert.equal(pictureSvg({ kind: "text", text: "x", quality: quality() }, { title }), null);
});

Deno.test("pictureSvg() draws a table that is a heat map or one histogram, and no other", () => {
  const times = [[1_000_000_000n, cell, 5], [2_000_000_000n, cell, 7]];
  const table = tableFromRows([field("window", "time"), field("h", "histogram"), field("n", "int")], times);
  assert.match(pictureSvg(table, { title })!, /class="cell h9"/);
  assert.match(pictureSvg(table, { title, form: { kind: "heatmap", time: "window", value: "n" } })!, /class="cell h9"/);
  const one = tableFromRows([field("comm", "string"), field("h", "histogram")], [["x", cell]]);
  assert.match(pictureSvg(one, { title })!, /class="bar"/);
  assert.equal(pictureSvg(tableFromRows([field("n", "int")], [[1]]), { title }), null);
});
