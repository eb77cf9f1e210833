import type { Analysis, AnalyzerRequest, Cell, Field, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `syscall_count`: system calls by process: how many, which errors, how long. */
export function syscallCount(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  const process: readonly Field[] = [
    field("pid", "pid", "Process"),
    field("comm", "string", "Its name; what a process did before and after exec are two rows"),
  ];
  const call = field("call", "string", "The system call; one of the 32-bit table is `i386:NUMBER` (`arm:NUMBER`)");
  const numbers: readonly Field[] = [
    field("calls", "int", "Calls that returned", "count"),
    field("errors", "int", "Those of them that failed", "count"),
    field("denied", "int", "Those of them that a seccomp filter or a tracer answered: no time", "count"),
    field("total", "duration", "Time from entry to return, of all; waiting is part of it"),
    field("mean", "duration", "The same of one call"),
    field("p50", "duration", "Half of the calls took no longer"),
    field("p99", "duration", "99 % of the calls took no longer"),
    field("max", "duration", "The longest call"),
  ];
  return {
    name: "syscall_count",
    collector: "syscalls.count",
    doc: "System calls by process: how many, how many failed with which error, how long they took",
    tables: [
      { name: "calls", fields: [...process, call, ...numbers] },
      {
        name: "syscalls",
        fields: [call, field("processes", "int", "Processes that made it", "count"), ...numbers],
      },
      {
        name: "processes",
        fields: [...process, ...numbers.filter((f) => ["calls", "errors", "denied", "total"].includes(f.name))],
      },
      {
        name: "errors",
        fields: [
          ...process,
          call,
          field("error", "string", "Its name; ERESTART… are calls that a signal interrupts, and that are made again"),
          field("errno", "int", "Its number"),
          field("count", "int", "Times", "count"),
        ],
      },
      {
        name: "waiting",
        fields: [
          field("tid", "tid", "A thread that is in a call when the window ends; in the initial pid namespace"),
          ...process,
          call,
          field("time", "duration", "For how long, as far as it began in the window"),
        ],
      },
    ],
    recipe: "syscall_count",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

type Row = Record<string, Cell>;

function fromRecipe(sonde: SondeApi, results: Results): Analysis {
  const { recordsOf } = sonde.data;
  const { calls, errors } = results;
  if (calls?.kind !== "table" || errors?.kind !== "table") throw new TypeError("syscall_count has no calls and errors");
  // Threads have names of their own in a recipe: a process is told by its number, and named as it was most of the time.
  const failed = new Map<string, Row>();
  for (const r of recordsOf(errors)) {
    const key = `${r.pid} ${r.probe} ${r.errno}`;
    const count = Number(r.count) + Number(failed.get(key)?.count ?? 0);
    const error = sonde.errnoName(Number(r.errno));
    failed.set(key, { pid: r.pid, comm: r.comm, call: nameOf(r.probe), error, errno: r.errno, count });
  }
  const merged = new Map<string, Row>();
  for (const r of recordsOf(calls)) {
    const key = `${r.pid} ${r.probe}`;
    const before = merged.get(key);
    const sum = Number(r.calls) + Number(before?.calls ?? 0);
    const total = Number(r.total) + Number(before?.total ?? 0);
    merged.set(key, {
      pid: r.pid,
      comm: before && Number(before.calls) > Number(r.calls) ? before.comm : r.comm,
      call: nameOf(r.probe),
      calls: sum,
      errors: 0,
      total,
      mean: Math.round(total / sum),
      // Quantiles of two parts are not those of the whole.
      p50: before ? null : r.p50,
      p99: before ? null : r.p99,
      max: Math.max(Number(r.longest), Number(before?.max ?? 0)),
    });
  }
  for (const { pid, call, count } of failed.values()) {
    const row = merged.get(`${pid} syscall:${call}`);
    if (row) row.errors = Number(row.errors) + Number(count);
  }
  return {
    tables: {
      calls: sortBy("calls", merged.values()),
      processes: sortBy("calls", totals(merged.values())),
      errors: sortBy("count", failed.values()),
    },
    quality: sonde.data.mergeQuality([{
      ...calls.quality,
      notes: [
        ...calls.quality.notes,
        "Without calls of 32-bit programs, calls that a seccomp filter answered, and calls that have not returned.",
      ],
    }, { ...errors.quality, events: 0 }]),
  };
}

function nameOf(probe: Cell): string {
  return String(probe).replace(/^syscall:/, "");
}

function totals(rows: Iterable<Row>): Row[] {
  const sums = new Map<Cell, Row>();
  for (const { pid, comm, calls, errors, total } of rows) {
    const sum = sums.get(pid) ?? { pid, comm, calls: 0, errors: 0, total: 0 };
    sum.calls = Number(sum.calls) + Number(calls);
    sum.errors = Number(sum.errors) + Number(errors);
    sum.total = Number(sum.total) + Number(total);
    sums.set(pid, sum);
  }
  return [...sums.values()];
}

function sortBy(column: string, rows: Iterable<Row>): Row[] {
  return [...rows].sort((a, b) => Number(b[column]) - Number(a[column]));
}

async function fromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { host } = sonde;
  const pids = (): number[] => request.pid > 0 ? [request.pid] : host.pids();
  const look = (): Map<number, { comm: string; start: number; reads: number; writes: number }> => {
    const all = new Map<number, { comm: string; start: number; reads: number; writes: number }>();
    for (const pid of pids()) {
      const io = host.processIo(pid);
      const stat = host.processStat(pid);
      if (!io || !stat) continue;
      all.set(pid, { comm: stat.comm, start: stat.startTicks, reads: io.readSyscalls, writes: io.writeSyscalls });
    }
    return all;
  };
  const { before, after, quality } = await twoLooks(sonde, request, look, [
    "Only calls of the kinds of read and write, of processes that lived throughout; without errors and times.",
  ]);
  if (after.size === 0) throw new sonde.data.UnsupportedError("No /proc/PID/io can be read", "Run as root.");
  const calls: Row[] = [];
  for (const [pid, now] of after) {
    const then = before.get(pid);
    if (!then || then.start !== now.start) continue;
    for (const [call, n] of [["read …", now.reads - then.reads], ["write …", now.writes - then.writes]] as const) {
      if (n > 0) calls.push({ pid, comm: now.comm, call, calls: n });
    }
  }
  const waiting: Row[] = [];
  for (const pid of pids()) {
    const stat = host.processStat(pid);
    // Kernel threads make none, and are told to be in number 0.
    if (!stat || stat.kernelThread) continue;
    for (const tid of host.threads(pid)) {
      const call = host.currentSyscall(pid, tid);
      if (call !== null) waiting.push({ tid, pid, comm: stat.comm, call });
    }
  }
  return {
    tables: { calls: sortBy("calls", calls), waiting },
    quality: quality(calls.reduce((n, c) => n + Number(c.calls), 0)),
  };
}
