import assert from "node:assert/strict";
import { quality, type Series } from "../../core/data/mod.ts";
import { openRounds } from "./rounds.ts";

function series(startNs: bigint, points: Series["points"]): Series {
  return { kind: "series", unit: "count", startNs, points, quality: quality({ events: 1 }) };
}

Deno.test("series of rounds go on, on the axis of the first that has points", () => {
  const rounds = openRounds();
  rounds.add("s", series(0n, []), 0n);
  rounds.add("s", series(100n, [{ name: "a", tNs: [0, 5], v: [1, 2] }]), 0n);
  rounds.add("s", series(0n, []), 0n);
  rounds.add("s", series(120n, [{ name: "b", tNs: [0], v: [3] }, { name: "a", tNs: [1], v: [4] }]), 0n);
  const s = rounds.results().get("s") as Series;
  assert.deepEqual([s.startNs, s.quality.events], [100n, 4]);
  assert.deepEqual(s.points, [{ name: "a", tNs: [0, 5, 21], v: [1, 2, 4] }, { name: "b", tNs: [20], v: [3] }]);
});

Deno.test("points of a series over the limit are counted as lost, and rounds cost the same however many there were", () => {
  const rounds = openRounds(100_000);
  const tNs = Array.from({ length: 10 }, (_, i) => i);
  for (let i = 0; i < 20_000; i++) rounds.add("s", series(BigInt(i * 10), [{ name: "a", tNs, v: tNs }]), 0n);
  const s = rounds.results().get("s") as Series;
  assert.equal(s.points[0].tNs.length, 100_000);
  assert.deepEqual(s.quality.lost_by, { row_limit: 100_000 });
});
