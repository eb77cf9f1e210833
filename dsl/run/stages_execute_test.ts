import assert from "node:assert/strict";
import {
  type Batch,
  field,
  type Profile,
  type Quality,
  recordsOf,
  type Series,
  type Table,
} from "../../core/data/mod.ts";
import type { ProbeEngine, ProbeSession, Stage } from "../../core/plugin_api/mod.ts";
import { eventBatch, memoryEngine, type MemoryEngineOptions, TEST_REGISTRY, testServices } from "../_testing.ts";
import { compile } from "../compile.ts";
import { execute } from "./execute.ts";
import type { RecipeReport } from "./report.ts";
import type { RunServices } from "./services.ts";

const OPENAT = [field("filename", "string"), field("flags", "int"), field("pid", "tid")];
const SECOND = 1_000_000_000;
const STACK = ["main", "open"].map((name) => ({
  function: name,
  module: "m",
  file: "",
  line: 0,
  kind: "user" as const,
}));

/** Ten events a second for three seconds: `flags` is 1 in the first, 2 in the second, 3 in the third. */
const EVENTS: Batch = eventBatch(
  OPENAT,
  Array.from({ length: 30 }, (_, i) => ({
    time: 100 * SECOND + i * SECOND / 10,
    pid: 20 + i % 2,
    tid: 20 + i % 2,
    comm: i % 2 === 0 ? "nginx" : "bash",
    cpu: 0,
    "args.filename": `/f/${i % 3}`,
    "args.flags": 1 + Math.floor(i / 10),
    "args.pid": i,
    stack: i % 2 === 0 ? STACK : STACK.slice(0, 1),
  })),
);
const OPENS = "collect tracepoint:syscalls:sys_enter_openat for 3s";

async function run(
  text: string,
  options: Partial<MemoryEngineOptions> = {},
  services: Partial<RunServices> = {},
  clock = { ms: 0 },
): Promise<RecipeReport> {
  const engine = memoryEngine({ events: EVENTS, ...options }, clock);
  const { plan, diagnostics } = await compile(text, { ...TEST_REGISTRY, stage: services.stage });
  assert.ok(plan, diagnostics.map((d) => d.message).join("\n"));
  return await execute(plan, testServices(engine, clock, services));
}

function rows(report: RecipeReport, name = "result"): Record<string, unknown>[] {
  const result = report.results[name];
  assert.equal(result?.kind, "table", `no table "${name}": ${JSON.stringify(report.errors)}`);
  return recordsOf(result as Table).map((r) =>
    Object.fromEntries(Object.entries(r).map(([k, v]) => [k, typeof v === "bigint" ? Number(v) : v]))
  );
}

/** What an engine takes over changes nothing: all, nothing, or filters alone. */
const REFUSALS: readonly MemoryEngineOptions["refuse"][] = [
  undefined,
  (spec) => spec.output.kind === "aggregate" ? "no aggregates" : null,
  (spec) => spec.output.kind === "aggregate" || spec.steps.length > 0 ? "only streams" : null,
];

Deno.test("window groups by time, wherever the split falls; rates are those of a window", async () => {
  for (const refuse of REFUSALS) {
    const report = await run(
      `${OPENS} | window 1s | aggregate count(), rate() as a_second, max(flags) by comm | filter comm == "bash"`,
      { refuse },
    );
    assert.deepEqual(
      rows(report),
      [1, 2, 3].map((n) => ({
        window: (99 + n) * SECOND,
        comm: "bash",
        count: 5,
        a_second: 5,
        max_flags: n,
      })),
    );
  }
});

Deno.test("flame makes a profile of stacks, with keys as labels", async () => {
  for (const refuse of REFUSALS) {
    const report = await run(`${OPENS} | aggregate flame(flags) by comm`, { refuse });
    const profile = report.results.result as Profile;
    assert.equal(profile.kind, "profile");
    assert.deepEqual(profile.sampleTypes, [{ name: "flags", unit: "count" }]);
    const folded = profile.stacks.map((s) => [
      s.frames.map((f) => profile.frames[f].function).join(";"),
      s.values[0],
      s.labels.comm,
    ]);
    // Of every ten events five are of each stack: (1 + 2 + 3) × 5.
    assert.deepEqual(folded, [["main;open", 30, "nginx"], ["main", 30, "bash"]]);
  }
});

Deno.test("series makes lines over time", async () => {
  const report = await run(`${OPENS} | aggregate series(max(flags)) by comm`);
  const series = report.results.result as Series;
  assert.deepEqual([series.kind, series.startNs], ["series", BigInt(100 * SECOND)]);
  assert.deepEqual(series.points, [
    { name: "nginx", tNs: [0, SECOND, 2 * SECOND], v: [1, 2, 3] },
    { name: "bash", tNs: [0, SECOND, 2 * SECOND], v: [1, 2, 3] },
  ]);
});

Deno.test("join puts rows of two results beside one another when both are there", async () => {
  const text = (kind: string): string =>
    `let names = collect proc.list | filter pid < 21\nlet opens = ${OPENS} | aggregate count() by pid\n` +
    `opens | join names${kind} by pid == names.pid | select pid, count, rss`;
  assert.deepEqual(rows(await run(text(""))), [{ pid: 20, count: 15, rss: 1 << 20 }]);
  assert.deepEqual(rows(await run(text(", left"))), [
    { pid: 20, count: 15, rss: 1 << 20 },
    { pid: 21, count: 15, rss: null },
  ]);
  const anti =
    `let names = collect proc.list | filter pid < 21\n${OPENS} | join names, anti by pid | aggregate count() by pid`;
  assert.deepEqual(rows(await run(anti)), [{ pid: 21, count: 15 }]);
  const [note] = (await run(text(""))).results.result.quality.notes;
  assert.equal(note, '1 row had no partner in "names" and were left out (join …, left keeps them)');
});

Deno.test("a join whose other side did not run says why, and expects on it are inconclusive", async () => {
  const report = await run(
    `let names = ${OPENS}\nlet a = collect proc.list | join names by pid\nexpect count(a) > 0`,
    { refuse: () => "no" },
  );
  assert.deepEqual(Object.keys(report.results), []);
  assert.equal(report.expects[0].outcome, "inconclusive");
  assert.equal(report.errors.length, 1);
});

Deno.test("enrich adds what a collector knows of each row; hidden pipelines are no results", async () => {
  const report = await run(`${OPENS} | aggregate count() by pid | enrich proc.list by pid | select pid, comm, threads`);
  assert.deepEqual(rows(report), [{ pid: 20, comm: "nginx", threads: 4 }, { pid: 21, comm: "nginx", threads: 4 }]);
  assert.deepEqual(Object.keys(report.results), ["result"]);
});

Deno.test("detect finds the odd row of each key", async () => {
  const report = await run("collect proc.list | detect threads, mad, 3 | filter anomaly | select pid, score");
  assert.deepEqual(rows(report), []);
  const odd = await run(
    `${OPENS} | derive x = if(args.pid == 17, 500, flags) | detect x by comm | filter anomaly | select x, expected`,
  );
  assert.deepEqual(rows(odd), [{ x: 500, expected: 2 }]);
});

Deno.test("sample keeps a part of the rows, and the quality says so", async () => {
  const many = eventBatch(OPENAT, Array.from({ length: 20_000 }, (_, i) => ({ pid: i, comm: "a", "args.flags": 1 })));
  const part = await run(`${OPENS} | sample 25% | aggregate count()`, { events: many });
  const [{ count }] = rows(part) as { count: number }[];
  // 5,000 ± 6 standard deviations of a binomial.
  assert.ok(Math.abs(count - 5000) < 6 * Math.sqrt(20_000 * 0.25 * 0.75), `${count} of 20000`);
  assert.equal(part.results.result.quality.sampling, 0.25);
  const some = await run(`${OPENS} | sample 100`, { events: many });
  assert.equal(rows(some).length, 100);
  assert.equal(some.results.result.quality.sampling, 100 / 20_000);
  const all = await run(`${OPENS} | sample 50_000`, { events: many });
  assert.deepEqual([rows(all).length, all.results.result.quality.sampling], [20_000, 1]);
});

Deno.test("every gives one result over all rounds, and each round as it ends", async () => {
  const clock = { ms: 0 };
  const told: string[] = [];
  const report = await run(
    "every 10s for 35s { let a = collect tracepoint:syscalls:sys_enter_openat for 3s | aggregate count() by comm\n show a }",
    {},
    {
      now: () => clock.ms,
      wallNs: () => BigInt(clock.ms) * 1_000_000n,
      round: (r) => void told.push(`${r.round} at ${r.startNs / 1_000_000_000n}s: ${Object.keys(r.results)}`),
    },
    clock,
  );
  assert.deepEqual(told, ["1 at 0s: a", "2 at 10s: a", "3 at 20s: a", "4 at 30s: a"]);
  assert.deepEqual(
    rows(report, "a"),
    [0, 10, 20, 30].flatMap((s) => [
      { round_time: s * SECOND, comm: "nginx", count: 15 },
      { round_time: s * SECOND, comm: "bash", count: 15 },
    ]),
  );
  const { quality } = report.results.a;
  assert.deepEqual([quality.events, quality.duration_ns], [120, 12 * SECOND]);
  assert.deepEqual(report.phases.map((p) => p.rounds), [4]);
  assert.deepEqual(report.inRounds, ["a"]);
});

Deno.test("an expect in every tells in how many rounds it did not pass; an alert fires once until it was over", async () => {
  const clock = { ms: 0 };
  const fired: string[] = [];
  // The lists of proc.list differ from round to round by what is asked of the clock.
  const report = await run(
    `every 1s for 6s {
  let a = collect proc.list | aggregate max(threads) as threads
  let b = collect tracepoint:syscalls:sys_enter_openat for 100ms | aggregate max(flags) as flags
  expect b.flags < 3 else "too many"
  alert "high" when b.flags > 2
  alert "long" when b.flags > 2 for 3s
}`,
    {},
    {
      now: () => clock.ms,
      wallNs: () => BigInt(Math.round(clock.ms)) * 1_000_000n,
      alert: (a) => void fired.push(`${a.message} at ${Number(a.time_ns) / 1e9} ${a.value}`),
    },
    clock,
  );
  assert.deepEqual(report.expects.map((e) => [e.outcome, e.message]), [["fail", "too many (in 6 of 6 rounds)"]]);
  assert.deepEqual(fired, ["high at 0.1 3", "long at 3.1 3"]);
  assert.deepEqual(report.alerts.map((a) => a.message), ["high", "long"]);
});

Deno.test("the round that Ctrl-C cuts says nothing against those before it", async () => {
  const clock = { ms: 0 };
  const stop = new AbortController();
  const report = await run(
    "every 1s for 1h { let b = collect tracepoint:syscalls:sys_enter_openat for 2s | aggregate max(flags) as flags\n" +
      "expect b.flags < 4 }",
    {},
    {
      now: () => {
        // In the middle of the third window.
        if (clock.ms > 4500) stop.abort();
        return clock.ms;
      },
      context: { signal: stop.signal, progress: () => {} },
    },
    clock,
  );
  assert.equal(report.interrupted, true);
  assert.deepEqual(report.expects.map((e) => [e.outcome, e.message]), [["pass", ""]]);
});

Deno.test("every without end runs only where somebody watches", async () => {
  await assert.rejects(run("every 1s { collect proc.list }"), /every without end/);
});

const SPREAD: Stage = {
  name: "spread",
  doc: "The distance of a column from its least value",
  params: [
    { name: "column", type: "column", doc: "of what" },
    { name: "factor", type: "int", default: 1, doc: "times what" },
  ],
  fields: (input, { columns }) => [...input, { ...input.find((f) => f.name === columns.column)!, name: "spread" }],
  apply(input, { columns, values }) {
    const at = input.fields.findIndex((f) => f.name === columns.column);
    const column = input.columns[at];
    if (column.kind !== "number") throw new TypeError("numbers only");
    const least = Math.min(...column.values);
    const spread = column.values.map((v) => (v - least) * Number(values.factor));
    return {
      length: input.length,
      fields: this.fields(input.fields, { columns, by: [] }),
      columns: [...input.columns, { kind: "number", values: spread }],
    };
  },
};

Deno.test("a stage of a plugin is checked before anything runs, and does its work", async () => {
  const stage = (name: string): Promise<Stage | null> => Promise.resolve(name === "spread" ? SPREAD : null);
  const report = await run("collect proc.list | select threads as n | spread n, 10", {}, { stage });
  assert.deepEqual(rows(report).map((r) => r.spread), [0, 30, 30, 10]);
  const found = async (text: string): Promise<string[]> =>
    (await compile(text, { ...TEST_REGISTRY, stage, stageNames: () => ["spread"] })).diagnostics.map((d) =>
      `${d.message}\n${d.hint}`
    );
  assert.deepEqual(await found("collect proc.list | spread"), [
    "spread needs column: of what\nIt is written: | spread column, [factor]",
  ]);
  const [columns] = await found("collect proc.list | spread rrs");
  assert.ok(columns.startsWith('There is no column "rrs"\nDid you mean rss?'), columns);
  assert.deepEqual(await found("collect proc.list | spread rss, 1ms"), [
    '"factor" is an int, here is a duration\ntimes what',
  ]);
  assert.match((await found("collect proc.list | spreat rss"))[0], /Did you mean spread\?/);
});

Deno.test("the error of a sample is that of the rows that it kept, also behind filters, derives and joins", async () => {
  const many = eventBatch(
    OPENAT,
    Array.from({ length: 20_000 }, (_, i) => ({ time: i, pid: i, comm: "x", "args.flags": i })),
  );
  const messages = async (text: string): Promise<string[]> =>
    (await run(text, { events: many })).expects.map((e) => `${e.outcome} ${e.message}`);
  const hundred = 'inconclusive "a" is estimated from a sample of 0.5%, with an error of 19.6%, more than 1%; ' +
    "to allow it: tolerate 20%";
  assert.deepEqual(
    await messages(
      `let a = ${OPENS} | sample 100 | aggregate count() as n\nexpect a.n > 0\nexpect a.n > 0 tolerate 20%`,
    ),
    [hundred, "pass "],
  );
  assert.deepEqual(
    await messages(`let s = ${OPENS} | sample 100\nlet a = s | aggregate count() as n\nexpect a.n > 0`),
    [hundred],
  );
  // Of the hundred rows that the filter leaves about fifty are taken.
  const [few] = await messages(
    `let a = ${OPENS} | filter flags < 100 | sample 50% | aggregate count() as n\nexpect a.n > 0`,
  );
  const error = Number(/with an error of ([0-9.]+)%/.exec(few)?.[1]);
  assert.ok(error > 14 && error < 30, few);
  const [joined] = await messages(
    `let s = ${OPENS} | sample 100 | aggregate count() as n by comm\n` +
      `let a = ${OPENS} | join s by comm | aggregate count() as n\nexpect a.n > 0 tolerate 19%`,
  );
  assert.match(joined, /^inconclusive "a" is estimated from a sample of 0.5%, with an error of 19.6%/);
});

Deno.test("an expectation on a join is inconclusive when most of its other side was lost", async () => {
  const clock = { ms: 0 };
  const right = eventBatch(OPENAT, [{ time: 1, pid: 20, comm: "nginx" }, { time: 2, pid: 20, comm: "nginx" }]);
  const lossy = { ...memoryEngine({ events: right, lost: 8 }, clock), name: "lossy" };
  const text =
    `let many = ${OPENS}\nlet few = collect tracepoint:syscalls:sys_enter_open for 3s | aggregate count() by comm\n` +
    "let a = many | join few, left by comm\nlet b = a | limit 5\nexpect count(b) == 5\nexpect count(many) > 0";
  const engine = memoryEngine({ events: manyRows() }, clock);
  const { plan } = await compile(text, TEST_REGISTRY);
  const services = testServices(engine, clock, {
    chooseEngine: (spec) =>
      JSON.stringify(spec, (_, v) => typeof v === "bigint" ? `${v}` : v).includes("sys_enter_openat") ? engine : lossy,
  });
  const report = await execute(plan!, services);
  assert.deepEqual(report.expects.map((e) => `${e.outcome} ${e.message}`), [
    'inconclusive "b" rests on "few", which lost 80% of its events (ring 8), more than 1%; to allow it: tolerate 80%',
    "pass ",
  ]);
});

function manyRows(): Batch {
  return eventBatch(OPENAT, Array.from({ length: 5_000 }, (_, i) => ({ time: i, pid: 20, comm: "nginx" })));
}

Deno.test("values of parameters that a stage does not take are refused before anything runs", async () => {
  const refused = async (text: string, v: string, message: RegExp): Promise<void> => {
    const clock = { ms: 0 };
    const engine = memoryEngine({ events: EVENTS }, clock);
    const { plan } = await compile(text, TEST_REGISTRY);
    await assert.rejects(execute(plan!, testServices(engine, clock), { v }), message);
    assert.deepEqual(engine.opened, []);
  };
  const duration = "param v: duration = 1s\n";
  await refused(`${duration}${OPENS} | window $v | aggregate count()`, "0s", /^UsageError: A window is longer than 0/);
  await refused(`${duration}${OPENS} | aggregate series(count(), $v)`, "0s", /^UsageError: A window is longer than 0/);
  const float = "param v: float = 1.0\n";
  await refused(`${float}${OPENS} | aggregate quantile(flags, $v)`, "7", /^UsageError: A quantile is between 0 and 1/);
  await refused(`${float}${OPENS} | detect flags, mad, $v`, "0", /^UsageError: The threshold of detect is above 0/);
  await refused(`${float}let a = ${OPENS}\nexpect quantile(a.flags, $v) > 0`, "7", /^UsageError: A quantile is/);
  const int = "param v: int = 4\n";
  await refused(`${int}${OPENS} | aggregate hist(flags, $v)`, "3", /^UsageError: hist takes a power of two up to 64/);
  await refused(`${int}${OPENS} | aggregate topk(comm, $v)`, "0", /^UsageError: topk shows 1 to 1000 values/);
  await refused(`${int}${OPENS} | aggregate lhist(flags, 0, 8, $v)`, "0", /^UsageError: The buckets of lhist/);
  await refused(`${int}${OPENS} | limit $v`, "-1", /^UsageError: The number of limit is not below 0/);
  await refused(`${int}let a = ${OPENS}\na | top $v by flags`, "-1", /^UsageError: The number of top is not below 0/);
});

Deno.test("what an engine leaves out to keep its budget is told, and a window that it ends is cut short", async () => {
  const clock = { ms: 0 };
  const over = (part: Partial<Quality>, refuse?: MemoryEngineOptions["refuse"]): ProbeEngine => {
    const engine = memoryEngine({ events: manyRows(), refuse }, clock);
    return {
      ...engine,
      open(spec): ProbeSession {
        const session = engine.open(spec);
        const finish = (): ReturnType<ProbeSession["finish"]> => {
          const { batch, quality } = session.finish();
          return { batch, quality: { ...quality, estimated: true, ...part } };
        };
        return { ...session, finish };
      },
    };
  };
  const outcome = async (engine: ProbeEngine, more = ""): Promise<[string, readonly string[]]> => {
    const { plan } = await compile(`let a = ${OPENS} | aggregate count() as n\nexpect a.n > 0${more}`, TEST_REGISTRY);
    const report = await execute(plan!, testServices(engine, clock));
    const [{ outcome, message }] = report.expects;
    return [`${outcome} ${message}`, report.results.a.quality.notes];
  };
  const note = "Of a sample of 50 % of the events: counts and sums are those of the sample";
  const half = { sampling: 0.5 };
  assert.deepEqual((await outcome(over(half), " tolerate 3%"))[1], [], "what the engine counts it scales");
  assert.match((await outcome(over(half)))[0], /sample of 50%, with an error of 2.77%/);
  const here = over(half, (spec) => spec.output.kind === "aggregate" ? "no aggregates" : null);
  assert.deepEqual(await outcome(here, " tolerate 2%"), ["pass ", [note]]);
  const ended = over({ ...half, duration_ns: SECOND });
  assert.deepEqual((await outcome(ended, " tolerate 3%"))[0], 'inconclusive The window of "a" was cut short');
});
