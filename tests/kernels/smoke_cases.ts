import type { Session } from "../../cli/session.ts";
import type { Results } from "../../core/data/mod.ts";
import type { FunctionRequest } from "../../core/ftrace/mod.ts";
import { leaveAndClean } from "./leave_and_clean.ts";
import { between, exactly, type Row, type SmokeCase, total } from "./smoke_case.ts";
import { TRAMPOLINE_CASE } from "./trampoline_case.ts";

/** Events of a case. A few dozen: the guests are emulated, and one is enough to see that a probe works. */
const N = 40;
/** Bytes that `workload read` asks for, and gets, each time. */
const SIZE = 4096;

/** A case that counts the events of a probe in the workload's process. */
function counted(
  name: string,
  kind: string,
  source: string,
  action: string,
  more: { readonly engine?: string; readonly filter?: string; readonly problem?: SmokeCase["problem"] } = {},
): SmokeCase {
  const filter = more.filter ? ` and ${more.filter}` : "";
  return {
    name,
    kind,
    engine: more.engine,
    recipe: (b) =>
      `collect ${source.replaceAll("PROGRAM", b.program)}
  | filter comm == "${b.comm}"${filter}
  | aggregate count()`,
    work: (b) => b.load(action, N),
    problem: more.problem ?? exactly("count", N),
  };
}

/** The same with other aggregates or keys. */
function aggregated(
  name: string,
  kind: string,
  source: string,
  action: string,
  aggregate: string,
  problem: SmokeCase["problem"],
): SmokeCase {
  return {
    name,
    kind,
    recipe: (b) =>
      `collect ${source.replaceAll("PROGRAM", b.program)}
  | filter comm == "${b.comm}"
  | aggregate ${aggregate}`,
    work: (b) => b.load(action, N),
    problem,
  };
}

/** Which it calls. */
const CALLEE = "__task_pid_nr_ns";
const GETPPID = "tracepoint:syscalls:sys_enter_getppid";

/** The kernel's function for a system call that nothing but the workload calls. */
const SYS_GETPPID = Deno.build.arch === "x86_64" ? "__do_sys_getppid" : "__arm64_sys_getppid";

/** A case of the kernel's function tracers: nothing but their functions is asked, and the load starts when they run. */
function traced(
  name: string,
  kind: string,
  measure: (session: Session, request: FunctionRequest) => Promise<Results>,
  problem: SmokeCase["problem"],
): SmokeCase {
  return {
    name,
    kind,
    engine: "ftrace",
    recipe: () => "",
    work: () => Promise.resolve(),
    problem,
    async measure(bench, session) {
      const ended = new AbortController();
      let load: Promise<void> | undefined;
      const results = await measure(session, {
        functions: [SYS_GETPPID],
        pid: 0,
        durationNs: 60e9,
        signal: ended.signal,
        onReady: () => void (load = bench.load("getppid", N).finally(() => ended.abort())),
      });
      await load;
      return results;
    },
  };
}

/** What runs on every kernel of the matrix. */
export const SMOKE_CASES: readonly SmokeCase[] = [
  TRAMPOLINE_CASE,
  counted("system call tracepoint", "tracepoint", GETPPID, "getppid"),
  counted("tracepoint with its own record", "tracepoint", "tracepoint:sched:sched_process_fork", "child"),
  {
    ...counted("raw tracepoint", "raw_tracepoint", "raw_tracepoint:sys_enter", "getppid"),
    // The number of getppid differs between architectures.
    recipe: (b) =>
      `collect raw_tracepoint:sys_enter | filter comm == "${b.comm}" and id == ${
        Deno.build.arch === "x86_64" ? 110 : 173
      } | aggregate count()`,
  },
  {
    ...counted("windows of time", "tracepoint", GETPPID, "getppid"),
    recipe: (b) =>
      `collect ${GETPPID} | filter comm == "${b.comm}" | window 10ms | aggregate count(), max(time) as last`,
    problem: (rows) => exactly("count", N)(rows) ?? inWindows(rows),
  },
  aggregated("histogram", "tracepoint", "tracepoint:syscalls:sys_exit_read", "read", "hist(args.ret)", onePower),
  aggregated(
    "sum and maximum",
    "tracepoint",
    "tracepoint:syscalls:sys_exit_read",
    "read",
    "sum(args.ret), max(args.ret)",
    sums,
  ),
  {
    name: "stream of rows",
    kind: "tracepoint",
    recipe: (b) => `collect ${GETPPID} | filter comm == "${b.comm}" | select pid, comm`,
    work: (b) => b.load("getppid", N),
    problem: (rows) => rows.length === N ? null : `${rows.length} rows, expected ${N}`,
  },
  aggregated("kernel stack as key", "tracepoint", GETPPID, "getppid", "count() by kstack", stacks),
  counted("kprobe", "kprobe", "kprobe:vfs_read", "read"),
  counted("kprobe with an argument", "kprobe", "kprobe:vfs_read", "read", { filter: `count == ${SIZE}` }),
  aggregated("kretprobe", "kretprobe", "kretprobe:vfs_read", "read", "count(), sum(ret)", sumOf("sum_ret")),
  aggregated(
    "kprobe wildcard",
    "kprobe_multi",
    "kprobe:vfs_rea*",
    "read",
    "count() by probe",
    ofProbe("kprobe:vfs_read"),
  ),
  counted("fentry", "fentry", "fentry:vfs_read", "read", { filter: `count == ${SIZE}` }),
  aggregated("fexit", "fexit", "fexit:vfs_read", "read", "count(), sum(ret)", sumOf("sum_ret")),
  aggregated(
    "calls of a kernel function",
    "calls kernel",
    "calls kernel:vfs_read",
    "read",
    "count(), sum(ret)",
    sumOf("sum_ret"),
  ),
  aggregated(
    "calls of a system call",
    "calls syscall",
    "calls syscall:close",
    "badclose",
    "count() by errno",
    badFiles,
  ),
  aggregated(
    "calls of a function",
    "calls user",
    "calls user:PROGRAM:workload_twice",
    "call",
    "count(), sum(ret)",
    twice,
  ),
  counted("uprobe", "uprobe", "uprobe:PROGRAM:workload_twice", "call"),
  aggregated("uretprobe", "uretprobe", "uretprobe:PROGRAM:workload_twice", "call", "count(), sum(ret)", twice),
  counted("USDT", "usdt", "usdt:PROGRAM:sonde:mark", "mark"),
  {
    ...counted("profile", "profile", "profile:99hz", "spin"),
    work: (b) => b.load("spin", 300),
    problem: between("count", 1, 10_000),
  },
  {
    name: "interval",
    kind: "interval",
    recipe: () => "collect interval:20ms | aggregate count()",
    work: (b) => b.load("spin", 300),
    problem: between("count", 1, 100_000),
  },
  counted("software event", "software", "software:page-faults:1", "fault", { problem: between("count", N, N + 300) }),
  {
    name: "iterator over tasks",
    kind: "iter",
    recipe: () => "collect iter:task | aggregate count()",
    work: () => Promise.resolve(),
    problem: (rows) =>
      total(rows, "count") >= processes() ? null : `${total(rows, "count")} tasks in ${processes()} processes`,
  },
  {
    name: "XDP on lo",
    kind: "xdp",
    recipe: () => "collect xdp:lo | aggregate count()",
    work: (b) => b.load("datagram", N),
    // Other processes may talk over lo too.
    problem: between("count", N, 1_000_000),
  },
  {
    name: "span",
    kind: "span",
    recipe: (b) =>
      `collect span tracepoint:sched:sched_process_fork -> tracepoint:sched:sched_process_exit
     on start.args.child_pid == end.args.pid
  | filter start.comm == "${b.comm}"
  | aggregate count(), min(duration)`,
    work: (b) => b.load("child", N),
    problem: (rows) =>
      exactly("count", N)(rows) ?? (Number(rows[0].min_duration) > 0 ? null : `a duration is ${rows[0].min_duration}`),
  },
  {
    name: "filter by control group (v2)",
    kind: "cgroup",
    missing: (b) => b.cgroup === null ? "no cgroup v2 is mounted here" : null,
    recipe: (b) =>
      `collect ${GETPPID} | filter comm == "${b.comm}" and cgroup == "${b.cgroup ?? ""}" | aggregate count()`,
    work: async (b) => {
      await b.load("getppid", N);
      await b.loadInCgroup("getppid", N + 1);
    },
    problem: exactly("count", N + 1),
  },
  counted("kprobe, engine perf", "kprobe", "kprobe:vfs_read", "read", { engine: "perf", filter: `count == ${SIZE}` }),
  {
    ...aggregated(
      "kretprobe, engine perf",
      "kretprobe",
      "kretprobe:vfs_read",
      "read",
      "count(), sum(ret)",
      sumOf("sum_ret"),
    ),
    engine: "perf",
  },
  {
    ...aggregated(
      "calls kernel, engine perf",
      "calls kernel",
      "calls kernel:vfs_read",
      "read",
      "count(), sum(ret)",
      sumOf("sum_ret"),
    ),
    engine: "perf",
  },
  counted("uprobe, engine perf", "uprobe", "uprobe:PROGRAM:workload_twice", "call", { engine: "perf" }),
  {
    ...aggregated(
      "calls user, engine perf",
      "calls user",
      "calls user:PROGRAM:workload_twice",
      "call",
      "count(), sum(ret)",
      twice,
    ),
    engine: "perf",
  },
  traced(
    "function tracer",
    "function",
    (session, request) => session.api.kernelFunctions.count(request),
    exactly("calls", N),
  ),
  traced(
    "function_graph",
    "function_graph",
    (session, request) => session.api.kernelFunctions.time({ ...request, depth: 0 }),
    timed,
  ),
  traced(
    "function_graph with callees",
    "function_graph",
    (session, request) => session.api.kernelFunctions.time({ ...request, depth: 1, callees: [CALLEE] }),
    withCallee,
  ),
  {
    name: "tracefs after a killed run",
    kind: "leftovers",
    engine: "ftrace",
    recipe: () => "",
    work: () => Promise.resolve(),
    measure: (_bench, { host }) => Promise.resolve({ left: leaveAndClean(host, SYS_GETPPID) }),
    problem: (rows) => rows.length === 0 ? null : rows.map((r) => r.what).join("; "),
  },
  ...["bpf", "bpf-perfbuf", "perf"].flatMap((engine): SmokeCase[] => [
    counted(`count, engine ${engine}`, "tracepoint", GETPPID, "getppid", { engine }),
    {
      name: `stream, engine ${engine}`,
      kind: "tracepoint",
      engine,
      recipe: (b) => `collect ${GETPPID} | filter comm == "${b.comm}" | select pid`,
      work: (b) => b.load("getppid", N),
      problem: (rows) => rows.length === N ? null : `${rows.length} rows, expected ${N}`,
    },
  ]),
];

/** Each call took some time, and no less than what it called. */
function timed(rows: readonly Row[]): string | null {
  const own = rows.filter((r) => /_sys_getppid$/.test(`${r.function}`));
  const wrong = own.find((r) =>
    !(Number(r.min) > 0 && Number(r.self) <= Number(r.total) && Number(r.max) >= Number(r.avg))
  );
  return wrong ? `times that cannot be: ${JSON.stringify(wrong)}` : exactly("calls", N)(own);
}

/** What it calls is told of, is called as often, and its time is not in the caller's own. */
function withCallee(rows: readonly Row[]): string | null {
  const [caller] = rows.filter((r) => /_sys_getppid$/.test(`${r.function}`));
  const [callee] = rows.filter((r) => r.function === CALLEE);
  if (!caller || !callee || rows.length !== 2) return `functions ${rows.map((r) => r.function).join(", ")}`;
  const sum = Number(caller.self) + Number(callee.total);
  return timed(rows) ?? exactly("calls", N)([callee]) ??
    (sum === Number(caller.total) ? null : `own time and callee are ${sum} ns of ${caller.total}`);
}

/** Windows begin at multiples of their length, come in order, and hold what happened in them. */
function inWindows(rows: readonly Row[]): string | null {
  const step = 10_000_000n;
  let before = 0n;
  for (const row of rows) {
    const [start, last] = [BigInt(row.window as string), BigInt(row.last as string)];
    if (start % step !== 0n || start <= before || last < start || last >= start + step) {
      return `a window begins at ${start}, after ${before}, and has an event at ${last}`;
    }
    before = start;
  }
  return null;
}

/** All values lie in the one bucket that begins at 4096. */
function onePower(rows: readonly Row[]): string | null {
  const cell = rows[0]["hist_args_ret"] as { readonly buckets?: readonly { min: number; count: number }[] };
  const filled = (cell?.buckets ?? []).filter((b) => Number(b.count) > 0);
  return filled.length === 1 && Number(filled[0].min) === SIZE && Number(filled[0].count) === N
    ? null
    : `buckets ${JSON.stringify(filled)}, expected ${N} from ${SIZE}`;
}

function sums(rows: readonly Row[]): string | null {
  return exactly("sum_args_ret", N * SIZE)(rows) ?? exactly("max_args_ret", SIZE)(rows);
}

function sumOf(column: string): SmokeCase["problem"] {
  return (rows) => exactly("count", N)(rows) ?? exactly(column, N * SIZE)(rows);
}

/** 0 + 2 + … + 2(N - 1) */
function twice(rows: readonly Row[]): string | null {
  return exactly("count", N)(rows) ?? exactly("sum_ret", N * (N - 1))(rows);
}

function ofProbe(probe: string): SmokeCase["problem"] {
  return (rows) => exactly("count", N)(rows.filter((r) => r.probe === probe));
}

function badFiles(rows: readonly Row[]): string | null {
  const EBADF = 9;
  return exactly("count", N)(rows.filter((r) => Number(r.errno) === EBADF || r.errno === "EBADF"));
}

function stacks(rows: readonly Row[]): string | null {
  if (rows.some((r) => r.kstack === null || r.kstack === "")) return "a stack is empty";
  return exactly("count", N)(rows);
}

function processes(): number {
  return [...Deno.readDirSync("/proc")].filter((f) => /^\d+$/.test(f.name)).length;
}
