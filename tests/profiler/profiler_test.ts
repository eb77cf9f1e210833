import assert from "node:assert/strict";
import { UnsupportedError } from "../../core/data/mod.ts";
import { skip } from "../skip.ts";
import { byPerf, bySonde } from "./completeness.ts";
import { start } from "./running.ts";
import type { Stacks } from "./stacks.ts";
import { WORKLOADS } from "./workloads.ts";

/** Seconds of each window; more for the long version. */
const WINDOW_S = Number(Deno.env.get("SONDE_PROFILER_SECONDS") ?? 0.5);

const sum = (stacks: Stacks, name: RegExp): number =>
  [...stacks.self].reduce((n, [f, count]) => n + (name.test(f) ? count : 0), 0);

/** How far chance takes a share of n samples: five standard errors. */
const error = (share: number, n: number): number => 5 * Math.sqrt(share * (1 - share) / n);

for (const workload of WORKLOADS) {
  Deno.test(`${workload.name}: with no option, stacks are complete and shares are right, as perf record sees them`, async () => {
    const started = await start(workload);
    if (typeof started === "string") return skip(started);
    await using running = started;
    let ours: Stacks, theirs: Stacks | null;
    try {
      [ours, theirs] = await Promise.all([
        bySonde(running.pid, undefined, WINDOW_S),
        byPerf(running.pid, "fp", WINDOW_S),
      ]);
    } catch (e) {
      if (e instanceof UnsupportedError) return skip(e.message);
      throw e;
    }
    assert.ok(ours.samples > 20, `${ours.samples} samples`);
    // 2 %, and of few samples some more by chance.
    const incomplete = ours.samples - ours.complete;
    assert.ok(incomplete <= 0.02 * ours.samples + 5, `${incomplete} of ${ours.samples}`);

    const known = workload.shares.map(([name]) => sum(ours, name));
    const n = known.reduce((a, b) => a + b, 0);
    workload.shares.forEach(([name, share], i) => {
      // Half a sample: what is counted is whole.
      const most = error(share, n) + 0.5 / n;
      assert.ok(Math.abs(known[i] / n - share) <= most, `${name}: ${known[i]} of ${n}, not ${share} ± ${most}`);
    });
    if (theirs === null) return skip("no perf, or it cannot record here");
    for (const [name, count] of theirs.self) {
      const share = count / theirs.samples;
      // Names of code without symbols are not told by perf as by us.
      if (share < 0.05 || name.startsWith("[")) continue;
      const own = (ours.self.get(name) ?? 0) / ours.samples;
      const most = error(share, theirs.samples) + error(share, ours.samples) + 0.01;
      assert.ok(Math.abs(own - share) <= most, `${name}: ${own} of ours, ${share} of perf's, more than ${most} apart`);
    }
  });
}
