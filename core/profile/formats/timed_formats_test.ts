/** Chrome's trace events and the Firefox Profiler's format: written only, so their files are checked as documents. */
import assert from "node:assert/strict";
import { type Profile, quality } from "../../data/mod.ts";
import { chromeTraceFormat } from "./chrome_trace.ts";
import { firefoxFormat } from "./firefox.ts";
import type { ProfileFormat } from "./format.ts";

const frame = (name: string, over = {}): Profile["frames"][number] => ({
  function: name,
  module: "/bin/app",
  file: "",
  line: 0,
  kind: "user",
  ...over,
});
const profile: Profile = {
  kind: "profile",
  sampleTypes: [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }],
  frames: [
    frame("main"),
    frame("a", { file: "a.c", line: 7 }),
    frame("b"),
    frame("sys_read", { module: "[kernel]", kind: "kernel" }),
  ],
  stacks: [
    { frames: [0, 1], values: [2, 2e6], labels: { pid: "10", comm: "app" } },
    { frames: [0, 2, 3], values: [1, 5e6], labels: { pid: "10", comm: "app" } },
    { frames: [0], values: [1, 1e6], labels: { pid: "10", tid: "11", comm: "worker" } },
  ],
  timeline: {
    startNs: 1764349200123456789n,
    timeNs: Float64Array.of(0, 1e7, 1.5e7, 2e7, 9e8),
    stack: Uint32Array.of(0, 1, 2, 0, 0),
    value: Float64Array.of(1, 1, 1, 1, 1),
  },
  quality: quality({ notes: ["a note"] }),
};

// deno-lint-ignore no-explicit-any -- documents of others' formats
function written(format: ProfileFormat, of: Profile, sampleType?: number): any {
  return JSON.parse(
    [...format.write!(of, { sampleType, title: "t" })].map((b) => new TextDecoder().decode(b)).join(""),
  );
}

/** Begin and end pair up in each thread, inner ones within outer ones; what each name lasted in all, µs. */
function lasted(events: { ph: string; ts: number; pid: number; tid: number; name?: string }[]): Record<string, number> {
  const open = new Map<string, { name: string; ts: number }[]>();
  const sum: Record<string, number> = {};
  for (const e of events.filter((e) => e.ph !== "M")) {
    const key = `${e.pid}/${e.tid}`;
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    if (e.ph === "B") stack.push({ name: e.name!, ts: e.ts });
    else {
      const { name, ts } = stack.pop()!;
      assert.ok(e.ts >= ts);
      sum[`${key} ${name}`] = (sum[`${key} ${name}`] ?? 0) + e.ts - ts;
    }
  }
  for (const stack of open.values()) assert.deepEqual(stack, []);
  return sum;
}

Deno.test("chrome-trace: frames last from the first sample that saw them to the first that did not", () => {
  const file = written(chromeTraceFormat, profile);
  assert.deepEqual(lasted(file.traceEvents), {
    // From 0 to 10 ms and from 20 ms, where a gap of 880 ms follows, for a usual step of 10 ms; then once more.
    "10/10 a": 30000,
    "10/10 b": 10000,
    "10/10 sys_read": 10000,
    "10/10 main": 40000,
    "10/11 main": 1000,
  });
  const names = file.traceEvents.filter((e: { name?: string }) => e.name === "thread_name");
  assert.deepEqual(names.map((e: { args: { name: string } }) => e.args.name), ["app 10", "worker 10/11"]);
  assert.deepEqual(file.traceEvents.find((e: { name?: string }) => e.name === "a").args, {
    module: "/bin/app",
    source: "a.c:7",
  });
  assert.equal(file.samples, undefined);
});

Deno.test("chrome-trace: without times stacks lie side by side, as long as their values", () => {
  const { timeline: _, ...still } = profile;
  const file = written(chromeTraceFormat, still, 1);
  assert.deepEqual(lasted(file.traceEvents), {
    "10/10 a": 2000,
    "10/10 sys_read": 5000,
    "10/10 b": 5000,
    "10/10 main": 7000,
    "10/11 main": 1000,
  });
  assert.deepEqual(file.samples.map((s: { weight: number }) => s.weight), [2e6, 5e6, 1e6]);
  const leaf = file.stackFrames[file.samples[1].sf];
  assert.equal(leaf.name, "sys_read");
  assert.equal(file.stackFrames[file.stackFrames[leaf.parent].parent].name, "main");
  assert.throws(() => written(chromeTraceFormat, profile, 2), RangeError);
});

Deno.test("firefox: a processed profile of version 58 whose tables fit together", () => {
  const { timeline: _, ...still } = profile;
  for (const [of, type] of [[profile, 0], [still, 0], [profile, 1]] as const) {
    const file = written(firefoxFormat, of, type);
    assert.equal(file.meta.preprocessedProfileVersion, 58);
    const grey = file.meta.categories.filter((c: { color: string }) => c.color === "grey");
    assert.equal(grey.length, 1);
    assert.equal(file.threads.length, 2);
    const strings = file.shared.stringArray.length;
    for (const t of file.threads) {
      const limits: [number[], number][] = [
        [t.samples.stack, t.stackTable.length],
        [t.stackTable.frame, t.frameTable.length],
        [t.frameTable.func, t.funcTable.length],
        [t.frameTable.category, file.meta.categories.length],
        [t.funcTable.name, strings],
        [t.funcTable.resource.filter((r: number) => r >= 0), t.resourceTable.length],
        [t.funcTable.source.filter((s: number | null) => s !== null), file.shared.sources.length],
        [t.resourceTable.lib, file.libs.length],
        [t.resourceTable.name, strings],
        [file.shared.sources.filename, strings],
      ];
      for (const [indexes, limit] of limits) {
        assert.ok(indexes.every((i) => Number.isInteger(i) && i >= 0 && i < limit));
      }
      t.stackTable.prefix.forEach((p: number | null, i: number) => assert.ok(p === null || p < i));
      for (const table of [t.samples, t.stackTable, t.frameTable, t.funcTable, t.resourceTable]) {
        for (const column of Object.values(table)) if (Array.isArray(column)) assert.equal(column.length, table.length);
      }
      assert.equal(typeof t.pid, "string");
      assert.ok(t.samples.time.every((v: number, i: number, all: number[]) => i === 0 || v >= all[i - 1]));
    }
    assert.deepEqual(stacksOf(file, 0)[0].at(-1), "a");
  }
  const file = written(firefoxFormat, profile);
  assert.equal(file.meta.startTime, 1764349200123);
  assert.deepEqual(file.threads[0].samples.time, [0, 10, 20, 900]);
  assert.deepEqual(stacksOf(file, 0), [["main", "a"], ["main", "b", "sys_read"], ["main", "a"], ["main", "a"]]);
  assert.deepEqual(written(firefoxFormat, profile, 1).threads[0].samples.weight, [2, 5]);
  assert.equal(written(firefoxFormat, profile, 1).threads[0].samples.weightType, "tracing-ms");
});

// deno-lint-ignore no-explicit-any -- as above
function stacksOf(file: any, thread: number): string[][] {
  const t = file.threads[thread];
  return t.samples.stack.map((s: number) => {
    const names: string[] = [];
    for (let at: number | null = s; at !== null; at = t.stackTable.prefix[at]) {
      names.unshift(file.shared.stringArray[t.funcTable.name[t.frameTable.func[t.stackTable.frame[at]]]]);
    }
    return names;
  });
}
