import assert from "node:assert/strict";
import fc from "fast-check";
import { testProfile } from "../profile/_testing.ts";
import { folded } from "../profile/folded.ts";
import { mergeProfiles } from "./merge_profiles.ts";
import type { Profile } from "./profile.ts";

const name = fc.constantFrom("a", "b", "c", "k:d");
const stack = fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }).map((n) => n.join(";")), fc.nat(9));
const profile = fc.array(stack, { maxLength: 8 }).map((stacks) => testProfile(stacks));

Deno.test("mergeProfiles() adds values, in whatever order and grouping", () => {
  fc.assert(fc.property(profile, profile, profile, (a, b, c) => {
    const one = folded(mergeProfiles([a, b, c]));
    assert.equal(folded(mergeProfiles([mergeProfiles([c, a]), b])), one);
    const total = (p: Profile) => p.stacks.reduce((sum, s) => sum + s.values[0], 0);
    assert.equal(total(mergeProfiles([a, b, c])), total(a) + total(b) + total(c));
  }));
});

Deno.test("mergeProfiles() keeps labels apart, matches sample types by name, adds up quality", () => {
  const a = testProfile([["f", 1, { pid: "1" }]]);
  const b = testProfile([["f", 2, { pid: "2" }]]);
  const c: Profile = { ...b, sampleTypes: [{ name: "bytes", unit: "bytes" }] };
  const merged = mergeProfiles([a, b, c]);
  assert.deepEqual(merged.stacks, [
    { frames: [0], values: [1, 0], labels: { pid: "1" } },
    { frames: [0], values: [2, 2], labels: { pid: "2" } },
  ]);
  assert.equal(merged.frames.length, 1);
  assert.equal(merged.quality.events, 5);
});
