import assert from "node:assert/strict";
import type { Profile } from "../core/data/mod.ts";

/** Self samples by function, of the first sample type. */
export function selfOf(profile: Profile): Map<string, number> {
  const self = new Map<string, number>();
  for (const { frames, values } of profile.stacks) {
    const leaf = frames.at(-1);
    if (leaf === undefined) continue;
    const name = profile.frames[leaf].function;
    self.set(name, (self.get(name) ?? 0) + values[0]);
  }
  return self;
}

/**
 * Asserts that the three functions of `hot_program.ts` share their samples 6 : 3 : 1, as far as chance may take them:
 * five standard errors. A run of all tests compares some fifty times, and shares near 0 have the longer tail: four would be
 * passed once in some three hundred runs.
 *
 * @param spread by how much the shares may spread wider than those of samples that do not depend on one another
 */
export function assertHotShares(profile: Profile, spread = 1): void {
  const self = selfOf(profile);
  const counts = ["spend_six", "spend_three", "spend_one"].map((name) => self.get(name) ?? 0);
  const n = counts.reduce((a, b) => a + b, 0);
  assert.ok(n > 20, `${n} samples: ${JSON.stringify([...self])}`);
  [0.6, 0.3, 0.1].forEach((expected, i) => {
    const error = 5 * spread * Math.sqrt(expected * (1 - expected) / n);
    assert.ok(Math.abs(counts[i] / n - expected) < error, `${counts} against 0.6, 0.3, 0.1 within ${error}`);
  });
}

/** Share of stacks with that function, in samples of the first type. */
export function shareWith(profile: Profile, name: string): number {
  let all = 0, found = 0;
  for (const s of profile.stacks) {
    all += s.values[0];
    if (s.frames.some((f) => profile.frames[f].function === name)) found += s.values[0];
  }
  return found / all;
}
