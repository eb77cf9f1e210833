import assert from "node:assert/strict";
import { frequencyBudget } from "./_frequency_budget.ts";

/** Frequencies over some seconds of a sampler that costs `fixed` of a CPU and `nsPerSample` of our time a sample. */
function run(budget: number, fixed: number, nsPerSample: number): number[] {
  const control = frequencyBudget(budget, 1000, 5000);
  let hz = 1000, cpu = 0, samples = 0;
  control.check(0, 0, 0);
  return Array.from({ length: 6 }, (_, i) => {
    samples += hz;
    cpu += fixed * 1e9 + hz * nsPerSample;
    return hz = control.check((i + 1) * 1e9, cpu, samples) ?? hz;
  });
}

Deno.test("frequencyBudget() leaves what is below the budget, and comes below it where it was not", () => {
  assert.deepEqual(run(0.05, 0.01, 10_000), [1000, 1000, 1000, 1000, 1000, 1000]);
  const hz = run(0.02, 0.005, 35_000);
  assert.ok(hz[0] < 1000 && hz[5] * 40_000 / 1e9 + 0.005 <= 0.02, `${hz}`);
  assert.equal(hz[5], hz[4]);
});

Deno.test("frequencyBudget() that cannot be kept ends at 19 Hz or what was asked for, and is judged by whole seconds", () => {
  assert.equal(run(0.01, 0.5, 1000).at(-1), 19);
  const slow = frequencyBudget(0.01, 5, 5000);
  slow.check(0, 0, 0);
  assert.equal(slow.check(1e9, 5e8, 5), null);
  const control = frequencyBudget(0.01, 99, 5000);
  control.check(0, 0, 0);
  assert.equal(control.check(5e8, 4e8, 1000), null);
});
