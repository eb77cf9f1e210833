import assert from "node:assert/strict";
import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { TEST_REGISTRY } from "./_testing.ts";
import { marked } from "./_testing_place.ts";
import { complete, type Completion } from "./complete.ts";
import { PROBE_KINDS } from "./probe_text.ts";
import { STATEMENTS } from "./statement_words.ts";
import { STAGES } from "./words.ts";

const FIELDS = "pid tid comm cpu rss read_bytes wait threads";
const FUNCTIONS = [...SCALARS.keys()].join(" ");
const AGGREGATIONS = [...AGGREGATES.keys()].join(" ");
const WORDS = STATEMENTS.map((s) => s.name).join(" ");
const KINDS = PROBE_KINDS.map((k) => `${k}:`).join(" ");
const OPERATORS = "and or not in like";
const BUILTINS = "time pid tid ktid ppid comm cpu uid cgroup container stack kstack ustack probe ktime";
const WAKE = "tracepoint:sched:sched_wakeup";
const SWITCH = "tracepoint:sched:sched_switch";
const A = "let a = collect proc.list\n";
const ONE = "let one = collect proc.list | aggregate count()\n";

/** What stands before the place, and all that may stand there. */
const CASES: readonly (readonly [string, string])[] = [
  // Statements
  ["¦", WORDS],
  ["co¦", WORDS],
  [`${A}¦`, `for include self ${WORDS} a`],
  [`${A}show a\n¦`, `${WORDS} a`],
  ["let ¦", ""],
  ["let b = ¦", "collect"],
  [`${A}let b = ¦`, "collect a"],
  ["param x: ¦", "int float bool string duration bytes rate ratio pid tid address ip"],
  ["# a comment ¦", ""],
  ['ask "a text ¦', ""],
  // Sources
  ["collect ¦", `cpu.profile files.opened host.info proc.list process.exec calls span ${KINDS}`],
  ["collect proc.¦", "proc.list"],
  ["collect proc.list ¦", "for include self"],
  ["collect proc.list include ¦", "self"],
  ["collect proc.list for 1s ¦", "include self"],
  ["collect proc.list(¦)", "interval: pid:"],
  ["collect proc.list(interval: 1s, ¦)", "pid:"],
  ["param d = 1s\ncollect proc.list(interval: ¦)", "$d"],
  ["collect tracepoint:sy¦", "tracepoint:syscalls:"],
  ["collect tracepoint:sched:sched_w¦", `${WAKE} ${WAKE}_new`],
  [`collect ${WAKE}, ¦`, KINDS],
  ["collect raw_tracepoint:¦", "raw_tracepoint:sys_enter"],
  [
    "collect software:minor¦",
    "software:cpu-clock software:task-clock software:page-faults software:context-switches " +
    "software:cpu-migrations software:minor-faults software:major-faults software:alignment-faults software:emulation-faults",
  ],
  ["collect calls ¦", "kernel: user: syscall:"],
  ["collect calls kernel:vfs¦", "kernel:vfs_read kernel:vfs_write"],
  ["collect span ¦", KINDS],
  [`collect span ${WAKE} -> ¦`, KINDS],
  [`collect span ${WAKE} -> ${SWITCH} ¦`, "on cancel for include self"],
  [
    `collect span ${WAKE} -> ${SWITCH} on start.pid == end.args.¦`,
    "end.args.prev_pid end.args.next_pid end.args.next_comm",
  ],
  // Stages, and what flows into them
  ["collect proc.list | ¦", STAGES.map((s) => s.name).join(" ")],
  ["collect proc.list\n  | fi¦\nshow x", STAGES.map((s) => s.name).join(" ")],
  ["collect proc.list | filter ¦", `${FIELDS} ${FUNCTIONS}`],
  ["param budget = 1%\ncollect proc.list | filter cpu > ¦", `${FIELDS} $budget ${FUNCTIONS}`],
  ["param budget = 1%\ncollect proc.list | filter cpu > $¦", "$budget"],
  ["collect proc.list | filter cpu ¦", OPERATORS],
  ["collect proc.list | filter not (cpu > 5% and ¦", `${FIELDS} ${FUNCTIONS}`],
  ["collect proc.list | derive x = rss / threads, y = ¦", `${FIELDS} ${FUNCTIONS}`],
  ["collect proc.list | derive x = rss / threads | filter x > ¦", `${FIELDS} x ${FUNCTIONS}`],
  ["collect proc.list | select pid, rss as ¦", ""],
  ["collect proc.list | select pid, rss ¦", `as ${OPERATORS}`],
  ["collect proc.list | select pid, rss | sort ¦", `pid rss ${FUNCTIONS}`],
  ["collect proc.list | sort cpu ¦", `asc desc ${OPERATORS}`],
  ["param n = 3\nparam d = 3s\ncollect proc.list | top ¦", "$n"],
  ["collect proc.list | top 1¦", ""],
  ["collect proc.list | top 10 ¦", "by"],
  ["collect proc.list | top 10 by ¦", `${FIELDS} ${FUNCTIONS}`],
  ["collect proc.list | aggregate ¦", `${AGGREGATIONS} flame series`],
  ["collect proc.list | aggregate count(), ¦ by comm", AGGREGATIONS],
  ["collect proc.list | aggregate sum(¦) by comm", `${FIELDS} ${FUNCTIONS}`],
  ["collect proc.list | aggregate count() ¦", "as by"],
  ["collect proc.list | aggregate count() by ¦", `${FIELDS} ${FUNCTIONS}`],
  [
    "collect proc.list | aggregate sum(rss) as mem, p99(wait) by comm | top 10 by ¦",
    `comm mem sum(rss) p99_wait p99(wait) ${FUNCTIONS}`,
  ],
  ["collect tracepoint:syscalls:sys_enter_openat | filter ¦", `${BUILTINS} filename flags args.pid ${FUNCTIONS}`],
  ["collect tracepoint:syscalls:sys_enter_openat | filter args.¦", "args.filename args.flags args.pid"],
  // Stages that take more than the rows
  ["let a = collect proc.list | join ¦", ""],
  [`${A}let b = collect process.exec | join ¦`, "a"],
  [`${A}let b = collect process.exec | join a ¦`, "by"],
  [`${A}let b = collect process.exec | join a, ¦`, "inner left anti"],
  [
    `${A}let b = collect process.exec | join a by ¦`,
    `time pid comm ${FIELDS.split(" ").map((f) => `a.${f}`).join(" ")} ${FUNCTIONS}`,
  ],
  [`${A}let b = collect process.exec | join a by pid == a.p¦`, FIELDS.split(" ").map((f) => `a.${f}`).join(" ")],
  ["collect process.exec | enrich ¦", "cpu.profile files.opened host.info proc.list process.exec"],
  ["collect process.exec | enrich proc.list(¦)", "interval: pid:"],
  ["collect process.exec | enrich proc.list by ¦", `time pid comm ${FUNCTIONS}`],
  ["collect proc.list | detect cpu, ¦", "mad ema cusum"],
  ["collect proc.list | detect cpu | filter ¦", `${FIELDS} expected score anomaly ${FUNCTIONS}`],
  ["param d = 1s\ncollect process.exec | window ¦", "$d"],
  ["collect process.exec | window 5¦", "ns us ms s m h d"],
  ["every 5s {\n  let r = collect proc.list\n  show ¦\n}", "r"],
  // Behind a stage that is wrong
  ["collect proc.list | filter rrs > 5 | top 5 by ¦", `${FIELDS} ${FUNCTIONS}`],
  ["collect proc.list | aggregate summ(rss) | sort ¦", FUNCTIONS],
  // Numbers
  ["collect proc.list for 10¦", "ns us ms s m h d"],
  [`${ONE}expect one.count > 0 tolerate 5¦`, "%"],
  ["collect proc.list | filter rss > 4M¦", "ns us ms s m h d B KB MB GB TB KiB MiB GiB TiB hz khz mhz %"],
  // Results
  [`${A}show ¦`, "a"],
  [`${A}show a ¦`, "as"],
  [`${A}show a as ¦`, "table hist flame series heatmap"],
  [`${A}save ¦`, "a"],
  [`${A}save a ¦`, "to"],
  [`${A}ask "q" ¦`, "with"],
  [`${A}investigate "q" with a ¦`, "for"],
  [`${A}ask "q" with ¦`, "a"],
  [`${A}expect max(¦) < 1`, FIELDS.split(" ").map((f) => `a.${f}`).join(" ")],
  [`${A}expect max(a.c¦`, FIELDS.split(" ").map((f) => `a.${f}`).join(" ")],
  [`${ONE}expect count(¦)`, "one one.count"],
  [`${ONE}expect ¦`, `one.count ${AGGREGATIONS} ${FUNCTIONS}`],
  [`${ONE}expect one.count > 1 ¦`, `${OPERATORS} tolerate else`],
  [`${ONE}when one.count > 1 {\n  let b = collect proc.list\n  show ¦\n}`, "one b"],
  [`${ONE}when one.count > 1 {\n  let b = collect proc.list\n}\nshow ¦`, "one"],
  [`${A}let b = a | filter ¦`, `${FIELDS} ${FUNCTIONS}`],
  // Other texts around it
  ['import "sonde/run"; /*\ncollect proc.list | limit ¦\n*/', ""],
  ['import "sonde/run"; /*\ncollect proc.list | top 3 by ¦\n*/', `${FIELDS} ${FUNCTIONS}`],
];

for (const [source, expected] of CASES) {
  Deno.test(`complete() ${JSON.stringify(source)}`, async () => {
    const { text, offset } = marked(source);
    const { items } = await complete(text, offset, TEST_REGISTRY);
    assert.equal(items.map((i) => i.label).join(" "), expected);
  });
}

Deno.test("complete() says types, units and documentation", async () => {
  const item = async (source: string, label: string): Promise<Completion | undefined> => {
    const { text, offset } = marked(source);
    return (await complete(text, offset, TEST_REGISTRY)).items.find((i) => i.label === label);
  };
  assert.deepEqual(await item("collect proc.list | filter ¦", "wait"), {
    label: "wait",
    kind: "field",
    detail: "duration (ns)",
    doc: "",
  });
  assert.deepEqual(await item("collect proc.list | aggregate ¦", "quantile"), {
    label: "quantile",
    kind: "aggregation",
    detail: "quantile(x, q)",
    doc: AGGREGATES.get("quantile")!.doc,
  });
  assert.deepEqual(await item('param x: bytes = 4KiB "Least"\ncollect proc.list | filter rss > ¦', "$x"), {
    label: "$x",
    kind: "parameter",
    detail: "bytes",
    doc: "Least",
  });
  assert.equal((await item(`${A}show ¦`, "a"))?.detail, FIELDS.replaceAll(" ", ", "));
});

Deno.test("complete() replaces the whole word, however much of it stands behind the place", async () => {
  for (
    const [source, word] of [
      ["collect tracepoint:sched:sch¦ed_wakeup for 1s", "tracepoint:sched:sched_wakeup"],
      ["collect proc.list | filter threa¦ds > 1", "threads"],
      ["collect proc.list | filter rss > 10M¦iB", "MiB"],
      ["param a = 1s\ncollect proc.list for $¦a", "$a"],
    ]
  ) {
    const { text, offset } = marked(source);
    const { span } = await complete(text, offset, TEST_REGISTRY);
    assert.equal(text.slice(span.start, span.end), word);
  }
});

Deno.test("complete() answers 200 probes and says that there are more", async () => {
  const registry = {
    ...TEST_REGISTRY,
    matchProbes: (_: unknown, limit: number) => ({
      points: Array.from({ length: Math.min(500, limit) }, (_, i) => ({ kind: "kprobe", symbol: `vfs_${i}` }) as const),
      total: 500,
    }),
  };
  const { items, incomplete } = await complete("collect kprobe:vfs_", 19, registry);
  assert.deepEqual([items.length, items[0].label, incomplete], [200, "kprobe:vfs_0", true]);
});
