import assert from "node:assert/strict";
import { type Histogram, quality, type Series } from "../data/mod.ts";
import type { HeatMap } from "../query/heat_map.ts";
import { withBrowser, withFile } from "./browser_for_test.ts";
import { cpuSeries, HOSTILE, latencyHistogram } from "./data_for_test.ts";
import { heatMapSvg } from "./heat_map_svg.ts";
import { histogramSvg } from "./histogram_svg.ts";
import { seriesSvg } from "./series_svg.ts";
import { elements, parseXml } from "./xml_for_test.ts";

const START = 1_796_218_800_000_000_000n;
const HEAT: HeatMap = {
  startNs: START,
  columnNs: 1e9,
  times: [0, 1e9],
  buckets: [{ min: 1024, max: 2048 }, { min: 2048, max: 4096 }],
  counts: [[7, 0], [0, 12_345]],
  unit: "ns",
};
const EMPTY_SERIES: Series = { kind: "series", unit: "ns", startNs: START, points: [], quality: quality() };
const EMPTY_HISTOGRAM: Histogram = { kind: "histogram", unit: "ns", buckets: [], quality: quality() };
const title = HOSTILE.join(" ") + ' ]]></title><script>alert(1)</script> " onload="x';

const PICTURES: Readonly<Record<string, string>> = {
  series: seriesSvg({ ...cpuSeries(), points: [...cpuSeries().points, { name: title, tNs: [0], v: [1] }] }, { title }),
  histogram: histogramSvg(latencyHistogram(), { title }),
  heatMap: heatMapSvg(HEAT, { title, quality: quality({ events: 5, lost_by: { [title]: 1 } }) }),
  emptySeries: seriesSvg(EMPTY_SERIES, { title }),
  emptyHistogram: histogramSvg(EMPTY_HISTOGRAM, { title }),
  emptyHeatMap: heatMapSvg({ ...HEAT, times: [], buckets: [], counts: [] }, { title }),
};

Deno.test("charts are well-formed XML without scripts or handlers, whatever the names are", async () => {
  for (const [name, svg] of Object.entries(PICTURES)) {
    const root = await parseXml(svg);
    if (root === null) return;
    assert.equal(root.name, "svg", name);
    assert.deepEqual(elements(root, "script"), [], name);
    const attributes = elements(root, "text").concat(elements(root, "rect"), elements(root, "path"), [root])
      .flatMap((e) => Object.keys(e.attributes));
    assert.ok(!attributes.some((a) => a.startsWith("on") || a === "style" || a === "href"), name);
    assert.doesNotMatch(svg.replace('xmlns="http://www.w3.org/2000/svg"', ""), /https?:|NaN|Infinity/, name);
  }
});

Deno.test("heatMapSvg() draws each count as a cell with its time, range and count, the more the darker", async () => {
  const root = await parseXml(PICTURES.heatMap);
  if (root === null) return;
  const cells = elements(root, "rect").filter((r) => r.attributes.class.startsWith("cell"));
  assert.deepEqual(cells.map((c) => c.attributes.class), ["cell h2", "cell h9"]);
  assert.deepEqual(cells.map((c) => c.children[0].text), [
    "2026-12-02 13:40:00.000Z · 1.02 µs – 2.05 µs · 7",
    "2026-12-02 13:40:01.000Z · 2.05 µs – 4.10 µs · 12,345",
  ]);
  const [few, many] = cells.map((c) => ({ x: Number(c.attributes.x), y: Number(c.attributes.y) }));
  assert.ok(many.x > few.x && many.y < few.y, "later is right, more is up");
});

Deno.test("seriesSvg() draws twenty lines of more, a gap where nothing was measured, and every point's value", async () => {
  const tNs = [0, 1e9, 2e9, 3e9];
  const points = Array.from({ length: 25 }, (_, i) => ({ name: `l${i}`, tNs, v: [i, NaN, i, i] }));
  const root = await parseXml(seriesSvg({ ...EMPTY_SERIES, points }, { title: "t" }));
  if (root === null) return;
  const lines = elements(root, "path").filter((p) => p.children.length === 1);
  assert.equal(lines.length, 20);
  assert.equal(lines[0].children[0].text, "l24");
  assert.match(lines[0].attributes.d, /^M[\d.]+ [\d.]+h0M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
  assert.equal(elements(root, "circle").length, 60);
  assert.ok(elements(root, "text").some((t) => t.text.includes("the 20 highest of 25 lines")));
});

Deno.test("seriesSvg() draws no line over a time without points", () => {
  const v = [1, 2, 3, 4];
  const points = [{ name: "x", tNs: [0, 1e9, 5e9, 6e9], v }, { name: "y", tNs: [0, 1e9, 2e9, 3e9], v }];
  const svg = seriesSvg({ ...EMPTY_SERIES, points }, { title: "t" });
  const shape = (i: number): string =>
    new RegExp(`class="line l${i}" d="([^"]+)"`).exec(svg)![1].replace(/[\d. ]+/g, "");
  assert.deepEqual([shape(0), shape(1)], ["MLML", "MLLL"]);
});

Deno.test("seriesSvg() keeps the peak of a line that has more points than pixels", () => {
  const n = 50_000;
  const v = Array.from({ length: n }, (_, i) => i === 31_337 ? 100 : 1);
  const svg = seriesSvg({ ...EMPTY_SERIES, points: [{ name: "x", tNs: v.map((_, i) => i * 1e6), v }] }, { title: "t" });
  const d = /class="line l0" d="([^"]+)"/.exec(svg)![1];
  const ys = [...d.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map((m) => Number(m[1]));
  assert.ok(Math.max(...ys) - Math.min(...ys) > 290, "the peak is as high as the plot");
  assert.ok(svg.length < 60_000, `${svg.length}`);
});

Deno.test("histogramSvg() draws a column for each range that has values, and what lies beyond the ends", async () => {
  const histogram: Histogram = {
    ...EMPTY_HISTOGRAM,
    buckets: [{ min: -Infinity, max: 0, count: 1 }, { min: 0, max: 10, count: 3 }, {
      min: 10,
      max: Infinity,
      count: 2,
    }],
  };
  const root = await parseXml(histogramSvg(histogram, { title: "t" }));
  if (root === null) return;
  const bars = elements(root, "rect").map((r) => r.children[0].text);
  assert.deepEqual(bars, ["< 0 s · 1 · 17 %", "0 s – 10 ns · 3 · 50 %", "≥ 10 ns · 2 · 33 %"]);
});

/** Runs in the page. A text, as Deno's types know no document. */
const OUTSIDE = `(() => {
  const all = document.documentElement.getBoundingClientRect();
  return [...document.querySelectorAll("text, rect, path, circle")].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.right > all.right + 1 || r.left < all.left - 1 || r.bottom > all.bottom + 1 || r.top < all.top - 1;
  }).map((e) => e.outerHTML.slice(0, 120));
})()`;

Deno.test("in a browser: nothing of a chart lies outside of it", async () => {
  await withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    for (const [name, svg] of Object.entries(PICTURES)) {
      await withFile(".svg", svg, async (url) => {
        await page.goto(url);
        const outside = await page.evaluate(OUTSIDE);
        assert.deepEqual(outside, [], name);
      });
    }
  });
});
