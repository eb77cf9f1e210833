import assert from "node:assert/strict";
import { field } from "../core/data/mod.ts";
import { BUILTIN_FIELDS } from "../bpf/probes/builtins.ts";
import { type Expr, exprText, probePointText, type SourceSpec, sourceText } from "../core/query/mod.ts";
import { planOf, TEST_REGISTRY } from "./_testing.ts";
import { BUILTINS } from "./builtins.ts";
import { check } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import type { RecipeRegistry } from "./registry.ts";

/** Source, `line:column-end code: message`, hint; a hint that ends with `…` goes on with a list. */
const ERRORS: readonly (readonly [source: string, expected: string, hint: string])[] = [
  // Wildcards
  [
    "collect kprobe:* for 1s",
    '1:9-17 limit: "kprobe:*" matches 48,213 probes; at most 1,000 are attached at once',
    "Narrow it: kprobe:vfs_*",
  ],
  [
    "collect tracepoint:shced:* for 1s",
    '1:9-27 unknown-probe: No probes here match "tracepoint:shced:*"',
    "Did you mean tracepoint:sched:*?",
  ],
  [
    "collect profile:*hz for 1s",
    "1:9-20 probe: There are no wildcards in profile probes",
    "It is written profile:99hz",
  ],
  [
    "collect uprobe:/usr/lib/*.so:open for 1s",
    "1:9-34 probe: Wildcards stand in names, not in the path of a program",
    "Name the program: uprobe:PATH:FUNCTION, uprobe:PATH:FUNCTION+OFFSET or uprobe:PATH:0xADDRESS",
  ],
  [
    "collect calls kernel:vsf_* for 1s",
    '1:15-27 unknown-probe: No functions here match "kernel:vsf_*"',
    "Did you mean kernel:vfs_*?",
  ],
  [
    "collect tracepoint:sched:sched_switch, tracepoint:sched:sched_switch for 1s",
    '1:40-69 probe: "tracepoint:sched:sched_switch" is listed twice',
    "",
  ],
  // Kinds
  [
    "collect profile:hz:99 for 1s",
    "1:9-22 probe: The frequency of profile has a unit",
    "Write profile:99hz",
  ],
  [
    "collect profile:99 for 1s",
    "1:9-19 probe: The frequency of profile has a unit",
    "Write profile:99hz",
  ],
  [
    "collect profile:20khz for 1s",
    "1:9-22 probe: profile takes 1hz to 10khz, here are 20khz",
    "It is written profile:99hz",
  ],
  [
    "collect interval:s:1 for 1s",
    "1:9-21 probe: The period of interval has a unit",
    "Write interval:1s",
  ],
  [
    "collect software:page-fault for 1s",
    '1:9-28 probe: There is no software event "page-fault"',
    "Did you mean page-faults?\nEvents: cpu-clock, task-clock, page-faults, context-switches, cpu-migrations, minor-faults, major-faults, alignment-faults, emulation-faults",
  ],
  [
    "collect hardware:cache-mises:1000 for 1s",
    '1:9-34 probe: There is no hardware event "cache-mises"',
    "Did you mean cache-misses?\nEvents: cpu-cycles, …",
  ],
  [
    "collect software:page-faults:0 for 1s",
    '1:9-31 probe: "software:page-faults:0" is no software probe',
    "It is written software:EVENT or software:EVENT:PERIOD",
  ],
  [
    "collect uretprobe:/bin/bash:readline+0x10 for 1s",
    "1:9-42 probe: A uretprobe fires when a function returns: it has no offset",
    "It is written uretprobe:PATH:FUNCTION",
  ],
  [
    "collect usdt:/bin/x:a:b:c for 1s",
    '1:9-26 probe: "usdt:/bin/x:a:b:c" is no usdt probe',
    "It is written usdt:PATH:PROVIDER:NAME or usdt:PATH:NAME",
  ],
  // Members
  [
    "collect tracepoint:block:block_rq_issue for 1s | filter ptr.sectr > 0",
    '1:57-66 unknown-field: struct request has no member "sectr"; nearest: __sector, __data_len',
    "",
  ],
  [
    "collect tracepoint:block:block_rq_issue for 1s | filter args.ptr.__u.a > 0",
    '1:57-71 unknown-field: "args.ptr.__u.a" leads through a union',
    "Name the member that it holds",
  ],
  // Spans
  [
    "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.pid == end.next_pid for 1s",
    "1:80-105 type: pid and tid are different numbers: a process, and one of its threads",
    "Compare pid with pid, or tid with tid; kernel arguments such as args.pid and next_pid hold a tid",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == end.sector for 1s | aggregate count() by comm",
    '1:144-148 unknown-field: "comm" of a span is that of its start or of its end',
    "Write start.comm or end.comm",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on sector == end.sector for 1s",
    '1:87-93 unknown-field: "sector" of a span is that of its start or of its end',
    "Write start.args.sector or end.args.sector",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == start.tid for 1s",
    "1:87-112 on: One side of == is over start.*, the other over end.*",
    "Write: on start.tid == end.tid; conditions on one of them stand in | filter",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == 5 for 1s",
    "1:87-104 on: One side of == is over start.*, the other over end.*",
    "Write: on start.tid == end.tid; conditions on one of them stand in | filter",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector < end.sector for 1s",
    '1:87-112 on: "on" joins a start with its end by == and "and"',
    "Write: on start.tid == end.tid; other conditions stand in | filter",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == end.sectr for 1s",
    '1:103-112 unknown-field: The span has no field "end.sectr"',
    "Did you mean end.sector…",
  ],
  [
    "collect span tracepoint:sched:sched_wakup -> tracepoint:sched:sched_switch for 1s",
    '1:14-42 unknown-probe: There is no tracepoint "sched:sched_wakup"',
    "Did you mean tracepoint:sched:sched_wakeup or tracepoint:sched:sched_wakeup_new?",
  ],
  [
    "collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == end.sector cancel tracepoint:sched:sched_switch for 1s",
    "1:121-150 cancel: tracepoint:sched:sched_switch cannot tell which start it cancels: it has neither args.sector (int) nor args.sector (int)",
    "Fields: time, …",
  ],
  [
    "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch include self for 1s",
    '1:77-89 warning include-self: "include self" changes nothing: a span leaves nothing out',
    "",
  ],
  // Calls
  [
    "collect calls kernel:vfs_read, kernel:vfs_write for 1s | aggregate sum(count)",
    '1:72-77 unknown-field: kernel:vfs_read (and 1 more) has no field "count"',
    "Fields: time, …",
  ],
  [
    "collect calls syscall:fsycn for 1s",
    "1:15-28 unknown-probe: There is no syscall:fsycn",
    "Did you mean syscall:fsync?",
  ],
  [
    "collect calls kprobe:vfs_read for 1s",
    '1:15-30 probe: "kprobe" is no kind of calls',
    "Calls are of functions; a probe is collected without `calls`\nCalls: kernel:FUNCTION, user:PATH:FUNCTION, syscall:NAME",
  ],
  // Stacks
  [
    "collect tracepoint:sched:sched_switch for 1s | sort kstack",
    "1:53-59 type: A stack has no order",
    "Sort by a number, a text or a time",
  ],
  [
    "collect tracepoint:sched:sched_switch for 1s | filter kstack == ustack",
    "1:55-71 type: A stack cannot be compared",
    "",
  ],
];

Deno.test("check() points at each mistake of a source with its columns, and says what would be right", async (t) => {
  for (const [source, expected, hint] of ERRORS) {
    await t.step(source, async () => {
      const found = await check(source, TEST_REGISTRY);
      const texts = found.map((d) =>
        `${d.start.line}:${d.start.column}-${d.end.column} ${
          d.severity === "warning" ? "warning " : ""
        }${d.code}: ${d.message}`
      );
      assert.deepEqual(texts, [expected]);
      if (hint.endsWith("…")) assert.ok(found[0].hint.startsWith(hint.slice(0, -1)), found[0].hint);
      else assert.equal(found[0].hint, hint);
    });
  }
});

Deno.test("check() says of calls with unlike arguments which fields there are", async () => {
  const [d] = await check(
    "collect calls kernel:vfs_read, kernel:vfs_write for 1s | aggregate sum(count)",
    TEST_REGISTRY,
  );
  assert.match(
    d.hint,
    /^Fields: time, .*, ktime, file, ret, errno, duration\nOf several calls: those that all of them have$/,
  );
});

const GOOD: readonly string[] = [
  'collect uprobe:/bin/bash:readline+0x10, uprobe:/bin/bash:0x1234, uprobe:libc:"ns::f(int)" for 1s',
  'collect uprobe:"/opt/my app/bin":main for 1s | select comm, kstack, ustack',
  "collect software:faults, software:cpu-clock:10ms, software:cs for 1s | aggregate count() by probe",
  "collect tracepoint:sched:* for 1s | aggregate count() by probe | top 5 by count()",
  "collect calls user:/bin/bash:readline for 1s | filter duration > 1ms and ret != 0 | aggregate hist(duration) by comm, errno",
  "collect calls kernel:vfs_read for 1s | filter args.count > 4KiB and count < 1MiB | select count, ret, duration",
  "collect calls syscall:*, kernel:vfs_* for 1s | aggregate count() by probe",
  "collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid for 1s | filter start.comm != end.comm and start.args.pid == start.tid | aggregate p99(duration) by start.comm",
  "collect span tracepoint:sched:* -> tracepoint:sched:sched_switch for 1s | aggregate count() by start.probe, end.probe",
  "collect tracepoint:sched:sched_switch for 1s | aggregate count() by kstack, comm | top 5 by count()",
  "collect tracepoint:sched:sched_switch for 1s | filter args.next_pid == ktid | distinct kstack",
];

Deno.test("check() has nothing to say about good sources", async (t) => {
  for (const source of GOOD) {
    await t.step(source, async () => {
      assert.deepEqual((await check(source, TEST_REGISTRY)).map((d) => diagnosticText(d, "x")), []);
    });
  }
});

async function sourceOf(text: string): Promise<SourceSpec> {
  const [step] = (await planOf(text)).steps;
  assert.ok(step.kind === "phase" && step.pipelines[0].source.kind === "probes");
  return step.pipelines[0].source.source;
}

const texts = (list: readonly Expr[]): string[] => list.map(exprText);

Deno.test("a span joins by the bare fields of its sides, in either order, and by the thread without on", async () => {
  const wakeups =
    "collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new -> tracepoint:sched:sched_switch";
  const joined = await sourceOf(
    `${wakeups} on end.next_pid == start.pid + 0 and start.comm == end.next_comm for 1s`.replace(
      "start.pid + 0",
      "start.args.pid",
    ),
  );
  assert.equal(joined.kind, "pair");
  assert.deepEqual([texts(joined.startKey), texts(joined.endKey)], [
    ["args.pid", "comm"],
    ["args.next_pid", "args.next_comm"],
  ]);
  assert.deepEqual(joined.starts.map(probePointText), [
    "tracepoint:sched:sched_wakeup",
    "tracepoint:sched:sched_wakeup_new",
  ]);
  const thread = await sourceOf(`${wakeups} for 1s`);
  assert.ok(thread.kind === "pair");
  assert.deepEqual([texts(thread.startKey), texts(thread.endKey), thread.maxInFlight], [["tid"], ["tid"], 16_384]);
});

Deno.test("a cancel is asked what the end is matched by where it has it, else what the start is", async () => {
  const span = "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.args.pid ==";
  const byEnd = await sourceOf(`${span} end.tid cancel tracepoint:sched:sched_wakeup_new for 1s`);
  assert.deepEqual(byEnd.kind === "pair" && texts(byEnd.cancelKey), ["tid"]);
  const byStart = await sourceOf(`${span} end.next_pid cancel tracepoint:sched:sched_wakeup_new for 1s`);
  assert.deepEqual(byStart.kind === "pair" && texts(byStart.cancelKey), ["args.pid"]);
});

Deno.test("wildcards stand for what matches, each once, and calls keep their targets", async () => {
  assert.equal(
    sourceText(
      await sourceOf(
        "collect tracepoint:sched:sched_w*, tracepoint:sched:sched_wakeup? for 1s".replace("wakeup?", "?akeup"),
      ),
    ),
    "tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new",
  );
  const calls = await sourceOf("collect calls kernel:vfs_*, syscall:fsync for 1s");
  assert.equal(sourceText(calls), "kernel:vfs_read, kernel:vfs_write, syscall:fsync");
});

Deno.test("a list of patterns that stands for too many probes is refused as one", async () => {
  const many: RecipeRegistry = {
    ...TEST_REGISTRY,
    probeFields: () => [],
    matchProbes: (pattern) => {
      const name = pattern.kind === "kprobe" ? pattern.symbol : "";
      const points = Array.from(
        { length: 600 },
        (_, i) => ({ kind: "kprobe", symbol: name.replace("*", `${i}`) }) as const,
      );
      return { points, total: 600 };
    },
  };
  const [d] = await check("collect kprobe:a*, kprobe:b* for 1s", many);
  assert.equal(
    `${d.start.column}-${d.end.column} ${d.message}\n${d.hint}`,
    "9-29 The list has 1,200 probes; at most 1,000 are attached at once\nNarrow its patterns",
  );
});

Deno.test("the fields that a source shows: of calls the outcome, of a span its start and duration", async () => {
  const fields = async (text: string): Promise<string[]> => {
    const [step] = (await planOf(text)).steps;
    assert.ok(step.kind === "phase");
    return step.pipelines[0].fields.map((f) => `${f.name}: ${f.type}`);
  };
  assert.deepEqual(await fields("collect calls kernel:vfs_read for 1s"), [
    ...["time: time", "pid: pid", "comm: string", "file: address", "count: bytes"],
    ...["ret: int", "errno: int", "duration: duration"],
  ]);
  assert.deepEqual(
    await fields("collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch for 1s"),
    [
      ...["start_time: time", "start_pid: pid", "start_comm: string", "duration: duration"],
      ...["start_args_comm: string", "start_args_pid: tid", "start_prio: int"],
    ],
  );
});

Deno.test("the language has every builtin of the BPF engine, with its type", () => {
  const known = new Map(BUILTINS.map((f) => [f.name, f.type]));
  assert.deepEqual(BUILTIN_FIELDS.filter((f) => known.get(f.name) !== f.type).map((f) => f.name), []);
  assert.equal(known.get("ktid"), field("ktid", "tid").type);
});
