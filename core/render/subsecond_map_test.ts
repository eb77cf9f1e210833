import assert from "node:assert/strict";
import fc from "fast-check";
import { heatMapSvg } from "./heat_map_svg.ts";
import { subsecondMap } from "./subsecond_map.ts";

Deno.test("subsecondMap() puts every sample into its second and offset", () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e12, noNaN: true })), (times) => {
    const timeNs = Float64Array.from(times).sort();
    const n = timeNs.length;
    const map = subsecondMap({ startNs: null, timeNs, stack: new Uint32Array(n), value: new Float64Array(n) });
    assert.equal(map.counts.flat().reduce((a, b) => a + b, 0), n);
    for (const t of timeNs) {
      const row = map.buckets.findIndex((b) => t % 1e9 < b.max);
      assert.ok(map.counts[Math.floor(t / map.columnNs)][Math.max(0, row)] > 0);
    }
  }));
});

Deno.test("a second's burst at one offset is one dark row of the picture", () => {
  const timeNs = Float64Array.from({ length: 300 }, (_, i) => Math.floor(i / 100) * 1e9 + 0.42e9);
  const map = subsecondMap({ startNs: 0n, timeNs, stack: new Uint32Array(300), value: new Float64Array(300) });
  assert.deepEqual(map.counts.map((c) => c.indexOf(100)), [8, 8, 8]);
  assert.equal(heatMapSvg(map, { title: "t" }).match(/class="cell h9"/g)?.length, 3);
});
