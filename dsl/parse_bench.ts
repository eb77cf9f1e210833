/**
 * What the language costs at start: `deno bench -A dsl/`. Loading the parser (chevrotain, tokens, grammar) can be seen
 * only once a process: the first bench starts one each time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";
import { format } from "./format.ts";
import { diagnosticText } from "./diagnostic.ts";

const SOURCE = `param window: duration = 5s
let calls = collect tracepoint:syscalls:sys_enter_openat for $window
  | filter filename like "/var/%" and pid != 0 and (flags & 1) == 0
  | aggregate count(), max(flags) as most by comm, filename
  | top 20 by count()
expect max(calls.count) < 1000 tolerate 5% else "too many"`;

/** A hundred lines of what recipes are made of: every statement that can be planned, half of the lines stages. */
const LONG = `recipe slow_opens "Who opens what, and how long it takes"
param window: duration = 5s "The time to measure"
param least: duration = 1ms "Only what takes longer"
param rows: int = 20 "Rows of a table"
param who: string = "%" "Names of programs"

# Files: who opens them
let opens = collect tracepoint:syscalls:sys_enter_openat for $window
  | filter filename like "/var/%" and args.pid != 0 and (flags & 1) == 0
  | filter comm like $who and not (comm in ("systemd", "dbus-daemon", "bash"))
  | derive writes = if((flags & 3) != 0, 1, 0), short = basename(filename)
  | aggregate count(), sum(writes) as writes, max(flags) as most, distinct(filename) as files by comm, short
  | filter count() > 1 and writes >= 0
  | top $rows by count()

let slow = collect calls syscall:openat for $window
  | filter duration > $least and errno == 0 and comm like $who
  | derive ms = float(duration) / 1000000.0
  | aggregate count(), p50(duration) as half, p99(duration) as worst, hist(duration) as times by comm
  | derive spread = worst - half
  | sort spread desc, comm
  | limit $rows

let reads = collect calls kernel:vfs_read for $window
  | filter count > 4KiB or ret < 0
  | derive size = count / 1KiB
  | aggregate count() as calls, sum(count) as asked, avg(duration) as mean, max(duration) as most by comm, pid
  | filter calls > 10 and mean > 10us
  | select comm, pid, calls, asked, mean
  | top 10 by asked, calls

# Disk: from issue to completion
let disk = collect span tracepoint:block:block_rq_issue -> tracepoint:block:block_rq_complete on start.sector == end.sector for $window
  | filter duration > $least and start.args.bytes >= 4KiB
  | derive kib = start.args.bytes / 1KiB
  | aggregate count() as requests, sum(start.args.bytes) as total, p95(duration) as p95, lhist(duration, 0ms, 100ms, 5ms) as spread
      by start.comm as comm
  | top 5 by p95

let wakeups = collect tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new for $window
  | filter cpu != 0 and pid > 1
  | aggregate count() as wakeups, first(time) as since, last(time) as until by comm, cpu
  | derive length = until - since
  | filter length > 100ms
  | top 10 by wakeups desc, comm asc

let busy = collect proc.list(interval: 1s)
  | filter cpu > 1% and rss > 10MiB
  | derive mib = rss / 1MiB, waits = wait > 10ms
  | aggregate sum(rss) as rss, sum(cpu) as cpu, count() as processes, topk(pid, 3) as pids by comm
  | derive share = cpu / 4.0
  | filter processes >= 1 and (share > 0.1 or rss > 100MiB)
  | sort rss desc
  | limit 20

let fresh = collect process.exec for $window
  | filter comm like $who and pid > 100
  | distinct comm, pid
  | sort comm, pid desc
  | limit 50

let heavy = busy
  | filter cpu > 50% and not (comm like "sonde%")
  | select comm, cpu, rss
  | sort cpu desc

let names = opens
  | aggregate sum(writes) as writes, count() as rows by comm
  | top 3 by writes

expect max(slow.worst) < 50ms tolerate 5% else "An open takes long"
expect sum(disk.requests) >= 0 else "No requests"
expect count(busy) > 0 and max(busy.cpu) < 400% tolerate 10%
expect max(reads.mean) < 10ms or count(reads) == 0 else "Reads wait"
expect sum(wakeups.wakeups) > 10 else "Nothing ran"

when max(busy.cpu) > 80% {
  let hot = collect cpu.profile(hz: 99hz) for 2s
  show hot
} else {
  let calm = collect proc.list
    | filter threads > 4
    | aggregate count() as processes, max(threads) as most by comm
    | top 5 by most
  show calm
}

when count(slow) > 5 {
  let paths = collect tracepoint:syscalls:sys_enter_open for 1s
    | aggregate count() by filename, mode
    | top 10 by count()
  show paths
  save paths to "paths.csv"
}
let few = names
  | filter rows < 100
  | sort comm
show opens, slow, disk
save busy to "busy.json"
ask "Why are the opens slow?" with slow, disk`;

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));

function evaluate(code: string): void {
  const { success, stderr } = new Deno.Command(Deno.execPath(), { args: ["eval", "--config", CONFIG, code] })
    .outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

Deno.bench(
  { name: "a process that does nothing", group: "start", baseline: true, n: 20, warmup: 3 },
  () => evaluate("0"),
);
Deno.bench({ name: "a process that loads the lexer and the parser", group: "start", n: 20, warmup: 3 }, () => {
  evaluate(`await import(${url("./grammar.ts")})`);
});
Deno.bench({ name: "a process that compiles a recipe", group: "start", n: 20, warmup: 3 }, () => {
  evaluate(
    `const { compile } = await import(${url("./mod.ts")});
await compile("collect proc.list | limit 1", { collector: () => undefined, collectorNames: () => [] });`,
  );
});

await compile(SOURCE, TEST_REGISTRY);
Deno.bench("compile a recipe of six lines, parser loaded", async () => {
  await compile(SOURCE, TEST_REGISTRY);
});

const { plan, diagnostics } = await compile(LONG, TEST_REGISTRY);
if (!plan) throw new Error(diagnostics.map((d) => diagnosticText(d, "bench")).join("\n"));
Deno.bench(`compile a recipe of ${LONG.split("\n").length} lines, parser loaded`, async () => {
  await compile(LONG, TEST_REGISTRY);
});
Deno.bench("format the same recipe", async () => {
  await format(LONG);
});
