import assert from "node:assert/strict";
import { type Profile, quality, resultToJson } from "../../data/mod.ts";
import { cpuProfile, random } from "../data_for_test.ts";
import { renderDiff } from "../terminal/diff.ts";
import { compareProfiles } from "./comparison.ts";
import { changesTable, functionChanges } from "./profile_diff.ts";

/** A profile of functions under `main`, by their samples of 10 ms. */
function profileOf(samples: Readonly<Record<string, number>>, durationNs = 0, withTime = true): Profile {
  const names = Object.keys(samples);
  return {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }, ...withTime ? [{ name: "cpu", unit: "ns" } as const] : []],
    frames: ["main", ...names].map((f) => ({ function: f, module: "m", file: "", line: 0, kind: "user" })),
    stacks: names.map((f, i) => ({
      frames: [0, i + 1],
      values: withTime ? [samples[f], samples[f] * 1e7] : [samples[f]],
      labels: {},
    })),
    quality: quality({ duration_ns: durationNs }),
  };
}

Deno.test("compareProfiles() compares by time where windows and a type of time are known, else by shares", () => {
  const [a, b] = [profileOf({ f: 100 }, 10e9), profileOf({ f: 100 }, 5e9)];
  const byTime = compareProfiles(a, b)!;
  assert.deepEqual([byTime.by, byTime.type.name], ["time", "cpu"]);
  // A second of CPU in ten, then in five: a tenth of a CPU, then a fifth.
  const [f] = functionChanges(a, b, byTime);
  assert.deepEqual([f.function, f.self.before, f.self.after].map(String), ["f", "0.1", "0.2"]);
  assert.equal(compareProfiles(profileOf({ f: 1 }), b)?.by, "share");
  assert.equal(compareProfiles(profileOf({ f: 1 }, 1e9, false), b)?.by, "share");
  assert.equal(compareProfiles(profileOf({ f: 1 }), b, "time"), null);
  assert.equal(compareProfiles({ ...a, sampleTypes: [{ name: "bytes", unit: "bytes" }] }, b), null);
});

Deno.test("a profile compared with itself has no change; one sampled at ten times the frequency neither, by time", () => {
  const p = cpuProfile();
  for (const c of functionChanges(p, p, compareProfiles(p, p)!)) {
    assert.deepEqual([c.self.delta, c.total.delta], [0, 0]);
  }
  const finer: Profile = {
    ...p,
    stacks: p.stacks.map((s) => ({ ...s, values: [s.values[0] * 10, s.values[1]] })),
  };
  for (const c of functionChanges(p, finer, compareProfiles(p, finer)!)) assert.ok(c.self.noise && c.total.noise);
});

Deno.test("of profiles drawn from one load, about one function in twenty changes by more than noise; what doubled is found", () => {
  const rand = random(9);
  const draw = (weights: readonly number[], n: number): Record<string, number> => {
    const sum = weights.reduce((a, b) => a + b);
    const samples: Record<string, number> = Object.fromEntries(weights.map((_, i) => [`f${i}`, 0]));
    for (let i = 0; i < n; i++) {
      let at = rand() * sum;
      let k = 0;
      while ((at -= weights[k]) > 0) k++;
      samples[`f${k}`]++;
    }
    return samples;
  };
  const weights = Array.from({ length: 100 }, (_, i) => 1 + i % 10);
  let outside = 0;
  for (let round = 0; round < 20; round++) {
    const [a, b] = [profileOf(draw(weights, 2000)), profileOf(draw(weights, 2000))];
    outside += functionChanges(a, b, compareProfiles(a, b)!).filter((c) => !c.self.noise).length;
  }
  assert.ok(outside > 20 && outside < 130, `${outside} of 2000`);
  const changed = weights.map((w, i) => i === 9 ? w * 4 : w);
  const [a, b] = [profileOf(draw(weights, 4000)), profileOf(draw(changed, 4000))];
  const [first] = functionChanges(a, b, compareProfiles(a, b)!);
  assert.equal(first.function, "f9");
  assert.ok(!first.self.noise && first.self.interval!.low > 0);
});

Deno.test("renderDiff() marks what is within noise, says by what it compares, and how much of it chance explains", () => {
  const [a, b] = [profileOf({ f: 400, g: 100, gone: 60 }, 0, false), profileOf({ f: 400, g: 330, fresh: 1 }, 0, false)];
  const comparison = compareProfiles(a, b, "count")!;
  const text = renderDiff(functionChanges(a, b, comparison), comparison, [a, b], {
    color: false,
    width: 120,
    lang: "en",
  });
  assert.match(text, /100 +330 +\+230 +\+189 … \+271 .* g /);
  assert.match(text, /60 +- +−60 .* gone /);
  assert.match(text, /- +1 +~\+1 .* fresh /);
  assert.match(text, /As counted: before 560 samples, after 731 samples/);
  assert.match(text, /of 5, 0 do so by chance/);
  for (const line of text.split("\n")) assert.ok(line.length <= 120, line);
});

Deno.test("changesTable() holds the figures of every function, null where no samples are known", () => {
  const bytes = (p: Profile): Profile => ({ ...p, sampleTypes: [{ name: "alloc", unit: "bytes" }] });
  const [a, b] = [bytes(profileOf({ f: 4 }, 0, false)), bytes(profileOf({ f: 6, g: 2 }, 0, false))];
  const comparison = compareProfiles(a, b)!;
  assert.equal(comparison.events, null);
  const { rows } = resultToJson(changesTable(functionChanges(a, b, comparison), comparison, [a, b])) as {
    rows: unknown[][];
  };
  assert.deepEqual(rows[0].slice(0, 8), ["f", "m", "user", 1, 0.75, -0.25, null, null]);
  assert.equal(rows.length, 3);
});
