import assert from "node:assert/strict";
import { recordsOf } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { keepBudget, nextShift } from "./budget.ts";
import { bpfEngine } from "./mod.ts";
import { aggregate, f } from "./testing/specs.ts";

Deno.test("nextShift() halves often enough at once, goes back slowly, and gives up at one of 1,024", () => {
  assert.equal(nextShift(0, 0.01, 0.01), 0);
  assert.equal(nextShift(0, 0.011, 0.01), 1);
  assert.equal(nextShift(0, 0.08, 0.01), 3);
  assert.equal(nextShift(9, 0.5, 0.01), 10);
  assert.equal(nextShift(10, 0.02, 0.01), null);
  assert.equal(nextShift(4, 0.009, 0.01), 4);
  assert.equal(nextShift(4, 0.001, 0.01), 3);
});

Deno.test("keepBudget() samples, and detaches what even the rarest sample does not make cheap", async () => {
  let ms = 0, ns = 0, detached = 0;
  const shifts: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  using keeper = keepBudget({
    budget: 0.01,
    // Each look costs a fifth of a CPU, whatever is sampled.
    spentNs: () => ns += 0.2e9,
    sample: (shift) => void shifts.push(shift),
    detach: () => {
      detached++;
      resolve();
    },
  }, () => ms += 1000);
  await promise;
  assert.deepEqual(shifts, [5, 10]);
  assert.equal(detached, 1);
  assert.match(
    keeper.detached!,
    /^Detached after 3\.0 s: it cost 20 % of a CPU, over the budget of 1 % even with one of 1024/,
  );
});

Deno.test("with a budget that is kept nothing is left out; over it counts and sums are scaled and said to be estimates", async () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const engine = bpfEngine(openHost());
  const id = f("args.id", "int");
  const spec = aggregate(["raw_tracepoint:sys_enter"], { comm: f("comm", "string") }, {
    n: ["count"],
    sum: ["sum", id],
    avg: ["avg", id],
    p50: ["p50", id],
  });
  using ample = engine.open({ ...spec, budget: 10 });
  using scarce = engine.open({ ...spec, budget: 0.0001 });
  // A load that lasts until the second look has sampled.
  const load = new Deno.Command("dd", { args: ["if=/dev/zero", "of=/dev/null", "bs=1"], stderr: "null" }).spawn();
  await scarce.wait(2500);
  load.kill("SIGKILL");
  await load.status;
  const of = (s: typeof ample): { row: Record<string, unknown>; quality: ReturnType<typeof s.finish>["quality"] } => {
    const { batch, quality } = s.finish();
    return { row: recordsOf(batch).find((r) => r.comm === "dd")!, quality };
  };
  const few = of(scarce), all = of(ample);
  assert.deepEqual([all.quality.estimated, all.quality.sampling], [false, 1]);
  assert.equal(few.quality.estimated, true);
  assert.ok(few.quality.sampling < 1 && few.quality.sampling > 0, String(few.quality.sampling));
  if (few.quality.notes.some((n) => n.startsWith("Detached"))) return;
  // Taken one of 1,024 at the rarest: six standard deviations of that. A value is 0 or 1 (read, write).
  const bound = 6 * Math.sqrt(1024 * Number(all.row.n));
  const off = (name: string): number => Math.abs(Number(few.row[name]) - Number(all.row[name]));
  assert.ok(off("n") < bound && off("sum") < bound, JSON.stringify([few.row, all.row]));
});
