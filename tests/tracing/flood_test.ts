import assert from "node:assert/strict";
import { recordsOf } from "../../core/data/mod.ts";
import { openHost, syscallNumber } from "../../core/host/mod.ts";
import type { ProbeSession } from "../../core/plugin_api/engine.ts";
import { literal } from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { bpfEngine } from "../../bpf/mod.ts";
import type { StreamWay } from "../../bpf/engine.ts";
import { aggregate, bin, f, stream } from "../../bpf/testing/specs.ts";
import { skip } from "../skip.ts";
import { startTarget, targetProgram } from "./target_program.ts";

const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
const EVENTS = 2_000_000;
const RING_BYTES = 65_536;
const NAME = "sonde_flood";
const SYS_ENTER = ["raw_tracepoint:sys_enter"];

/** The flood's own events: so many that nobody else makes. */
const isOurs = bin(
  "and",
  bin("==", f("args.id", "int"), literal(BigInt(syscallNumber("getppid")!))),
  bin("==", f("comm", "string"), literal(NAME)),
);

/** Reads a session until a promise settles. @returns rows that came */
async function drainUntil(session: ProbeSession, end: Promise<unknown>): Promise<number> {
  let over = false;
  let rows = 0;
  const ended = end.then(() => over = true);
  while (!over) {
    await Promise.race([session.wait(100), ended]);
    rows += session.drain().length;
  }
  return rows;
}

for (const way of ["ring", "perf"] as const satisfies StreamWay[]) {
  for (const read of [true, false]) {
    Deno.test(`a flood into 64 KiB (${way}, ${read ? "read all the time" : "not read"}) loses what it counts, exactly`, async () => {
      if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
      await using program = await targetProgram();
      if (!program) return skip("gcc or nm is not installed");
      const engine = bpfEngine(openHost(), way);
      const streamed = stream(SYS_ENTER, { time: f("time", "time"), cpu: f("cpu", "int") }, {
        filter: isOurs,
        ringBytes: RING_BYTES,
      });
      const support = engine.supports(streamed);
      if (!support.ok) return skip(support.reason);
      // Two at once: on two CPUs they write into one ring.
      await using one = await startTarget(program.path, "getppid", String(EVENTS / 2), NAME);
      await using other = await startTarget(program.path, "getppid", String(EVENTS / 2), NAME);
      using counting = engine.open(aggregate(SYS_ENTER, {}, { n: ["count"] }, { filter: isOurs }));
      using session = engine.open(streamed);
      const flood = Promise.all([one.finish(), other.finish()]);
      const drained = read ? await drainUntil(session, flood) : (await flood, 0);
      const { batch, quality } = session.finish();
      const counted = counting.finish();
      assert.equal(recordsOf(counted.batch)[0].n, EVENTS);
      assert.equal(drained + batch.length, quality.events);
      assert.equal(quality.events + quality.lost, EVENTS, JSON.stringify(quality.lost_by));
      assert.equal(quality.lost, quality.lost_by.ring ?? 0);
      if (!read) assert.ok(quality.lost > EVENTS / 2, `${quality.lost} of ${EVENTS}`);
    });
  }
}

Deno.test("maps that are too small keep and lose all events together: keys, buckets, starts in flight", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using program = await targetProgram();
  if (!program) return skip("gcc or nm is not installed");
  const engine = bpfEngine(openHost());
  await using one = await startTarget(program.path, "getppid", "100000", NAME);
  // A key for each moment: more than any limit.
  using few = engine.open(
    aggregate(SYS_ENTER, { t: f("time", "time") }, { n: ["count"] }, { filter: isOurs, maxKeys: 1000 }),
  );
  using buckets = engine.open(
    aggregate(SYS_ENTER, { t: f("time", "time") }, { n: ["count"], h: ["hist", f("ktime", "duration")] }, {
      filter: isOurs,
      maxKeys: 100_000,
    }),
  );
  using pairs = engine.open({
    source: {
      kind: "pair",
      starts: [{ kind: "raw_tracepoint", name: "sys_enter" }],
      ends: [{ kind: "raw_tracepoint", name: "sched_process_free" }],
      startKey: [f("time", "time")],
      endKey: [f("time", "time")],
      cancels: [],
      cancelKey: [],
      maxInFlight: 10,
    },
    steps: [],
    output: { kind: "aggregate", keys: [], aggregates: [{ name: "n", fn: "count", args: [] }], maxKeys: 1 },
    includeSelf: false,
  });
  await one.finish();
  const kept = few.finish();
  assert.equal(kept.batch.length, 1000);
  assert.equal(kept.quality.events + kept.quality.lost, 100_000);
  assert.equal(kept.quality.lost_by.map_full, kept.quality.lost);
  const counted = buckets.finish();
  const full = counted.quality.lost_by.buckets_full ?? 0;
  const withoutKey = counted.quality.lost_by.map_full ?? 0;
  assert.equal(counted.quality.events + withoutKey, 100_000, JSON.stringify(counted.quality.lost_by));
  assert.ok(full > 0, JSON.stringify(counted.quality.lost_by));
  const inFlight = pairs.finish();
  assert.ok(inFlight.quality.lost_by.map_full >= 100_000 - 10, JSON.stringify(inFlight.quality.lost_by));
  assert.equal(inFlight.quality.unmatched.starts, 10);
});
