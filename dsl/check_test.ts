import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { check } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";

/**
 * Source, `line:column-end code: message`, hint. A hint that ends with `…` goes on with a list that grows with the
 * language.
 */
const ERRORS: readonly (readonly [source: string, expected: string, hint: string])[] = [
  [
    "collect proc.list | filter rrs > 5MiB",
    '1:28-31 unknown-field: proc.list has no field "rrs"',
    "Did you mean rss?\nFields: pid, tid, comm, cpu, rss, read_bytes, wait, threads",
  ],
  [
    "collect proc.list | filter cpu = 50%",
    '1:32-33 assignment: "=" does not compare',
    'Write "=="',
  ],
  [
    "collect proc.list | filter wait > rss",
    "1:28-38 type: duration and bytes are different units",
    "wait is a duration, rss is bytes",
  ],
  [
    "collect proc.list | filter wait > 5",
    "1:28-36 type: duration and int are different units",
    "Give the number a unit: 5ms, 10us, 1s",
  ],
  [
    "collect proc.list | filter pid == tid",
    "1:28-38 type: pid and tid are different numbers: a process, and one of its threads",
    "Compare pid with pid, or tid with tid; kernel arguments such as args.pid and next_pid hold a tid",
  ],
  [
    "collect proc.list | filter comm == 5",
    "1:28-37 type: string and int are different types",
    "Put text in quotes and leave numbers without",
  ],
  [
    'collect proc.list | filter comm ~ "a(b"',
    '1:35-40 pattern: "a(b" is no regular expression: missing closing ): `a(b`',
    "The syntax is RE2's",
  ],
  [
    "collect proc.list | filter rss",
    "1:28-31 type: filter needs a bool, here is bytes",
    "Write a comparison",
  ],
  [
    "collect proc.list | filter not rss",
    '1:28-35 type: "not" needs a bool, here is bytes',
    "Write a comparison, such as `x == 0`",
  ],
  [
    "collect proc.list | filter cpu > 5parsecs",
    '1:34-42 number: "parsecs" is no unit',
    "Units: ns us ms s m h d, B KB MB GB TB KiB MiB GiB TiB, hz khz mhz, %",
  ],
  [
    "collect proc.list | filter cpu > 5kib",
    '1:34-38 number: "kib" is no unit',
    "Did you mean KiB, GiB or KB?\nUnits: ns us ms s m h d, B KB MB GB TB KiB MiB GiB TiB, hz khz mhz, %",
  ],
  [
    "collect proc.lst",
    '1:9-17 unknown-collector: There is no collector "proc.lst"',
    "Did you mean proc.list?\nCollectors: cpu.profile, files.opened, host.info, proc.list, process.exec",
  ],
  [
    "collect proc.list | fliter pid == 1",
    '1:21-27 unknown-stage: There is no stage "fliter"',
    "Did you mean filter?\nStages: filter, derive, select, aggregate, sort, top, limit, distinct, sample, window, enrich, detect, join",
  ],
  [
    "collect proc.list | window 5s",
    "1:21-27 time: window needs a column of times, and proc.list has none",
    "Events of probes have one, and so do collectors of events",
  ],
  [
    "collect proc.list | aggregate cnt()",
    '1:31-34 unknown-aggregation: There is no aggregation "cnt"',
    "Did you mean count?\nAggregations: …",
  ],
  [
    "collect proc.list | aggregate p99()",
    '1:31-36 type: "p99" does not take 0 arguments',
    "It is p99(x)",
  ],
  [
    "collect proc.list | aggregate sum(pid)",
    '1:31-39 type: "sum" does not take pid',
    "It is a name, not an amount: use it after `by`, or distinct(x)",
  ],
  [
    "collect proc.list | aggregate comm",
    "1:31-35 aggregate: aggregate takes calls such as count() or p99(duration)",
    "Write max(comm) or group: … by comm",
  ],
  [
    "collect proc.list | aggregate sum(cpu * 2)",
    "1:31-43 column-name: This column needs a name",
    "Write: sum(cpu * 2) as NAME",
  ],
  [
    "collect proc.list | aggregate sum(cpu), sum(cpu)",
    '1:41-49 duplicate-column: There are two columns "sum_cpu"',
    "Name one of them: … as NAME",
  ],
  [
    "collect proc.list | aggregate count() as comm by comm",
    '1:31-46 duplicate-column: There are two columns "comm"',
    "Name one of them: … as NAME",
  ],
  [
    "collect proc.list | aggregate flame(wait)",
    '1:31-42 type: "flame" folds stacks, and proc.list has no "stack"',
    "Events of probes have stacks: collect profile:99hz | aggregate flame()",
  ],
  [
    "collect proc.list | aggregate quantile(cpu, wait / 1s)",
    '1:45-54 type: This argument of "quantile" is a constant',
    "It is quantile(x, q)",
  ],
  [
    "collect proc.list | aggregate count() by pid % 7",
    "1:42-49 column-name: This column needs a name",
    "Write: pid % 7 as NAME",
  ],
  [
    "collect proc.list | filter count() > 5",
    '1:28-35 aggregate: "count" aggregates rows: it stands in aggregate',
    "First: | aggregate count()",
  ],
  [
    "collect proc.list | aggregate count() by comm | filter pid == 5",
    '1:56-59 unknown-field: The aggregate has no field "pid"',
    "Fields: comm, count",
  ],
  [
    "collect proc.list | derive rss = 5",
    '1:28-31 duplicate-column: There is a column "rss" already',
    "Columns keep their meaning: choose another name",
  ],
  [
    "collect proc.list | derive rss / 2",
    "1:28-35 syntax: derive needs a name for the new column",
    "Write: | derive NAME = EXPRESSION",
  ],
  [
    "collect proc.list | select pid, comm as pid",
    '1:33-44 duplicate-column: There are two columns "pid"',
    "Name one of them: … as NAME",
  ],
  [
    "collect proc.list | sort nothing",
    '1:26-33 unknown-field: proc.list has no field "nothing"',
    "Fields: pid, tid, comm, cpu, rss, read_bytes, wait, threads",
  ],
  [
    "collect proc.list | top cpu",
    "1:21-24 syntax: top needs a column to order by",
    "Such as: | top 10 by cpu",
  ],
  [
    "collect proc.list | top 10",
    "1:21-24 syntax: top needs a column to order by",
    "Such as: | top 10 by cpu",
  ],
  [
    "collect proc.list | top 5s by cpu",
    "1:25-27 type: The number of top is an int, here is a duration",
    "Such as: | top 10 by cpu",
  ],
  [
    "collect proc.list | limit $n",
    '1:27-29 unknown-param: There is no parameter "$n"',
    "Declare it: param n = …",
  ],
  [
    "collect proc.list | limit 5 by cpu",
    '1:32-35 syntax: limit has no "by"',
    "top takes by: | top 10 by cpu",
  ],
  [
    "collect proc.list(intervall: 1s)",
    '1:19-28 argument: proc.list has no argument "intervall"',
    "Did you mean interval?\nArguments: interval: duration, pid: pid",
  ],
  [
    "collect proc.list(interval: 1)",
    '1:29-30 type: "interval" is a duration, here is an int',
    "Such as: 10s",
  ],
  [
    "collect proc.list(1s)",
    "1:19-21 argument: Arguments of proc.list are named",
    "Arguments: interval: duration, pid: pid",
  ],
  [
    "collect proc.list(pid: 1, pid: 2)",
    '1:27-30 argument: "pid" is given twice',
    "",
  ],
  [
    "collect proc.list(interval: 1s) for 2s",
    '1:37-39 window: proc.list takes "interval" or "for", not both: they are the same',
    "",
  ],
  [
    "collect host.info",
    '1:9-18 argument: host.info needs the argument "level"',
    "Arguments: level: int",
  ],
  [
    "collect host.info(level: 1) for 5s",
    '1:33-35 warning window: host.info takes a snapshot: "for" has no effect',
    "",
  ],
  [
    "collect cpu.profile for 1s | filter pid == 1",
    "1:30-36 profile: cpu.profile makes a profile: no stage follows it",
    "show, save and ask take it as it is",
  ],
  [
    "collect cpu.profile(hz: 10ms) for 1s",
    '1:25-29 type: "hz" is a rate, here is a duration',
    "Samples a second",
  ],
  [
    "collect proc.list | aggregate lhist(threads, 100, 0, 10)",
    "1:31-57 value: lhist goes from a smaller to a greater value, here from 100 to 0",
    "It is lhist(x, min, max, step)",
  ],
  [
    "collect proc.list | aggregate lhist(threads, 0, 1_000_000, 1)",
    "1:31-62 value: lhist has at most 10000 buckets, here 1000000",
    "It is lhist(x, min, max, step)",
  ],
  [
    "collect proc.list | aggregate hist(rss, 3)",
    "1:31-43 value: hist takes a power of two up to 64, here is 3",
    "It is hist(x, [n])",
  ],
  [
    "collect proc.list | aggregate topk(comm, 0)",
    "1:31-44 value: topk shows 1 to 1000 values, here are 0",
    "It is topk(x, [k])",
  ],
  [
    "let a = collect proc.list; expect quantile(a.rss, 7) > 0",
    "1:35-53 value: A quantile is between 0 and 1, here is 7",
    "It is quantile(x, q)",
  ],
  [
    "collect proc.list | detect rss, mad, 0",
    "1:38-39 value: The threshold is above 0",
    "Such as: | detect p99_duration, mad, 3.5 by comm",
  ],
  [
    "collect proc.list for 5",
    "1:23-24 type: The window is a duration, here is an int",
    "Such as: 10s",
  ],
  [
    "collect process.exec for 0s",
    "1:26-28 value: The window is longer than 0",
    "Such as: 10s",
  ],
  [
    "collect raw_tracepoint:sys_entr for 1s",
    '1:9-32 unknown-probe: There is no raw_tracepoint "sys_entr"',
    "Did you mean raw_tracepoint:sys_enter?",
  ],
  [
    "collect tracepont:a:b for 1s",
    '1:9-22 probe: "tracepont" is no kind of probe',
    "Did you mean tracepoint?\nKinds: tracepoint, raw_tracepoint, kprobe, kretprobe, fentry, fexit, uprobe, uretprobe, usdt, profile, interval, software, hardware, iter, xdp",
  ],
  [
    "collect tracepoint:sched for 1s",
    '1:9-25 probe: "tracepoint:sched" is no tracepoint probe',
    "It is written tracepoint:CATEGORY:NAME",
  ],
  [
    'collect tracepoint:syscalls:sys_enter_openat for 1s | filter filenam like "/x"',
    '1:62-69 unknown-field: tracepoint:syscalls:sys_enter_openat has no field "filenam"',
    "Did you mean filename?\nFields: time, pid, tid, ktid, ppid, comm, cpu, uid, cgroup, container, stack, kstack, ustack, probe, ktime, filename, flags, args.pid",
  ],
  [
    "collect tracepoint:syscalls:sys_enter_openat for 1s | filter filename like 5",
    '1:62-77 type: "like" needs a pattern in quotes on its right, here is an int',
    'Such as: like "a%"',
  ],
  [
    'collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags ~ "x"',
    '1:62-73 type: "~" needs text on its left, here is an int',
    "Use str(x)",
  ],
  [
    "collect tracepoint:syscalls:sys_enter_openat for 1s | filter pid == args.pid",
    "1:62-77 type: pid and tid are different numbers: a process, and one of its threads",
    "Compare pid with pid, or tid with tid; kernel arguments such as args.pid and next_pid hold a tid",
  ],
  [
    'collect tracepoint:syscalls:sys_enter_openat for 1s | filter strr(filename) == "x"',
    '1:62-66 unknown-function: There is no function "strr"',
    "Did you mean str?\nFunctions: …",
  ],
  [
    "collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags & 1",
    "1:62-71 type: filter needs a bool, here is an int",
    "Write a comparison",
  ],
  [
    "collect tracepoint:syscalls:sys_enter_openat for 1s | filter flags | pid == 3",
    '1:74-76 syntax: Found "==" after "pid"; expected a statement',
    'There is no stage "pid"; a bitwise or stands in parentheses: (a | b)',
  ],
  [
    "collect tracepoint:syscalls:sys_enter_openat, tracepoint:syscalls:sys_enter_open for 1s | filter flags == 1",
    '1:98-103 unknown-field: tracepoint:syscalls:sys_enter_openat (and 1 more) has no field "flags"',
    "Fields: time, pid, tid, ktid, ppid, comm, cpu, uid, cgroup, container, stack, kstack, ustack, probe, ktime, filename\nOf several probes: those that all of them have",
  ],
  [
    "collect kprobe:tcp_connect for 1s | filter sk != 0",
    '1:44-46 unknown-field: kprobe:tcp_connect has no field "sk"',
    "Fields: time, pid, tid, ktid, ppid, comm, cpu, uid, cgroup, container, stack, kstack, ustack, probe, ktime\nThe arguments of kprobe:tcp_connect are not known here (neither BTF nor tracefs tells them)",
  ],
  [
    "let a = collect proc.list\nlet a = collect proc.list",
    '2:5-6 duplicate: There is a result "a" already',
    "Names of results are given once",
  ],
  [
    "show b",
    '1:6-7 unknown-result: There is no result "b"',
    "No result was made before this line",
  ],
  [
    "let procs = collect proc.list\nshow proc",
    '2:6-10 unknown-result: There is no result "proc"',
    "Did you mean procs?\nResults so far: procs",
  ],
  [
    "proc.list | limit 5",
    '1:1-5 syntax: Found "proc"; expected a statement',
    "To collect, write: collect proc.list",
  ],
  [
    "procs | limit 5",
    '1:1-6 unknown-result: There is no result "procs"',
    "No result was made before this line",
  ],
  [
    "let a = 20ms",
    '1:9-13 let: "let" names the result of a pipeline',
    "A constant is a parameter: param a = …",
  ],
  [
    "let a = collect proc.list\nexpect a.cpu < 50%",
    '2:8-13 unknown-field: "a" may have many rows',
    "Aggregate them: max(a.cpu), sum(a.cpu), …",
  ],
  [
    "let a = collect proc.list\nexpect max(a.cpu) < 5ms",
    "2:8-24 type: ratio and duration are different units",
    "Give the number a unit: 5ms, 10us, 1s",
  ],
  [
    "let a = collect proc.list\nexpect max(a.cpuu) < 50%",
    '2:12-18 unknown-field: "a" has no field "a.cpuu"',
    "Did you mean a.cpu?\nFields: a.pid, a.tid, a.comm, a.cpu, a.rss, a.read_bytes, a.wait, a.threads",
  ],
  [
    "let a = collect proc.list\nexpect max(a) < 50%",
    '2:12-13 result: "max" needs a column of "a"',
    "Columns: pid, tid, comm, cpu, rss, read_bytes, wait, threads",
  ],
  [
    "let a = collect proc.list\nexpect max(cpu) < 50%",
    '2:12-15 unknown-result: There is no result "cpu"',
    "Columns are written with their result: a.cpu\nResults so far: a",
  ],
  [
    "let a = collect proc.list\nexpect count(a)",
    "2:8-16 type: expect needs a bool, here is an int",
    "Write a comparison",
  ],
  [
    "let a = collect proc.list\nexpect a > 5",
    '2:8-9 unknown-field: "a" has columns: which one?',
    "Columns: pid, tid, comm, cpu, rss, read_bytes, wait, threads\ncount(a) is its number of rows",
  ],
  [
    "expect 1 = 1",
    '1:10-11 assignment: "=" does not compare',
    'Write "=="',
  ],
  [
    "let a = collect proc.list\nexpect count(a) > 5 tolerate 5",
    "2:30-31 type: The tolerance is a ratio, here is an int",
    "Such as: tolerate 5%",
  ],
  [
    'let a = collect proc.list\nsave a to "x.png"',
    '2:11-18 file: The ending of "x.png" names no format',
    "Endings: .json, .csv, .svg, .folded",
  ],
  [
    'let a = collect proc.list\nsave a to "x.svg"',
    '2:11-18 file: Only a profile, a series or a histogram is saved as .svg; "a" is a table',
    "Endings: .json, .csv, .svg, .folded",
  ],
  [
    "param x: durations = 5s",
    '1:10-19 unknown-type: "durations" is no type of parameters',
    "Did you mean duration?\nTypes: int, float, bool, string, duration, bytes, rate, ratio, pid, tid, address, ip",
  ],
  [
    "param x: duration = 5",
    '1:21-22 type: "x" is a duration, its default an int',
    "Such as: 10s",
  ],
  [
    "param x",
    '1:7-8 param: "x" needs a type or a default',
    "Write: param x: duration = 10s",
  ],
  [
    "param x = 5",
    '1:7-8 warning unused-param: The parameter "x" is not used',
    "It is used as $x",
  ],
  [
    "param x = 5\nparam x = 6",
    '2:7-8 duplicate: There is a parameter "x" already',
    "Names of parameters are given once",
  ],
  [
    "param window = 5s\ncollect process.exec for window",
    '2:26-32 unknown-field: "window" has no meaning in the window',
    "The parameter is written $window",
  ],
  [
    "param window = 5s\ncollect process.exec for $windw",
    '2:26-32 unknown-param: There is no parameter "$windw"',
    "Did you mean $window?",
  ],
  [
    "recipe a\nrecipe b",
    "2:1-9 duplicate: There is a recipe line already",
    "A recipe has one, at its beginning",
  ],
  [
    "every 5s { every 1s { collect proc.list } }",
    "1:12-17 every: every does not stand in another every",
    "Write one with both blocks",
  ],
  [
    'include "x.perf"',
    '1:9-17 include: Cannot include "x.perf": there are no files here',
    "Paths are relative to the file that includes",
  ],
  [
    'alert "x" when count(b) > 1',
    '1:22-23 unknown-result: There is no result "b"',
    "No result was made before this line",
  ],
  [
    'let a = collect proc.list\nalert "x" when count(a) > 1 for 30s',
    '2:33-36 alert: An alert with "for" stands in every: it is looked at once here, and never fires',
    "Such as: every 5s { … alert … when … for 30s }",
  ],
  [
    "let a = collect process.exec for 1s | window 100ms | aggregate count()\nshow a as series\nshow a, a as heatmap",
    '3:14-21 form: "a" is shown as series already',
    "Name it again for the other form: let a_2 = a",
  ],
  [
    "every 5s {\n  let a = collect proc.list\n}",
    "2:7-8 warning silent: This block shows nothing of what it measures",
    "Add: show a",
  ],
  [
    "let a = collect proc.list\nwhen count(a) > 1 {\n  let b = a | limit 1\n}",
    "3:7-8 warning silent: This block shows nothing of what it measures",
    "Add: show b",
  ],
  [
    'ask "why" with x',
    '1:16-17 unknown-result: There is no result "x"',
    "No result was made before this line",
  ],
  [
    'ask "why" for 5s',
    '1:15-17 ask: "ask" measures nothing: it has no "for"',
    "investigate measures",
  ],
  [
    "when 5 { collect proc.list }",
    "1:6-7 type: when needs a bool, here is an int",
    "Write a comparison",
  ],
  [
    "collect proc.list include self",
    '1:19-31 include-self: "include self" is for probes; proc.list is none',
    "",
  ],
  [
    'collect proc.list | filter pid in (1, "x")',
    "1:28-43 type: pid and string are different types",
    "Put text in quotes and leave numbers without",
  ],
  [
    "collect proc.list | filter (1, 2) == pid",
    "1:28-34 type: A list stands only right of `in`",
    'Such as: comm in ("bash", "sh")',
  ],
  [
    "collect proc.list | filter wait / rss > 1",
    '1:28-38 type: "/" has no meaning for duration and bytes',
    "wait is a duration, rss is bytes",
  ],
  [
    "collect proc.list | filter wait + 5 > 1ms",
    "1:28-36 type: duration and int are different units",
    "Give the number a unit: 5ms, 10us, 1s",
  ],
  [
    'collect proc.list | filter comm + comm == "a"',
    '1:28-39 type: "+" does not join text',
    "Write two columns instead",
  ],
  [
    "collect proc.list | filter 99999999999999999999 > threads",
    "1:28-48 number: 99999999999999999999 does not fit 64 bits",
    "",
  ],
  [
    "collect proc.list | filter 1.5ns < wait",
    '1:28-33 number: "1.5ns" is no whole number of nanoseconds',
    "",
  ],
  [
    "collect proc.list | filter null == wait",
    "1:28-40 type: A comparison with null is always null",
    "Use is_null(x)",
  ],
  [
    'collect proc.list | filter "\\q" == comm',
    "1:29-31 syntax: \\q is no escape",
    'Escapes are \\" \\\\ \\/ \\n \\r \\t \\0 \\xHH \\u{H…}; a backslash itself is written \\\\',
  ],
  [
    "collect proc.list | filter comm desc",
    '1:28-37 syntax: "desc" has no meaning in filter',
    "Sort afterwards: | sort … desc",
  ],
  [
    "collect proc.list | aggregate count() desc",
    '1:31-43 syntax: "desc" has no meaning in aggregate',
    "Sort afterwards: | sort … desc",
  ],
  [
    "collect proc.list | filter pid == 1, pid == 2",
    "1:38-46 syntax: filter takes one condition",
    'Join conditions with "and"',
  ],
  [
    "let a = collect proc.list | bogus\nexpect max(a.cpu) > 5%",
    '1:29-34 unknown-stage: There is no stage "bogus"',
    "Stages: filter, derive, select, aggregate, sort, top, limit, distinct, sample, window, enrich, detect, join",
  ],
  [
    "collect proc.list | distinct wait + 1s",
    "1:30-39 column-name: This column needs a name",
    "Write: wait + 1s as NAME",
  ],
  [
    "collect proc.list | aggregate count() by comm | top 5 by p99(wait)",
    '1:58-67 aggregate: "p99" aggregates rows: it stands in aggregate',
    "First: | aggregate p99(wait)",
  ],
];

Deno.test("check() points at each mistake with its columns, and says what would be right", async (t) => {
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

const GOOD: readonly string[] = [
  "",
  "# nothing but a comment",
  'collect proc.list | filter pid == 0 or comm in ("a", "b") and not (cpu > 50%) | sort cpu desc, pid',
  'collect proc.list | filter comm not like "k%" and comm not in ("a") and comm ~ "^n"',
  "collect proc.list | filter (threads | 1) == 3 and threads << 2 > 1 and -threads < 0",
  "collect proc.list | filter rss / 1MiB > 0.5 and rss > 1.5KiB and read_bytes > 10MiB/s and wait % 1ms == 0",
  "collect proc.list | aggregate count() as n, p99(wait), sum(rss) / by comm".replace(" /", ""),
  "collect proc.list | aggregate quantile(wait, 0.9), first(comm), avg(rss) by basename(comm) | top 3 by quantile(wait, 0.9), basename(comm)",
  "collect proc.list | derive mib = rss / 1MiB, twice = mib * 2 | select twice, pid % 7 as bucket | distinct bucket",
  'collect tracepoint:syscalls:sys_enter_openat, tracepoint:syscalls:sys_enter_open for 1s include self | filter str(filename) like "/v%"',
  'collect tracepoint:syscalls:sys_enter_openat for 1s | filter file.name == "x" and args.file.name != "y"',
  "param w = 10s\ncollect process.exec for 2 * $w + 1s; collect process.exec for $w",
  'param hz: rate = 99hz "how often"\nlet p = collect cpu.profile(hz: $hz) for 1s\nsave p to "x.svg"\nshow p',
  'let a = collect proc.list\nlet t = a | aggregate count(), max(cpu)\nexpect t.count > 3 and t.max_cpu < 90% tolerate 2% else "m"\nask "q" with a, t',
  "let a = collect proc.list\nexpect max(a.rss) > sum(a.rss) / 2 or count(a) == 0",
  'let a = collect proc.list\nwhen count(a) > 5 { show a } else { let b = a | limit 1\nsave b to "b.json" }',
  "collect proc.list | filter cpu > 1.0 and cpu < 2",
  "collect proc.list\n  # between\n  | distinct # and after\nresult | limit 5",
];

Deno.test("check() has nothing to say about good recipes", async (t) => {
  for (const source of GOOD) {
    await t.step(source || "(empty)", async () => {
      assert.deepEqual((await check(source, TEST_REGISTRY)).map((d) => diagnosticText(d, "x")), []);
    });
  }
});

Deno.test("check() reports what is wrong on other lines beside a syntax error, and not what follows from it", async () => {
  const found = await check(
    "let a = collect proc.list | filter >\nlet b = a | limit 1\nshow c\ncolect x\n",
    TEST_REGISTRY,
  );
  assert.deepEqual(found.map((d) => diagnosticText(d, "f.perf").split("\n")[0]), [
    'f.perf:1:36: Found ">" after "filter"; expected a value',
    'f.perf:3:6: There is no result "c"',
    'f.perf:4:1: Found "colect"; expected a statement',
  ]);
});

Deno.test("check() reads on behind what it cannot read at all", async () => {
  const found = await check("collect proc.list\n) ] garbage\nshow nothing\n", TEST_REGISTRY);
  assert.deepEqual(found.map((d) => `${d.start.line}:${d.start.column} ${d.message}`), [
    '2:1 Found ")" after "list"; expected a statement',
    '3:6 There is no result "nothing"',
  ]);
});

Deno.test("diagnosticText() prints file:line:column: message and the hint below", async () => {
  const [d] = await check("collect proc.lst", TEST_REGISTRY);
  assert.equal(
    diagnosticText(d, "my file.perf"),
    'my file.perf:1:9: There is no collector "proc.lst"\n  Did you mean proc.list?\n' +
      "  Collectors: cpu.profile, files.opened, host.info, proc.list, process.exec",
  );
});

Deno.test("check() counts columns of text beyond the basic plane as editors do", async () => {
  const [d] = await check('collect proc.list | filter comm == "😀" and x == 1', TEST_REGISTRY);
  assert.equal(d.start.column, 45);
  assert.equal(d.start.offset, 44);
});
