import assert from "node:assert/strict";
import type { Collector, ProbeEngine, ViewCollector } from "../../core/plugin_api/mod.ts";
import { fieldRef, type ProbePoint, type ProbeSpec } from "../../core/query/mod.ts";
import { eventBatch, memoryEngine, planOf, TEST_COLLECTORS } from "../_testing.ts";
import { type EnginesAnswer, explainPlan, type ExplainServices } from "./explain.ts";

/** Services over one engine that refuses some specs and is never opened. */
function services(
  refuse: (spec: ProbeSpec) => string | null,
): ExplainServices & { engine: ReturnType<typeof memoryEngine> } {
  const engine = memoryEngine({ events: eventBatch([], []), refuse }, { ms: 0 });
  const told: ProbeEngine = { ...engine, describe: () => ["a map of 10,240 keys"], disassemble: () => "r0 = 0\nexit" };
  return {
    engine,
    collector: (name) => Promise.resolve(TEST_COLLECTORS.find((c) => c.name === name)!),
    askEngines(spec): EnginesAnswer {
      const support = engine.supports(spec);
      const asked = [{ engine: "memory", ok: support.ok, reason: support.ok ? "" : support.reason }];
      return support.ok ? { engine: told, accuracy: support.accuracy, asked } : { engine: null, accuracy: null, asked };
    },
  };
}

Deno.test("explainPlan() says what the engine does, what is done here, and what was refused; it opens nothing", async () => {
  const s = services((spec) => spec.output.kind === "aggregate" ? "too many groups" : null);
  const plan = await planOf(
    'param least: int = 5\nrecipe r "why?"\ncollect tracepoint:syscalls:sys_enter_openat for 2s | filter flags > $least | aggregate count(), max(flags) as most by comm | top 3 by count()',
  );
  const { recipe, title, steps } = await explainPlan(plan, s, { least: "7" }, true);
  assert.deepEqual([recipe, title, steps.length], ["r", "why?", 1]);
  assert.ok(steps[0].kind === "phase");
  const [p] = steps[0].pipelines;
  assert.deepEqual({ ...p, fields: p.fields.map((f) => `${f.name}: ${f.type}`) }, {
    name: "result",
    source: "tracepoint:syscalls:sys_enter_openat",
    window_ns: 2e9,
    engine: "memory",
    accuracy: "exact",
    refused: [{
      engine: "memory",
      what: "filter args.flags > 7 | aggregate count(), max(args.flags) as most by comm",
      reason: "too many groups",
    }],
    pushed: "filter args.flags > 7 | stream of comm, args.flags",
    local: ["aggregate count(), max(args.flags) as most by comm", "top 3 by count desc"],
    fields: ["comm: string", "count: int", "most: int"],
    details: ["a map of 10,240 keys"],
    bytecode: "r0 = 0\nexit",
    problem: "",
    result: "table",
    hidden: false,
  });
  assert.deepEqual(s.engine.opened, []);
});

Deno.test("explainPlan() writes spans, calls, views and many probes as the language does", async () => {
  const sources = [
    "span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on end.next_pid == start.args.pid cancel tracepoint:sched:sched_wakeup_new",
    "calls kernel:vfs_*, syscall:fsync",
    "files.opened",
    "tracepoint:s*:*",
  ];
  const plan = await planOf(sources.map((s) => `collect ${s} for 1s | aggregate count()`).join("\n"));
  const { steps } = await explainPlan(plan, services(() => null));
  assert.deepEqual(steps[0].kind === "phase" && steps[0].pipelines.map((p) => p.source), [
    "span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid cancel tracepoint:sched:sched_wakeup_new",
    "calls kernel:vfs_read, kernel:vfs_write, syscall:fsync",
    "files.opened: tracepoint:syscalls:sys_enter_openat",
    "tracepoint:syscalls:sys_enter_openat, tracepoint:syscalls:sys_enter_open, tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new, tracepoint:sched:sched_switch",
  ]);
});

Deno.test("explainPlan() has of a view only what is read: the marks of a pair where a field of theirs is", async () => {
  const refuse = (spec: ProbeSpec): string | null => spec.output.kind === "aggregate" ? "no aggregates" : null;
  const files = TEST_COLLECTORS.find((c) => c.name === "files.opened")!;
  const SWITCH: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_switch" };
  // In place of what lies behind the view.
  const view: Collector = {
    ...files as ViewCollector,
    view: () => ({
      source: {
        kind: "pair",
        starts: [SWITCH],
        ends: [SWITCH],
        startKey: [fieldRef("args.prev_pid", "tid")],
        endKey: [fieldRef("args.next_pid", "tid")],
        cancels: [],
        cancelKey: [],
        marks: [{ ...SWITCH, name: "sched_wakeup" }],
        markKey: [fieldRef("args.pid", "tid")],
        maxInFlight: 1024,
      },
      filters: [],
      fields: [
        { name: "path", expr: fieldRef("start.comm", "string") },
        { name: "who", expr: fieldRef("mark.comm", "string") },
        { name: "twice", expr: fieldRef("start.args.prev_prio", "int") },
      ],
    }),
  };
  const stages = [
    "aggregate max(twice)",
    "aggregate max(twice) by who",
    'filter who == "x" | aggregate count()',
    "limit 3",
    "sort twice | select twice",
    "aggregate count()",
  ];
  const plan = await planOf(stages.map((s) => `collect files.opened for 1s | ${s}`).join("\n"));
  const { steps } = await explainPlan(plan, { ...services(refuse), collector: () => Promise.resolve(view) });
  const span =
    "files.opened: span tracepoint:sched:sched_switch -> tracepoint:sched:sched_switch on start.args.prev_pid == end.args.next_pid";
  const marked = `${span} mark tracepoint:sched:sched_wakeup on start.args.prev_pid == mark.args.pid`;
  assert.deepEqual(steps[0].kind === "phase" && steps[0].pipelines.map((p) => [p.source, p.pushed]), [
    [span, "stream of start.args.prev_prio"],
    [marked, "stream of mark.comm, start.args.prev_prio"],
    [marked, 'filter mark.comm == "x" | stream of mark.comm'],
    [marked, "stream of start.comm, mark.comm, start.args.prev_prio"],
    [span, "stream of start.args.prev_prio"],
    [span, "stream of start.comm"],
  ]);
});

Deno.test("explainPlan() goes into blocks, and says of what cannot run why", async () => {
  const plan = await planOf(
    'let a = collect proc.list\nlet b = a | limit 1 | distinct pid\nwhen count(a) > 3 { let c = collect raw_tracepoint:sys_enter | sort pid\nsave c to "c.json" }\nexpect count(a) > 1\nask "why?" with a',
  );
  const { steps } = await explainPlan(plan, services(() => "not permitted"));
  assert.deepEqual(steps.map((s) => s.kind), ["phase", "derived", "when", "statement", "statement"]);
  assert.deepEqual(steps[1].kind === "derived" && steps[1].pipeline.local, ["limit 1", "distinct pid"]);
  const block = steps[2].kind === "when" ? steps[2].then : [];
  const [c] = block[0].kind === "phase" ? block[0].pipelines : [];
  assert.equal(c.problem, "No engine can run it here: memory: not permitted");
  assert.equal(c.window_ns, null);
  assert.deepEqual([block[1], steps[4]], [
    { kind: "statement", text: 'save c to "c.json"' },
    { kind: "statement", text: 'ask "why?" with a' },
  ]);
});

Deno.test("explainPlan() says of every its period, and of an alert when it fires and what goes with it", async () => {
  const plan = await planOf(
    'param p = 5s\nevery $p for 1m { let a = collect proc.list\nalert "hot" when max(a.cpu) > 90% for 30s with a }',
  );
  const [every] = (await explainPlan(plan, services(() => null))).steps;
  assert.equal(every.kind === "every" && every.text, "every 5s for 60s");
  assert.deepEqual(every.kind === "every" && every.body[1], {
    kind: "statement",
    text: 'alert "hot" when max(a.cpu) > 90% for 30s with a',
  });
});
