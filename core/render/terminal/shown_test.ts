import assert from "node:assert/strict";
import fc from "fast-check";
import { field, type HistogramCell, quality, type Series, tableFromRows } from "../../data/mod.ts";
import type { HeatMap } from "../../query/heat_map.ts";
import { cpuProfile, cpuSeries, HOSTILE } from "../data_for_test.ts";
import type { RenderOptions } from "../options.ts";
import { displayWidth } from "../width.ts";
import { renderHeatMap } from "./heat_map.ts";
import { renderSeries } from "./series.ts";
import { renderShown } from "./shown.ts";

const START = BigInt(Date.parse("2026-11-28T13:40:00Z")) * 1_000_000n;
const plain = (width: number): RenderOptions => ({ color: false, width, lang: "en" });
const stripped = (text: string): string => text.replace(/\x1b\[[\d;]*m/g, "");
const HEAT: HeatMap = {
  startNs: START,
  columnNs: 5e9,
  times: [0, 5e9, 10e9],
  buckets: [{ min: 1e6, max: 2e6 }, { min: 2e6, max: 4e6 }, { min: 4e6, max: Infinity }],
  counts: [[1, 0, 0], [3, 2, 0], [0, 0, 4]],
  unit: "ns",
};

Deno.test("renderHeatMap() has values upwards, times to the right, a sign for each count, and says what it stands for", () => {
  assert.equal(
    renderHeatMap(HEAT, plain(60)),
    [
      "     ≥ 4 ms ▕            @@@@@@",
      "2 ms – 4 ms ▕      ======",
      "1 ms – 2 ms ▕......******",
      "             ┬─────────────────",
      "             13:40:00",
      "count  . 1  = 2  * 3  @ 4",
      "2026-11-28 UTC · a column each 5 s",
    ].join("\n"),
  );
});

Deno.test("renderHeatMap() shows the same cells with colour, and joins columns that do not fit", () => {
  const colored = renderHeatMap(HEAT, { ...plain(60), color: true }).split("\n");
  assert.equal(colored[0], "\x1b[2m     ≥ 4 ms ▕\x1b[22m            \x1b[48;5;221m      \x1b[49m");
  const wide: HeatMap = {
    ...HEAT,
    times: Array.from({ length: 500 }, (_, i) => i * 5e9),
    counts: Array.from({ length: 500 }, () => [1, 2, 3]),
  };
  const lines = renderHeatMap(wide, plain(60)).split("\n");
  assert.ok(lines.every((line) => displayWidth(line) <= 60));
  assert.match(lines.at(-1)!, /a column each 55 s|a column each 1m/);
  assert.match(lines.at(-2)!, /33|30/);
  assert.equal(renderHeatMap({ ...HEAT, counts: [], times: [] }, plain(60)), "nothing was measured");
});

Deno.test("renderHeatMap() and renderSeries() overflow no terminal, whatever is drawn", () => {
  const edge = fc.double({ noNaN: true, min: 0, max: 1e18 });
  const map = fc.tuple(
    fc.uniqueArray(edge, { minLength: 2, maxLength: 12 }),
    fc.nat(200),
    fc.constantFrom(1, 1e6, 1e9, 7e12),
  )
    .map(([edges, columns, columnNs]): HeatMap => {
      const sorted = edges.sort((a, b) => a - b);
      const buckets = sorted.slice(1).map((max, i) => ({ min: sorted[i], max }));
      const counts = Array.from({ length: columns }, (_, c) => buckets.map((_, r) => (c * 7 + r * 3) % 11 ** 4));
      return { startNs: START, columnNs, times: counts.map((_, c) => c * columnNs), buckets, counts, unit: "ns" };
    });
  fc.assert(fc.property(map, fc.integer({ min: 40, max: 200 }), fc.boolean(), (m, width, color) => {
    const text = renderHeatMap(m, { ...plain(width), color });
    assert.ok(stripped(text).split("\n").every((line) => displayWidth(line) <= width), text);
  }));
  const value = fc.oneof(fc.double({ min: -1e18, max: 1e18 }), fc.nat());
  const line = fc.record({ name: fc.string({ unit: "binary" }), v: fc.array(value, { maxLength: 300 }) })
    .map(({ name, v }) => ({ name, v, tNs: v.map((_, i) => i * 1e9) }));
  fc.assert(fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 40, max: 200 }), (points, width) => {
    const series: Series = { kind: "series", unit: "bytes", startNs: START, points, quality: quality() };
    const text = renderSeries(series, plain(width));
    assert.ok(text.split("\n").every((l) => displayWidth(l) <= width), text);
  }));
});

Deno.test("renderSeries() draws one line as a plot with its scale, its times and its figures", () => {
  const tNs = [0, 1e9, 2e9, 3e9];
  const one: Series = {
    kind: "series",
    unit: "ratio",
    startNs: START,
    points: [{ name: "cpu", tNs, v: [0.5, NaN, 1, 0.25] }],
    quality: quality(),
  };
  assert.equal(
    renderSeries(one, plain(60)),
    [
      "100 % ▕        ████",
      ...Array.from({ length: 3 }, () => "      ▕        ████"),
      ...Array.from({ length: 2 }, () => "      ▕████    ████"),
      "      ▕████    ████████",
      "  0 % ▕████    ████████",
      "       ┬───────────────",
      "       13:40:00",
      "       2026-11-28 UTC · a point each 1 s",
      "cpu  min 25 % · mean 58 % · max 100 % · last 25 %",
    ].join("\n"),
  );
});

Deno.test("renderSeries() of forty lines shows all, of more the highest and how many are left", () => {
  const of = (n: number): Series => ({
    kind: "series",
    unit: "count",
    startNs: START,
    points: Array.from({ length: n }, (_, i) => ({ name: `l${i}`, tNs: [0, 1e9], v: [i, i] })),
    quality: quality(),
  });
  assert.equal(renderSeries(of(40), plain(80)).split("\n").filter((l) => /^l\d/.test(l)).length, 40);
  const lines = renderSeries(of(50), plain(80)).split("\n");
  assert.deepEqual([lines.filter((l) => /^l\d/.test(l)).length, lines.at(-1)], [40, "… 10 more lines"]);
  assert.ok(lines.some((l) => l.startsWith("l49")) && !lines.some((l) => l.startsWith("l9 ")));
});

const cell: HistogramCell = { kind: "histogram", unit: "ns", buckets: [{ min: 1, max: 2, count: 3 }] };

Deno.test("renderShown() follows the form: cells as shapes, as bars, a heat map, the flame graph alone", () => {
  const fields = [field("window", "time"), field("hist_d", "histogram")];
  const table = tableFromRows(fields, Array.from({ length: 14 }, (_, i) => [START + BigInt(i) * 1_000_000_000n, cell]));
  assert.doesNotMatch(renderShown("x", table, null, plain(80)), /▕/);
  assert.equal(renderShown("x", table, "hist", plain(80)).split("▕").length, 15);
  const one = tableFromRows(fields, [[START, cell]]);
  assert.match(renderShown("x", one, null, plain(80)), /▕/);
  assert.match(renderShown("x", one, "table", plain(80)), /^x\n +window +hist_d\n.*1 ns █ 2 ns\n/);
  const heat = renderShown("x", table, { kind: "heatmap", time: "window", value: "hist_d" }, plain(80));
  assert.match(heat, /^x\n1 ns – 2 ns ▕@+\n +┬.*\n +13:40:00/);
  assert.throws(() => renderShown("x", table, { kind: "heatmap", time: "window", value: "no" }, plain(80)), TypeError);
  const flame = renderShown("x", cpuProfile(), "flame", plain(60));
  assert.match(flame, /^x\n\[.*\]\n/);
  assert.match(flame, /distinct stacks/);
  assert.doesNotMatch(flame, /self %/);
});

Deno.test("renderShown() leaves a result as it is where its kind has no such form", () => {
  for (const form of ["table", "hist", "flame", "series", { kind: "heatmap", time: "a", value: "b" }] as const) {
    assert.equal(renderShown("x", cpuSeries(), form, plain(80)), renderShown("x", cpuSeries(), null, plain(80)));
  }
});

Deno.test("renderShown() obeys no name from the machine", () => {
  const table = tableFromRows([field("t", "time"), field(HOSTILE[0], "int")], [[START, 5], [START + 10n ** 9n, 9]]);
  const forms = [null, "table", "hist", { kind: "heatmap", time: "t", value: HOSTILE[0] }] as const;
  for (const form of forms) {
    const text = stripped(renderShown(HOSTILE.join(""), table, form, { ...plain(80), color: true }));
    assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  }
});
