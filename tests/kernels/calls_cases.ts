import type { Session } from "../../cli/session.ts";
import { recordsOf, type Results, UnsupportedError } from "../../core/data/mod.ts";
import type { CallsRequest } from "../../core/plugin_api/mod.ts";
import { works } from "../../bpf/mechanisms.ts";
import type { InstrumentCase, Verdict } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";

const N = 40;
const EBADF = "EBADF";

/** Measures while the load runs. */
async function measured(
  session: Session,
  request: Pick<CallsRequest, "targets"> & Partial<CallsRequest>,
  work: () => Promise<void>,
): Promise<Results> {
  const ended = new AbortController();
  let working = Promise.resolve();
  const results = await session.api.calls.measure({
    pid: 0,
    durationNs: 120e9,
    signal: ended.signal,
    onReady: () => void (working = work().finally(() => ended.abort())),
    ...request,
  });
  await working;
  return results;
}

type Row = Record<string, unknown>;

/** What the load's own process did, by function. */
function ofLoad(results: Results, bench: Bench): Map<string, Row> {
  const { processes } = results;
  if (processes?.kind !== "table") return new Map();
  return new Map(recordsOf(processes).filter((r) => r.comm === bench.comm).map((r) => [String(r.function), r]));
}

/** `Measured by the engine bpf (fentry, fexit); …` */
function mechanismOf({ functions }: Results): string {
  const note = functions.quality.notes.find((n) => n.startsWith("Measured by")) ?? "";
  const m = /engine ([\w-]+) \(([^)]*)\)/.exec(note);
  return m ? m[1] === "bpf" ? m[2] : `${m[1]}: ${m[2]}` : "";
}

/** Checks calls, errors and the slowest of one function of the load. */
function problemOf(results: Results, bench: Bench, name: string, calls: number, errors: number): string | null {
  const row = ofLoad(results, bench).get(name);
  if (!row) return `${name} was not called by the load`;
  if (Number(row.calls) !== calls) return `${row.calls} calls of ${name}, expected ${calls}`;
  if (Number(row.errors) !== errors) return `${row.errors} errors of ${name}, expected ${errors}`;
  if (!(Number(row.total) > 0) || Number(row.max) > Number(row.total)) {
    return `times of ${name}: ${row.total}, ${row.max}`;
  }
  const { slowest, functions } = results;
  if (slowest.kind !== "table" || slowest.length === 0) return "no slowest call";
  const all = recordsOf(functions as typeof slowest);
  const max = Math.max(...all.map((r) => Number(r.max)));
  if (Number(recordsOf(slowest)[0].duration) !== max) return "the slowest call is not the longest of all";
  return Object.keys(functions.quality.lost_by).length > 0 ? JSON.stringify(functions.quality.lost_by) : null;
}

/** `read` of the load: as many calls of vfs_read. */
function kernelReads(name: string, checked: string, request: Pick<CallsRequest, "targets"> & Partial<CallsRequest>) {
  return {
    name,
    checked,
    async run(bench: Bench, session: Session): Promise<Verdict> {
      const results = await measured(session, request, () => bench.load("read", N));
      return { mechanism: mechanismOf(results), problem: problemOf(results, bench, "vfs_read", N, 0) };
    },
  };
}

/** Patterns of functions of which there are over a thousand, and which are hardly ever called. */
const MANY = ["kernel:*_show", "kernel:*_store", "kernel:*_probe", "kernel:vfs_read"];

/** `sonde calls` by each way that a kernel may have. */
export const CALLS_CASES: readonly InstrumentCase[] = [
  kernelReads("calls kernel:vfs_read", `${N} reads of the load, no error`, { targets: ["kernel:vfs_read"] }),
  kernelReads("calls --attach kprobe kernel:vfs_read", `${N} reads of the load, no error`, {
    targets: ["kernel:vfs_read"],
    attachBy: "kprobe",
  }),
  kernelReads("calls 'kernel:vfs_*'", `${N} reads of the load, no error`, { targets: ["kernel:vfs_*"] }),
  {
    name: "calls of over 1,000 kernel functions",
    checked: `${N} reads of the load; else the refusal says how many`,
    async run(bench, session): Promise<Verdict> {
      const request = { targets: MANY };
      if (works("kprobe_multi", session.host)) {
        const results = await measured(session, request, () => bench.load("read", N));
        const mechanism = `${mechanismOf(results)}, ${attachNote(results)}`;
        return { mechanism, problem: problemOf(results, bench, "vfs_read", N, 0) };
      }
      try {
        await measured(session, request, () => Promise.resolve());
        return { mechanism: "", problem: "it was not refused" };
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        const count = Number(/^It is (\d+) functions/.exec(error.message)?.[1] ?? 0);
        if (count === 0) throw error;
        return { mechanism: `refused: ${count} functions`, problem: count > 1000 ? null : error.message };
      }
    },
  },
  {
    name: "calls --engine perf kernel:vfs_read",
    checked: `${N} reads of the load, no error`,
    async run(bench, session): Promise<Verdict> {
      const request = { targets: ["kernel:vfs_read"], engine: "perf" };
      const results = await measured(session, request, () => bench.load("read", N));
      return { mechanism: mechanismOf(results), problem: problemOf(results, bench, "vfs_read", N, 0) };
    },
  },
  {
    name: "calls --attach kprobe kernel:hrtimer_nanosleep",
    checked: `${N} sleeps at the same time: returns that the kernel had no room for are counted`,
    async run(bench, session): Promise<Verdict> {
      const request = { targets: ["kernel:hrtimer_nanosleep"], attachBy: "kprobe" as const };
      const results = await measured(session, request, () => bench.load("crowd", N));
      const { unmatched } = results.functions.quality;
      const { processes } = results;
      // Each sleeps in a process of its own.
      const own = processes.kind === "table" ? recordsOf(processes).filter((r) => r.comm === bench.comm) : [];
      const returned = own.reduce((n, r) => n + Number(r.calls), 0);
      const missed = unmatched.starts + unmatched.replaced;
      const mechanism = `${mechanismOf(results)}: ${returned} + ${missed} missed`;
      return { mechanism, problem: returned + missed === N ? null : `${returned} + ${missed}, expected ${N}` };
    },
  },
  {
    name: "calls kernel:__x64_sys_close",
    checked: `${N} calls of the load that all fail with ${EBADF}`,
    missing: () => Deno.build.arch === "x86_64" ? null : "it is called otherwise here",
    async run(bench, session): Promise<Verdict> {
      const { host } = session;
      // Without either the system call is measured, which is the next case.
      const name = works("kprobe", host) || works("fentry", host) ? "__x64_sys_close" : "close";
      return await failing(bench, session, "kernel:__x64_sys_close", name);
    },
  },
  {
    name: "calls syscall:close",
    checked: `${N} calls of the load that all fail with ${EBADF}`,
    run: (bench, session) => failing(bench, session, "syscall:close", "close"),
  },
  {
    name: "calls --engine perf syscall:close",
    checked: `${N} calls of the load that all fail with ${EBADF}`,
    run: (bench, session) => failing(bench, session, "syscall:close", "close", "perf"),
  },
  {
    name: "calls user:PROGRAM:workload_twice",
    checked: `${N} calls, and what the slowest was called with`,
    async run(bench, session): Promise<Verdict> {
      const targets = [`user:${bench.program}:workload_twice`];
      const results = await measured(session, { targets, slowest: N }, () => bench.load("call", N));
      const mechanism = mechanismOf(results);
      const problem = problemOf(results, bench, "workload_twice", N, 0);
      if (problem !== null || results.slowest.kind !== "table") return { mechanism, problem };
      // Each argument once, and twice as much answered.
      const seen = recordsOf(results.slowest).map((
        r,
      ) => [Number(/^arg0=(\d+)/.exec(String(r.arguments))?.[1]), r.result]);
      const wrong = seen.find(([argument, result]) => Number(result) !== 2 * Number(argument));
      if (wrong) return { mechanism, problem: `workload_twice(${wrong[0]}) = ${wrong[1]}` };
      const distinct = new Set(seen.map(([argument]) => argument)).size;
      return { mechanism, problem: distinct === N ? null : `${distinct} of ${N} arguments are among the slowest` };
    },
  },
  {
    name: "calls --engine perf user:PROGRAM:workload_twice",
    checked: `${N} calls`,
    async run(bench, session): Promise<Verdict> {
      const request = { targets: [`user:${bench.program}:workload_twice`], engine: "perf" };
      const results = await measured(session, request, () => bench.load("call", N));
      return { mechanism: mechanismOf(results), problem: problemOf(results, bench, "workload_twice", N, 0) };
    },
  },
  {
    name: "calls 'user:PROGRAM:workload_*'",
    checked: `${N} calls`,
    async run(bench, session): Promise<Verdict> {
      const targets = [`user:${bench.program}:workload_*`, `user:${bench.program}:main`];
      const results = await measured(session, { targets }, () => bench.load("call", N));
      return { mechanism: mechanismOf(results), problem: problemOf(results, bench, "workload_twice", N, 0) };
    },
  },
];

async function failing(
  bench: Bench,
  session: Session,
  target: string,
  name: string,
  engine?: string,
): Promise<Verdict> {
  const results = await measured(session, { targets: [target], engine }, () => bench.load("badclose", N));
  const mechanism = mechanismOf(results);
  const { errors } = results;
  const found = errors.kind === "table"
    ? recordsOf(errors).filter((r) => r.function === name && r.error === EBADF)
    : [];
  const many = found.reduce((n, r) => n + Number(r.calls), 0);
  if (many < N) return { mechanism, problem: `${many} calls failed with ${EBADF}, expected ${N}` };
  const row = ofLoad(results, bench).get(name);
  if (Number(row?.errors) !== N) return { mechanism, problem: `${row?.errors} errors of the load, expected ${N}` };
  return { mechanism, problem: null };
}

function attachNote({ functions }: Results): string {
  return /attaching took [\d,]+ ms/.exec(functions.quality.notes.join(" "))?.[0] ?? "";
}
