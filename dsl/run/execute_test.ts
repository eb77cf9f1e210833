import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, field, type Frame, recordsOf, type Table } from "../../core/data/mod.ts";
import { exprText, type ProbeSpec } from "../../core/query/mod.ts";
import type { Collector } from "../../core/plugin_api/mod.ts";
import {
  callBatch,
  eventBatch,
  memoryEngine,
  type MemoryEngineOptions,
  planOf,
  spanBatch,
  TEST_COLLECTORS,
  testServices,
} from "../_testing.ts";
import { execute } from "./execute.ts";
import { exitCode, type RecipeReport, reportToJson } from "./report.ts";

const OPENAT = [field("filename", "string"), field("flags", "int"), field("pid", "tid")];

const EVENTS: Batch = eventBatch(
  OPENAT,
  Array.from({ length: 100 }, (_, i) => ({
    time: 1000 + i,
    pid: 1 + i % 7,
    tid: 1 + i % 7,
    comm: ["bash", "nginx", "cron"][i % 3],
    cpu: i % 2,
    uid: 0,
    "args.filename": i % 11 === 0 ? null : `/var/log/${i % 5}`,
    "args.flags": i,
    "args.pid": i,
  })),
);

async function run(
  text: string,
  options: Partial<MemoryEngineOptions> = {},
  params: Record<string, string> = {},
): Promise<RecipeReport & { specs: ProbeSpec[] }> {
  const clock = { ms: 0 };
  const engine = memoryEngine({ events: EVENTS, ...options }, clock);
  const report = await execute(await planOf(text), testServices(engine, clock), params);
  return { ...report, specs: engine.opened };
}

function rows(report: RecipeReport, name = "result"): Record<string, unknown>[] {
  const result = report.results[name];
  assert.equal(result?.kind, "table", `no table "${name}": ${JSON.stringify(report.errors)}`);
  return recordsOf(result as Table);
}

Deno.test("execute() hands filters and the aggregate to an engine that takes them", async () => {
  const report = await run(
    'collect tracepoint:syscalls:sys_enter_openat for 2s | filter cpu == 0 and comm != "cron" | aggregate count() by comm | sort comm',
  );
  const [spec] = report.specs;
  assert.equal(spec.output.kind, "aggregate");
  assert.deepEqual(spec.steps.map((s) => s.kind === "filter" && exprText(s.expr)), ["cpu == 0", 'comm != "cron"']);
  assert.deepEqual(rows(report), [{ comm: "bash", count: 17 }, { comm: "nginx", count: 16 }]);
  assert.deepEqual(report.phases[0].pipelines, [{ name: "result", engine: "memory", pushed: 2, local: 1 }]);
  assert.equal(report.results.result.quality.duration_ns, 2e9);
  assert.equal(exitCode(report), 0);
});

const PIPELINES = [
  "| filter cpu == 0 | aggregate count(), sum(flags), p99(flags), min(time) by comm, filename | sort filename, comm",
  '| filter filename like "/var/log/%" and pid > 3 | derive twice = flags * 2, more = twice + 1 | filter more > 51 | select pid, more, filename',
  "| aggregate count(filename), avg(flags), distinct(comm)",
  "| top 7 by flags",
  "| filter flags % 10 == 3 | sort pid desc, flags",
  '| filter comm ~ "^n.*x$" and filename ~ "/[34]$" | aggregate count(), max(flags) by filename | sort filename',
  "| distinct comm, cpu",
  "| limit 4",
  "| derive big = flags > 50 | aggregate count() by big | sort big",
  "| select flags + 1 as next, comm | filter next > 90 | aggregate sum(next) by comm | top 2 by sum(next)",
  "| filter filename == null or cpu == 1 | aggregate count()".replace("filename == null", "is_null(filename)"),
];

Deno.test("execute() gives the same rows wherever the split between engine and us falls", async (t) => {
  for (const stages of PIPELINES) {
    await t.step(stages, async () => {
      const text = `collect tracepoint:syscalls:sys_enter_openat for 1s ${stages}`;
      const whole = rows(await run(text));
      assert.ok(whole.length > 0, "the case has rows");
      const noAggregates = await run(text, { refuse: (s) => s.output.kind === "aggregate" ? "no aggregates" : null });
      assert.deepEqual(rows(noAggregates), whole);
      const bare = await run(text, {
        refuse: (s) => s.output.kind === "aggregate" || s.steps.length > 0 ? "no" : null,
        parts: 13,
      });
      assert.deepEqual(rows(bare), whole);
      assert.ok(bare.specs.every((s) => s.steps.length === 0));
      const text1 = await run(text, {
        refuse: (s) =>
          s.output.kind === "aggregate" || s.steps.some((f) => f.kind === "filter" && exprText(f.expr).includes("like"))
            ? "no"
            : null,
      });
      assert.deepEqual(rows(text1), whole);
    });
  }
});

const CONDITIONS = [
  "cpu == 0",
  "pid > 2 and flags < 90",
  'comm in ("bash", "cron")',
  'filename like "%/3" or flags % 2 == 0',
  "not is_null(filename)",
  'comm ~ "n"',
  "time > 0 and (flags & 3) != 1",
];
const FIRST_STAGES = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...CONDITIONS).map((c) => `filter ${c}`) },
    fc.constantFrom("sort flags desc, time", "limit 60", "sort comm, time"),
  ),
  { maxLength: 4 },
);
const LAST_STAGES = fc.constantFrom(
  "aggregate count(), max(flags), avg(flags) by comm, cpu | sort comm, cpu",
  "derive half = flags / 2, next = half + 1 | filter next > 20 | aggregate p90(half), count() by filename | sort filename",
  "select time, upper(comm) as name, flags * 2 as twice | filter twice > 30 | top 9 by twice",
  "aggregate count(), sum(flags)",
  "distinct filename, cpu | sort filename, cpu",
  "limit 7",
);

Deno.test("execute() gives the same rows whatever an engine refuses: random pipelines, random engines", async () => {
  await fc.assert(
    fc.asyncProperty(FIRST_STAGES, LAST_STAGES, fc.nat(), fc.boolean(), async (first, last, seed, aggregates) => {
      const text = `collect tracepoint:syscalls:sys_enter_openat for 1s ${
        [...first, last].map((s) => `| ${s}`).join(" ")
      }`;
      const refuses = (spec: ProbeSpec): boolean =>
        (spec.output.kind === "aggregate" && !aggregates) ||
        spec.steps.some((s) => s.kind === "filter" && (exprText(s.expr).length * 7 + seed) % 3 === 0);
      const whole = rows(await run(text));
      const some = rows(await run(text, { refuse: (s) => refuses(s) ? "no" : null, parts: 1 + seed % 9 }));
      assert.deepEqual(some, whole);
    }),
    { numRuns: 150 },
  );
});

const SPANS: Batch = spanBatch(
  [field("comm", "string"), field("pid", "tid"), field("prio", "int")],
  [field("prev_pid", "tid"), field("next_pid", "tid"), field("next_comm", "string")],
  Array.from({ length: 80 }, (_, i) => ({
    "start.time": 1000 + i,
    "start.pid": 1 + i % 5,
    "start.comm": ["bash", "nginx", null][i % 3],
    "start.cpu": i % 2,
    "start.args.comm": "woken",
    "start.args.pid": i,
    "start.args.prio": 100 + i % 40,
    "end.time": 1500 + 2 * i,
    "end.comm": ["swapper/0", "kworker"][i % 2],
    "end.cpu": (i + i % 3) % 2,
    "end.args.next_pid": i,
    duration: 500 + i,
  })),
);
const CALLS: Batch = callBatch(
  [field("file", "address"), field("count", "bytes")],
  Array.from({ length: 70 }, (_, i) => ({
    time: 1000 + i,
    pid: 1 + i % 5,
    comm: ["bash", "nginx", null][i % 3],
    cpu: i % 2,
    "args.count": i % 9 === 0 ? null : 512 * (i % 8),
    ret: i % 4 === 0 ? -2 : 512,
    errno: i % 4 === 0 ? 2 : null,
    duration: 1000 + i * i,
    kstack: i % 6 === 5 ? null : stackOf(i % 3, i),
  })),
);

/** A stack that says the same from other lines. */
function stackOf(which: number, line: number): Frame[] {
  const frame = (name: string): Frame => ({ function: name, module: "[kernel]", file: "", line, kind: "kernel" });
  return [frame("entry"), frame(["read", "write", "sync"][which])];
}

const SPAN_STAGES = fc.constantFrom(
  "aggregate count(), p99(duration), max(start.prio) by start.comm, end.comm | sort start.comm, end.comm",
  "derive late = end.time - start.time, more = late + duration | filter more > 1us | select start.args.pid, more",
  "filter start.cpu != end.cpu | top 9 by duration",
  "aggregate count()",
  "filter start.args.pid == end.next_pid | distinct start.comm, end.cpu | sort start.comm, end.cpu",
  "limit 6",
);
const CALL_STAGES = fc.constantFrom(
  "aggregate count(), sum(ret), avg(count), hist(duration) by comm, errno | sort comm, errno",
  "filter errno == 2 or count > 1KiB | select time, ret, errno, duration",
  "aggregate count(), max(duration) by kstack | sort max(duration)",
  "aggregate count() by kstack, cpu | filter count() > 1 | sort count(), cpu desc | limit 3",
  "distinct kstack | limit 9",
  "filter is_null(errno) | top 5 by duration | select comm, kstack",
  "aggregate count()",
);
const SOURCES = fc.oneof(
  fc.tuple(
    fc.constant({
      text: "span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.args.pid == end.next_pid",
      events: SPANS,
    }),
    fc.constantFrom(
      "",
      "filter duration > 520ns",
      'filter start.comm == "bash" or end.cpu == 1',
      "filter end.cpu == 0 and start.prio > 105",
    ),
    SPAN_STAGES,
  ),
  fc.tuple(
    fc.constant({ text: "calls kernel:vfs_read", events: CALLS }),
    fc.constantFrom("", "filter duration > 1100ns", "filter errno == 2 and pid > 1", "filter cpu == 0 or ret > 0"),
    CALL_STAGES,
  ),
);

Deno.test("execute() gives the same rows of spans and calls wherever the split falls: random engines", async () => {
  await fc.assert(
    fc.asyncProperty(SOURCES, fc.nat(), fc.boolean(), async ([source, filter, last], seed, aggregates) => {
      const text = `collect ${source.text} for 1s ${[filter, last].filter(Boolean).map((s) => `| ${s}`).join(" ")}`;
      const { events } = source;
      const refuses = (spec: ProbeSpec): boolean =>
        (spec.output.kind === "aggregate" && !aggregates) ||
        spec.steps.some((s) => s.kind === "filter" && (exprText(s.expr).length * 7 + seed) % 3 === 0);
      const whole = await run(text, { events });
      assert.ok(rows(whole).length > 0 || filter !== "", text);
      const some = await run(text, { events, refuse: (s) => refuses(s) ? "no" : null, parts: 1 + seed % 9 });
      assert.deepEqual(rows(some), rows(whole));
      assert.ok(some.specs.every((s) => s.includeSelf === (s.source.kind === "pair")));
    }),
    { numRuns: 200 },
  );
});

Deno.test("execute() streams the duration of spans and calls that are only counted, and the budget with the spec", async () => {
  const refuse = (s: ProbeSpec): string | null => s.output.kind === "aggregate" ? "no" : null;
  for (
    const [text, events, n] of [["span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch", SPANS, 80], [
      "calls kernel:vfs_read",
      CALLS,
      70,
    ]] as const
  ) {
    const clock = { ms: 0 };
    const engine = memoryEngine({ events, refuse }, clock);
    const services = testServices(engine, clock, { budget: 0.05 });
    const report = await execute(await planOf(`collect ${text} for 1s | aggregate count()`), services);
    assert.deepEqual(rows(report as RecipeReport), [{ count: n }]);
    const { output, budget } = engine.opened[0];
    assert.deepEqual(output.kind === "stream" && output.fields.map((f) => f.name), ["duration"]);
    assert.equal(budget, 0.05);
  }
});

Deno.test("execute() groups stacks by their functions, whatever their lines", async () => {
  const report = await run(
    "collect calls kernel:vfs_read for 1s | filter not is_null(kstack) | aggregate count() by kstack",
    { events: CALLS },
  );
  const names = rows(report).map((r) => [(r.kstack as Frame[]).map((f) => f.function).join(";"), r.count]);
  assert.deepEqual(names, [["entry;read", 24], ["entry;write", 23], ["entry;sync", 12]]);
});

Deno.test("execute() binds parameters in the keys of a span", async () => {
  const report = await run(
    "param offset: int = 3\ncollect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.prio + $offset == end.prev_pid for 1s | aggregate count()",
    { events: SPANS },
  );
  const [{ source }] = report.specs;
  assert.deepEqual(source.kind === "pair" && source.startKey.map(exprText), ["args.prio + 3"]);
});

Deno.test("execute() pushes the filters that an engine can do and keeps the others", async () => {
  const report = await run(
    'collect tracepoint:syscalls:sys_enter_openat for 1s | filter filename like "/var/%" and cpu == 1 | aggregate count()',
    {
      refuse: (s) =>
        s.output.kind === "aggregate" || s.steps.some((f) => f.kind === "filter" && /like/.test(exprText(f.expr)))
          ? "no"
          : null,
    },
  );
  const [spec] = report.specs;
  assert.deepEqual(spec.steps.map((s) => s.kind === "filter" && exprText(s.expr)), ["cpu == 1"]);
  assert.deepEqual(spec.output.kind === "stream" && spec.output.fields.map((f) => f.name), ["args.filename", "cpu"]);
  assert.deepEqual(rows(report), [{ count: 45 }]);
});

Deno.test("execute() streams an event with its time, process and arguments when nothing is selected", async () => {
  const report = await run("collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags == 5");
  assert.deepEqual(rows(report), [{ time: 1005, pid: 6, comm: "cron", filename: "/var/log/0", flags: 5, args_pid: 5 }]);
});

Deno.test("execute() lowers a view so that filters on its fields reach the engine", async () => {
  const report = await run(
    'collect files.opened for 1s | filter twice > 100 and who == "bash" | aggregate max(twice), count() by who',
  );
  const [spec] = report.specs;
  assert.equal(spec.output.kind, "aggregate");
  assert.deepEqual(spec.steps.map((s) => s.kind === "filter" && exprText(s.expr)), [
    "args.flags * 2 > 100",
    'comm == "bash"',
  ]);
  assert.deepEqual(rows(report), [{ who: "bash", max_twice: 198, count: 17 }]);
});

Deno.test("execute() ends a window early when limit has its rows", async () => {
  const report = await run("collect tracepoint:syscalls:sys_enter_openat | limit 3");
  assert.equal(rows(report).length, 3);
});

Deno.test("execute() refuses a source without end before anything runs, unless somebody watches", async () => {
  await assert.rejects(run("collect tracepoint:syscalls:sys_enter_openat | aggregate count()"), {
    name: "UsageError",
    message: '"result" has no "for": it would run until it is stopped',
  });
  const clock = { ms: 0 };
  const controller = new AbortController();
  const engine = memoryEngine({ events: EVENTS }, clock);
  const services = testServices(engine, clock, {
    untilStopped: true,
    context: { signal: controller.signal, progress: () => controller.abort() },
  });
  const report = await execute(
    await planOf("collect tracepoint:syscalls:sys_enter_openat | aggregate count()\nexpect result.count > 5"),
    services,
  );
  assert.deepEqual(rows(report), [{ count: 100 }]);
  assert.equal(report.interrupted, true);
  assert.equal(report.expects[0].outcome, "pass", "a window without an end is not cut short by stopping it");
});

Deno.test("execute() reports a window that is stopped before its time, and expects on it are inconclusive", async () => {
  const clock = { ms: 0 };
  const controller = new AbortController();
  const engine = memoryEngine({ events: EVENTS }, clock);
  const services = testServices(engine, clock, {
    context: { signal: controller.signal, progress: () => controller.abort() },
  });
  const plan = await planOf(
    "let a = collect tracepoint:syscalls:sys_enter_openat for 10s | aggregate count()\nexpect a.count > 5",
  );
  const report = await execute(plan, services);
  assert.deepEqual(report.results.a.quality.notes, ["Stopped after 0.0 s of 10.0 s"]);
  assert.deepEqual(report.expects, [{
    text: "a.count > 5",
    outcome: "inconclusive",
    value: 100,
    unit: "count",
    message: 'The window of "a" was cut short',
  }]);
  assert.equal(exitCode(report), 1);
});

Deno.test("execute() begins no phase after it was stopped, and saves nothing of it", async () => {
  const controller = new AbortController();
  const clock = { ms: 0 };
  const engine = memoryEngine({ events: EVENTS }, clock);
  const text = "let a = collect tracepoint:syscalls:sys_enter_openat for 10s | aggregate count() as n\n" +
    "when a.n > 0 { a | limit 1 }\n" +
    'let b = collect tracepoint:syscalls:sys_enter_openat for 10s | aggregate count() as n\nsave b to "b.csv"\nexpect b.n >= 0';
  const services = testServices(engine, clock, {
    context: { signal: controller.signal, progress: () => controller.abort() },
  });
  const report = await execute(await planOf(text), services);
  assert.deepEqual([Object.keys(report.results), engine.opened.length, [...services.saved]], [["a"], 1, []]);
  assert.deepEqual(report.expects.map((e) => `${e.outcome} ${e.message}`), [
    'inconclusive "b" could not be measured: it was stopped before it began',
  ]);
});

Deno.test("execute() runs collectors of rows with parameters, and their filters here", async () => {
  const report = await run(
    "param least: ratio = 30%\ncollect proc.list(interval: 2s) | filter cpu > $least | aggregate sum(cpu), sum(rss), count() by comm",
    {},
    { least: "10%" },
  );
  assert.deepEqual(rows(report), [
    { comm: "nginx", sum_cpu: 1.25, sum_rss: 3 << 20, count: 2 },
    { comm: null, sum_cpu: 0.2, sum_rss: null, count: 1 },
  ]);
  assert.equal(report.results.result.quality.duration_ns, 2e9, "the interval reached the collector");
});

Deno.test("execute() takes the window of an interval collector as its interval", async () => {
  const report = await run("collect proc.list for 7s | limit 1");
  assert.equal(report.results.result.quality.duration_ns, 7e9);
});

Deno.test("execute() answers a global aggregate over no rows with one row of count 0 and nulls", async () => {
  for (const refuse of [undefined, (s: ProbeSpec) => s.output.kind === "aggregate" ? "no" : null]) {
    const report = await run(
      "collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags > 1000 | aggregate count(), max(flags), sum(flags), p99(flags)",
      { refuse },
    );
    assert.deepEqual(rows(report), [{ count: 0, max_flags: null, sum_flags: null, p99_flags: null }]);
  }
  const none = await run("collect proc.list | filter cpu > 9 | select comm, wait");
  assert.deepEqual(rows(none), []);
  assert.deepEqual((none.results.result as Table).fields.map((f) => f.type), ["string", "duration"]);
});

Deno.test("execute() keeps a profile as it is", async () => {
  const report = await run('let p = collect cpu.profile(hz: 49) for 3s\nsave p to "p.svg"');
  assert.equal(report.results.p.kind, "profile");
  assert.equal(report.results.p.quality.events, 49);
  assert.equal(report.results.p.quality.duration_ns, 3e9);
  assert.deepEqual(report.saved, ["p.svg"]);
});

Deno.test("execute() reports a pipeline that cannot run, runs the others, and leaves its expects inconclusive", async () => {
  const report = await run(
    'let a = collect raw_tracepoint:sys_enter for 1s | aggregate count()\nlet b = collect proc.list | aggregate count()\nlet c = a | limit 1\nexpect a.count > 0 else "no calls"\nexpect b.count > 0',
    { refuse: () => "BPF is not permitted" },
  );
  assert.deepEqual(Object.keys(report.results), ["b"]);
  assert.equal(report.errors.length, 1);
  assert.deepEqual({ ...report.errors[0], message: "" }, {
    name: "a",
    what: "pipeline",
    kind: "unsupported",
    message: "",
  });
  assert.match(report.errors[0].message, /BPF is not permitted\nUse another kernel$/);
  assert.deepEqual(report.expects.map((e) => e.outcome), ["inconclusive", "pass"]);
  assert.match(report.expects[0].message, /^"a" could not be measured: /);
  assert.equal(exitCode(report), 1);
});

Deno.test("execute() gives exit code 3 when nothing could run", async () => {
  const report = await run("collect raw_tracepoint:sys_enter for 1s | aggregate count()", { refuse: () => "no" });
  assert.equal(exitCode(report), 3);
});

Deno.test("execute() refuses rows that are not what their collector declares", async () => {
  const clock = { ms: 0 };
  const [processes] = TEST_COLLECTORS;
  assert.equal(processes.kind, "rows");
  const swapped = { ...processes, fields: (processes as Extract<Collector, { kind: "rows" }>).fields.toReversed() };
  const services = testServices(null, clock, { collector: () => Promise.resolve(swapped as Collector) });
  const report = await execute(await planOf("collect proc.list | aggregate max(cpu)"), services);
  assert.match(report.errors[0].message, /^proc\.list declares the fields threads, .*, and answered pid, /);
});

Deno.test("execute() survives a collector that throws", async () => {
  const clock = { ms: 0 };
  const services = testServices(null, clock, { collector: () => Promise.reject(new RangeError("broken plugin")) });
  const report = await execute(await planOf("collect proc.list | limit 1"), services);
  assert.deepEqual(report.errors, [{ name: "result", what: "pipeline", kind: "defect", message: "broken plugin" }]);
  assert.equal(exitCode(report), 3);
});

Deno.test("expect passes, fails with its message, and is inconclusive over loss beyond the tolerance", async () => {
  const recipe = (more: string): string =>
    `let a = collect tracepoint:syscalls:sys_enter_openat for 1s | aggregate count(), max(flags)\nexpect a.count < 50${more} else "too many"`;
  const plain = await run(recipe(""));
  assert.deepEqual(plain.expects, [{
    text: "a.count < 50",
    outcome: "fail",
    value: 100,
    unit: "count",
    message: "too many",
  }]);
  assert.equal(exitCode(plain), 1);
  const lossy = await run(recipe(""), { lost: 5 });
  assert.equal(lossy.expects[0].outcome, "inconclusive");
  assert.equal(
    lossy.expects[0].message,
    '"a" lost 4.76% of its events (ring 5), more than 1%; to allow it: tolerate 5%',
  );
  const tolerant = await run(recipe(" tolerate 5%"), { lost: 5 });
  assert.equal(tolerant.expects[0].outcome, "fail");
  const little = await run(recipe(""), { lost: 1 });
  assert.equal(little.expects[0].outcome, "fail", "1 of 101 is within 1 %");
});

Deno.test("expect over null is inconclusive", async () => {
  const report = await run(
    "let a = collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags > 1000 | aggregate max(flags)\nexpect a.max_flags < 5\nexpect count(a) == 1",
  );
  assert.deepEqual(report.expects.map((e) => [e.outcome, e.value, e.message]), [[
    "inconclusive",
    null,
    '"a" has no value to compare',
  ], ["pass", 1, ""]]);
});

Deno.test("expect aggregates the rows of results, and compares figures of several", async () => {
  const report = await run(
    'let a = collect proc.list\nlet b = a | filter comm == "nginx" | aggregate sum(cpu) as cpu by comm\nexpect max(a.cpu) == 75% and sum(b.cpu) > max(a.cpu) * 1.5\nexpect max(a.wait) < 4ms',
  );
  assert.deepEqual(report.expects.map((e) => e.outcome), ["pass", "fail"]);
  assert.equal(report.expects[1].value, 5_000_000);
});

Deno.test("when runs the block that its condition chooses, in a phase of its own", async () => {
  const text = (least: string): string =>
    `let a = collect proc.list\nwhen max(a.cpu) > ${least} {\n let b = collect proc.list | limit 2\n show b\n save b to "b.json" } else { collect process.exec for 1s }`;
  const high = await run(text("50%"));
  assert.deepEqual(high.shown, ["a", "b"]);
  assert.deepEqual(high.phases.map((p) => p.pipelines.map((x) => x.name)), [["a"], ["b"]]);
  assert.deepEqual(high.saved, ["b.json"]);
  const low = await run(text("90%"));
  assert.deepEqual(low.shown, ["a", "result"]);
  assert.equal(rows(low).length, 3);
});

Deno.test("ask hands the named results to the investigator", async () => {
  const asked: unknown[] = [];
  const clock = { ms: 0 };
  const services = testServices(null, clock, {
    investigator: {
      name: "test",
      doc: "",
      investigate: (inquiry) => {
        asked.push({ ...inquiry, given: Object.keys(inquiry.given ?? {}) });
        return Promise.reject(new Error("no key"));
      },
    },
  });
  const plan = await planOf(
    'let a = collect proc.list\nlet b = a | limit 1\nask "why?" with b\ninvestigate "really?" for 3s',
  );
  const report = await execute(plan, services);
  assert.deepEqual(asked, [
    { question: "why?", pid: 0, measureNs: 0, given: ["b"], mayCallTools: false },
    { question: "really?", pid: 0, measureNs: 3e9, given: ["a", "b"], mayCallTools: true },
  ]);
  assert.deepEqual(report.asks.map((a) => a.error), ["no key", "no key"]);
  assert.equal(exitCode(report), 3);
});

Deno.test("parameters are read by their types, and wrong ones refused before anything runs", async () => {
  const recipe =
    'param n: int = 2\nparam w: duration = 1s\nparam who: string = "nginx"\nparam p: pid = 0\nparam all: bool = false\n' +
    "collect proc.list(interval: $w) | filter $all or comm == $who and ($p == 0 or pid == $p) | limit $n";
  assert.equal(rows(await run(recipe)).length, 2);
  assert.deepEqual(rows(await run(recipe, {}, { p: "21" })).map((r) => r.pid), [21]);
  assert.equal(rows(await run(recipe, {}, { all: "true", n: "0x3" })).length, 3);
  for (
    const [given, message] of [
      [{ w: "10" }, '--param w=10: "10" is no duration'],
      [{ n: "1s" }, '--param n=1s: "1s" is no int'],
      [{ all: "yes" }, '--param all=yes: "yes" is no bool'],
      [{ m: "1" }, 'There is no parameter "m"'],
    ] as [Record<string, string>, string][]
  ) await assert.rejects(run(recipe, {}, given), { name: "UsageError", message });
  await assert.rejects(run("param x: int\ncollect proc.list | limit $x"), {
    name: "UsageError",
    message: 'The parameter "x" has no default',
  });
});

Deno.test("reportToJson() is JSON with the shown results", async () => {
  const report = await run(
    "recipe r\nlet a = collect proc.list\nlet b = a | limit 1 | select pid, wait\nshow b\nexpect count(a) > 3",
  );
  const json = JSON.parse(JSON.stringify(reportToJson(report)));
  assert.equal(json.schema, 1);
  assert.equal(json.recipe, "r");
  assert.deepEqual(Object.keys(json.results), ["b"]);
  assert.deepEqual(json.results.b.rows, [[1, 5_000_000]]);
  assert.deepEqual(json.expects, [{ text: "count(a) > 3", outcome: "pass", value: 4, unit: "count", message: "" }]);
});

Deno.test("a parameter that switches a filter off leaves nothing of it for the engine", async () => {
  const report = await run(
    "param who: pid = 0\ncollect tracepoint:syscalls:sys_enter_openat for 1s | filter $who == 0 or pid == $who | aggregate count()",
  );
  assert.deepEqual(report.specs[0].steps.map((s) => s.kind === "filter" && exprText(s.expr)), []);
  const one = await run(
    "param who: pid = 0\ncollect tracepoint:syscalls:sys_enter_openat for 1s | filter $who == 0 or pid == $who | aggregate count()",
    {},
    { who: "3" },
  );
  assert.deepEqual(one.specs[0].steps.map((s) => s.kind === "filter" && exprText(s.expr)), ["pid == 3"]);
});
