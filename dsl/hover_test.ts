import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { marked } from "./_testing_place.ts";
import { analyse } from "./analysis.ts";
import { hover } from "./hover.ts";

const A = "let a = collect proc.list | aggregate count(), max(rss) as top by comm\n";
const ONE = "let one = collect proc.list | aggregate count()\n";
const OPENAT = "tracepoint:syscalls:sys_enter_openat";

/** What stands around the place, and the first line of what is said of it; null for nothing. */
const CASES: readonly (readonly [string, string | null])[] = [
  // Statements and clauses
  ["col¦lect proc.list", "collect SOURCE [for DURATION] [include self]"],
  ["collect proc.list f¦or 1s", "for DURATION"],
  ["collect proc.list include se¦lf", "include self"],
  ["collect proc.list | filter cpu > 1% a¦nd rss > 0", "A and B"],
  ["collect proc.list | aggregate count() b¦y comm", "by EXPR, …"],
  ["# colle¦ct", null],
  ['ask "coll¦ect"', null],
  // Sources
  ["collect proc.l¦ist", "collect proc.list(interval, pid)"],
  ["collect proc.list(inter¦val: 1s)", "interval: duration"],
  [`collect tracepoint:sys¦calls:sys_enter_openat`, OPENAT],
  ["collect calls kernel:vfs_re¦ad", "kernel:vfs_read"],
  // Names among what flows
  ["collect proc.list | filter rs¦s > 0", "rss: bytes"],
  ["collect proc.list | filter rss > 0 and wait¦ > 1s", "wait: duration (ns)"],
  ["collect proc.list | top 3 by read_¦bytes", "read_bytes: rate (bytes/s)"],
  ["collect proc.list | filter rrs¦ > 0", null],
  [`collect ${OPENAT} | filter file¦name like "/etc/%"`, "filename: string"],
  [`collect ${OPENAT} | filter args.pi¦d > 0`, "args.pid: tid"],
  [`collect ${OPENAT} | filter args.file.na¦me == "x"`, "args.file.name: string"],
  [
    "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch on start.args.pid == end.args.nex¦t_pid",
    "end.args.next_pid: tid",
  ],
  ["collect proc.list | derive mi¦b = rss / 1MiB", "mib: ratio"],
  ["collect proc.list | derive mib = rss / 1MiB | top 3 by m¦ib", "mib: ratio"],
  ["collect proc.list | aggregate sum(rss) as me¦m", "mem: bytes"],
  ["collect proc.list | aggregate sum(rss) as mem by up¦per(comm) as name", "upper(s)"],
  ["collect proc.list | aggregate p99(wait) by comm | sort p9¦9( wait )", "p99(wait): duration (ns)"],
  // Words that plugins may add to
  ["collect proc.list | fil¦ter cpu > 1%", "filter CONDITION"],
  ["collect proc.list | aggregate quan¦tile(wait, 0.9)", "quantile(x, q)"],
  // Parameters and numbers
  ["param d: duration = 90s\ncollect proc.list for $¦d", "$d: duration (ns) = 90s"],
  ["param d¦: duration = 90s\ncollect proc.list for $d", "$d: duration (ns) = 90s"],
  ["collect proc.list for 10m¦s", "10ms: duration (ns)"],
  ["collect proc.list | filter cpu > 5¦0%", "50%: ratio"],
  // Results
  [`${A}show a¦`, "a"],
  ["let a¦ = collect proc.list", "a"],
  [`${A}let b = a¦ | limit 3`, "a"],
  [`${A}a¦ | limit 3`, "a"],
  [`${A}expect max(a¦.top) > 0`, "a"],
  [`${A}expect max(a.to¦p) > 0`, "a.top: bytes"],
  [`${A}expect ma¦x(a.top) > 0`, "max(x)"],
  [`${ONE}when one.cou¦nt > 0 { show one }`, "one.count: int (count)"],
  ["let p = collect cpu.profile\nshow p¦", "p: profile"],
];

for (const [source, expected] of CASES) {
  Deno.test(`hover() ${JSON.stringify(source)}`, async () => {
    const { text, offset } = marked(source);
    assert.equal(hover(await analyse(text, TEST_REGISTRY), offset)?.code ?? null, expected);
  });
}

/** The whole of what is said. */
async function say(source: string): Promise<string> {
  const { text, offset } = marked(source);
  const said = hover(await analyse(text, TEST_REGISTRY), offset);
  return `${text.slice(said?.span.start, said?.span.end)}\n${said?.code}\n${said?.text}`;
}

Deno.test("hover() of a collector lists its arguments with their defaults, and its fields", async () => {
  assert.equal(
    await say("collect proc.l¦ist | limit 1"),
    [
      "proc.list",
      "collect proc.list(interval, pid)",
      "Processes (interval)",
      "",
      "Arguments:",
      "",
      "- `interval: duration = 1s`. The interval",
      "- `pid: pid = 0`. Only this process",
      "",
      "Fields:",
      "",
      "- `pid`: pid. The process",
      "- `tid`: tid",
      "- `comm`: string",
      "- `cpu`: ratio",
      "- `rss`: bytes",
      "- `read_bytes`: rate (bytes/s)",
      "- `wait`: duration (ns)",
      "- `threads`: int",
    ].join("\n"),
  );
});

Deno.test("hover() of a result lists its columns; of a probe its arguments; of a pattern what matches", async () => {
  assert.equal(await say(`${A}show a¦`), "a\na\nColumns:\n\n- `comm`: string\n- `count`: int (count)\n- `top`: bytes");
  assert.equal(await say(`${ONE}show one¦`), "one\none\nOne row:\n\n- `count`: int (count)");
  assert.equal(
    await say("collect raw_trace¦point:sys_enter"),
    "raw_tracepoint:sys_enter\nraw_tracepoint:sys_enter\n" +
      "Fields beside the builtins:\n\n- `args.id`: int. Number of the system call",
  );
  assert.equal(
    await say("collect tracepoint:sched:sched_w¦*"),
    "tracepoint:sched:sched_w*\ntracepoint:sched:sched_w*\nMatches 2 probes here",
  );
});

Deno.test("hover() says why a result has no columns", async () => {
  assert.equal(await say("let a = collect proc.list | filter rrs > 0\nshow a¦"), "a\na\nIts pipeline has errors");
});
