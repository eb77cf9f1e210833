import assert from "node:assert/strict";
import { type Frame, quality, recordsOf } from "../../data/mod.ts";
import { testProfile } from "../_testing.ts";
import { type OffCpuMeasurement, offCpuProfile, offCpuResults, type Wait, wallProfile } from "./mod.ts";

const frame = (name: string): Frame => {
  const kernel = name.startsWith("k:");
  return { function: name.replace(/^k:/, ""), module: "", file: "", line: 0, kind: kernel ? "kernel" : "user" };
};
const wait = (over: Partial<Wait>): Wait => ({
  pid: 7,
  tid: 7,
  comm: "server",
  thread: "",
  reason: "lock",
  syscall: "futex",
  channel: "futex_wait_queue",
  frames: ["main", "work", "k:futex_wait"].map(frame),
  waker: null,
  count: 2,
  totalNs: 4e6,
  queuedNs: 1e6,
  maxNs: 3e6,
  buckets: Array.from({ length: 48 }, (_, i) => i === 20 || i === 21 ? 1 : 0),
  sinceStart: false,
  open: false,
  ...over,
});
const holder = {
  kind: "task",
  name: "holder",
  tid: 8,
  pid: 7,
  frames: ["main", "unlock", "k:futex_wake"].map(frame),
} as const;
const measured: OffCpuMeasurement = {
  engine: "bpf",
  waits: [
    wait({ waker: holder }),
    wait({ tid: 9, thread: "second", totalNs: 6e6, count: 1, maxNs: 6e6 }),
    wait({ reason: "disk", totalNs: 11e6, queuedNs: 0, count: 1, maxNs: 11e6, sinceStart: true, open: true }),
  ],
  threads: [
    { pid: 7, tid: 7, comm: "server", onNs: 5e6, offNs: 15e6, queuedNs: 1e6, shortNs: 1e6, shorts: 9 },
    { pid: 7, tid: 9, comm: "second", onNs: 14e6, offNs: 6e6, queuedNs: 1e6, shortNs: 0, shorts: 0 },
  ],
  minBlockNs: 1e6,
  quality: quality({ events: 4, duration_ns: 20e6 }),
};
const results = offCpuResults(measured, { limit: 10, duration: (ns) => `${ns / 1e6} ms` });
const rows = (name: string): Record<string, unknown>[] => {
  const result = results[name];
  assert.ok(result.kind === "table");
  return recordsOf(result);
};

Deno.test("offCpuResults() adds up by reason, with the part for a CPU and of threads that never ran", () => {
  const [disk, lock] = rows("reasons");
  assert.deepEqual([disk.reason, disk.off_cpu, disk.share, disk.throughout], ["disk", 11e6, 11 / 21, 11e6]);
  assert.deepEqual([lock.reason, lock.off_cpu, lock.waits, lock.max, lock.queued], ["lock", 10e6, 3, 6e6, 2e6]);
});

Deno.test("offCpuResults() tells who ended waits by the time until then", () => {
  const [first, ...others] = rows("wakers");
  assert.deepEqual([first.waker, first.comm, first.reason, first.blocked], ["holder", "server", "lock", 3e6]);
  assert.equal(others.length, 0);
});

Deno.test("offCpuResults() puts stacks of a process's threads together", () => {
  assert.deepEqual(rows("stacks").map((r) => [r.reason, r.off_cpu, r.waker]), [["disk", 11e6, ""], [
    "lock",
    10e6,
    "holder",
  ]]);
  const { durations } = results;
  assert.ok(durations.kind === "histogram");
  assert.deepEqual(durations.buckets.map((b) => [b.min, b.count]), [[2 ** 20, 3], [2 ** 21, 3]]);
});

Deno.test("offCpuResults() says in words how much was on and off the CPU, and what is not shown", () => {
  assert.ok(results.summary.kind === "text");
  assert.equal(
    results.summary.text,
    "2 threads in 20 ms: on a CPU 19 ms (47.5 %), off 21 ms (52.5 %); of that 2 ms waiting for a CPU.\n" +
      "1 ms of it were 9 times shorter than 1 ms: they are in this sum only.\n" +
      "1 thread did not run at all: off the CPU from before the start to the end.",
  );
});

Deno.test("offCpuProfile() with wakers ends in who ended the wait, its stack turned round", () => {
  const plain = offCpuProfile(measured);
  assert.equal(plain.stacks.reduce((n, s) => n + s.values[0], 0), 21e6);
  const names = (p: typeof plain, i: number): string => p.stacks[i].frames.map((f) => p.frames[f].function).join(";");
  assert.equal(names(plain, 0), "main;work;futex_wait");
  const { stacks, frames } = offCpuProfile(measured, { wakers: true });
  const woken = stacks.find((s) => s.labels.waker === "holder")!;
  assert.equal(
    woken.frames.map((f) => frames[f].function).join(";"),
    "main;work;futex_wait;--;futex_wake;unlock;main;holder",
  );
});

Deno.test("wallProfile() is time on the CPU and off it, and says of the latter why", () => {
  const cpu = testProfile([["main;work", 3]]);
  const onCpu = {
    ...cpu,
    sampleTypes: [...cpu.sampleTypes, { name: "cpu", unit: "ns" as const }],
    stacks: cpu.stacks.map((s) => ({ ...s, values: [s.values[0], 3e6] })),
  };
  const wall = wallProfile(onCpu, offCpuProfile(measured));
  assert.deepEqual(wall.sampleTypes, [{ name: "wall", unit: "ns" }]);
  assert.equal(wall.stacks.reduce((n, s) => n + s.values[0], 0), 24e6);
  const off = wall.stacks.filter((s) => s.labels.state === "off").map((s) => wall.frames[s.frames.at(-1)!].function);
  assert.deepEqual(new Set(off), new Set(["[off-CPU: disk]", "[off-CPU: lock]"]));
});
