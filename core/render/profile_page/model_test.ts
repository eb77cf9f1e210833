/** The page's data and what its client makes of it, without a browser. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Profile, quality } from "../../data/mod.ts";
import { bigProfile, cpuProfile, random } from "../data_for_test.ts";
import { changeOf } from "../diff/change.ts";
import { compareProfiles } from "../diff/comparison.ts";
import { frameName, functionTotals, profileTotal } from "../profile_stats.ts";
import { pageCompare } from "./_client_compare.js";
import { pageModel } from "./_client_model.js";
import { type EncodedProfile, encodeProfiles } from "./encode.ts";

const LIMITS = { maxNodes: 500_000, maxDepth: 20_000, groupBy: false } as const;
const all = (data: EncodedProfile): { type: number; filter: number[]; range: null; width: string; share: boolean } => ({
  type: 0,
  filter: data.labels.keys.map(() => -1),
  range: null,
  width: "after",
  share: true,
});

/** A profile over few functions, so that stacks share parts and recur. */
const someProfile: fc.Arbitrary<Profile> = fc.array(
  fc.record({
    frames: fc.array(fc.nat(5), { maxLength: 8 }),
    value: fc.nat(50),
    pid: fc.constantFrom("1", "2"),
  }),
  { maxLength: 20 },
).map((stacks) => ({
  kind: "profile",
  sampleTypes: [{ name: "samples", unit: "count" }],
  frames: Array.from({ length: 6 }, (_, i) => ({ function: `f${i}`, module: "m", file: "", line: i, kind: "user" })),
  stacks: stacks.map((s) => ({ frames: s.frames, values: [s.value], labels: { pid: s.pid } })),
  quality: quality(),
}));

Deno.test("the page's tree has every stack with its value, callers before callees, siblings by name", () => {
  fc.assert(fc.property(someProfile, (profile) => {
    const data = encodeProfiles([profile], LIMITS);
    const tree = pageModel(data).whole(all(data));
    const expected = new Map<string, number>();
    for (const s of profile.stacks) {
      const path = s.frames.map((f) => frameName(profile.frames[f])).join(";");
      expected.set(path, (expected.get(path) ?? 0) + s.values[0]);
    }
    const paths: string[] = [];
    for (let i = 0; i < tree.frame.length; i++) {
      const above = i === 0 ? "" : paths[tree.parent[i]];
      paths.push(i === 0 ? "" : above === "" ? data.names[tree.frame[i]] : `${above};${data.names[tree.frame[i]]}`);
      assert.equal(tree.self[i], expected.get(paths[i]) ?? 0, paths[i]);
      if (i > 0) assert.ok(tree.parent[i] < i && tree.end[tree.parent[i]] >= tree.end[i]);
    }
    assert.equal(new Set(paths).size, paths.length);
    assert.deepEqual(
      paths,
      [...paths].sort((a, b) => (a + ";").replaceAll(";", "\0") < (b + ";").replaceAll(";", "\0") ? -1 : 1),
    );
    assert.equal(tree.total[0], profileTotal(profile));
  }));
});

Deno.test("the page's functions are those of functionTotals(), recursion counted once", () => {
  fc.assert(fc.property(someProfile, (profile) => {
    const data = encodeProfiles([profile], LIMITS);
    const model = pageModel(data);
    const tree = model.whole(all(data));
    const { self, total } = model.functionTotals(tree.self, tree.total);
    for (const f of functionTotals(profile)) {
      const id = data.names.indexOf(f.function);
      assert.deepEqual(id < 0 ? [0, 0] : [self[id], total[id]], [f.self, f.total], f.function);
    }
  }));
});

Deno.test("a sandwich's callers and callees both add up to the function's total, and to their own parts", () => {
  fc.assert(fc.property(someProfile, (profile) => {
    const data = encodeProfiles([profile], LIMITS);
    const model = pageModel(data);
    const tree = model.whole(all(data));
    const totals = model.functionTotals(tree.self, tree.total);
    for (let f = 0; f < data.names.length; f++) {
      for (const half of [model.callers(tree, f), model.callees(tree, f)]) {
        assert.equal(half.total[0], totals.total[f]);
        for (let i = 0; i < half.frame.length; i++) {
          let below = 0;
          for (let c = i + 1; c < half.end[i]; c = half.end[c]) below += half.total[c];
          assert.equal(half.total[i], half.self[i] + below);
        }
      }
      assert.ok(totals.self[f] >= model.callees(tree, f).self[0]);
    }
  }));
});

Deno.test("filters by label and by time count what passes, of every sample type", () => {
  const profile = cpuProfile();
  const rand = random(4);
  const n = 615;
  const stack = Uint32Array.from(profile.stacks.flatMap((s, i) => new Array(s.values[0]).fill(i)));
  const timeline = {
    startNs: 1_000_000_000n,
    timeNs: Float64Array.from({ length: n }, () => rand() * 9.5e9).sort(),
    stack,
    value: new Float64Array(n).fill(1),
  };
  const data = encodeProfiles([{ ...profile, timeline }], LIMITS);
  const model = pageModel(data);
  const pid = data.labels.keys.indexOf("pid");
  const filter = data.labels.keys.map((_, k) => k === pid ? data.labels.values[pid].indexOf("77") : -1);
  assert.equal(model.whole({ ...all(data), filter }).total[0], 35);
  assert.equal(model.whole({ ...all(data), filter, type: 1 }).total[0], 35 * 10_101_010);
  // 10 ms each: two seconds from the third on.
  const range = { from: 300, to: 500 };
  const within = [...timeline.timeNs].filter((t) => t >= 3e9 && t < 5e9).length;
  assert.equal(model.whole({ ...all(data), range }).total[0], within);
  assert.ok(Math.abs(model.whole({ ...all(data), range, type: 1 }).total[0] - within * 10_101_010) < 1);
  assert.equal(model.slices(all(data).filter).reduce((a: number, b: number) => a + b, 0), n);
});

Deno.test("200,000 nodes pruned to 5,000: the total stays, no function's self grows, what is left out has a name", () => {
  const profile = bigProfile(20_000);
  const data = encodeProfiles([profile], { ...LIMITS, maxNodes: 5000 });
  const model = pageModel(data);
  const tree = model.whole(all(data));
  assert.ok(data.up.length < 10_000 && data.dropped > 5000);
  assert.equal(tree.total[0], profileTotal(profile));
  const { self } = model.functionTotals(tree.self, tree.total);
  const before = new Map(functionTotals(profile).map((f) => [`${f.function} ${f.module}`, f.self]));
  let leftOut = 0;
  data.names.forEach((name, f) => {
    if (data.kind[f] === 6) leftOut += self[f];
    else assert.ok(self[f] <= before.get(`${name} ${data.modules[data.module[f]]}`)!, name);
  });
  const kept = self.reduce((a: number, b: number) => a + b, 0);
  assert.ok(leftOut > 0);
  assert.equal(kept, profileTotal(profile));
});

Deno.test("stacks 10,000 frames deep keep every level, in the tree and in both halves of a sandwich", () => {
  const frames = Array.from(
    { length: 7 },
    (_, i) => ({ function: `f${i}`, module: "", file: "", line: 0, kind: "user" as const }),
  );
  const deep = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 6);
  const profile: Profile = {
    ...cpuProfile(),
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames,
    stacks: [{ frames: [...deep(9999), 6], values: [3], labels: {} }, { frames: deep(500), values: [1], labels: {} }],
  };
  const data = encodeProfiles([profile], LIMITS);
  const model = pageModel(data);
  const tree = model.whole(all(data));
  assert.equal(tree.levels.length, 10_001);
  assert.equal(model.callers(tree, data.names.indexOf("f6")).levels.length, 10_000);
  assert.equal(model.callees(tree, data.names.indexOf("f0")).levels.length, 10_000);
});

Deno.test("two profiles: widths of either or both; the client's intervals are those of the table", () => {
  const before = cpuProfile();
  const after = {
    ...before,
    stacks: before.stacks.slice(1).map((s, i) => ({ ...s, values: s.values.map((v) => v * (1 + i % 3)) })),
  };
  for (const by of ["share", "count"] as const) {
    const comparison = compareProfiles(before, after, by)!;
    const data = encodeProfiles([before, after], LIMITS);
    const model = pageModel(data);
    const choice = { ...all(data), share: by === "share" };
    const tree = model.whole(choice);
    assert.equal(tree.total[0], profileTotal(after));
    assert.equal(model.whole({ ...choice, width: "before" }).total[0], profileTotal(before));
    const { totals, scale } = tree.sides;
    const compare = pageCompare(totals.map((t: Float64Array) => t[0]), scale, comparison.events, choice.share);
    for (let i = 0; i < tree.frame.length; i++) {
      const ours = compare(totals[0][i], totals[1][i]);
      const theirs = changeOf(totals[0][i], totals[1][i], comparison);
      assert.equal(ours.noise, theirs.noise);
      assert.ok(Math.abs(ours.low - theirs.interval!.low) < 1e-9 && Math.abs(ours.high - theirs.interval!.high) < 1e-9);
    }
  }
});
