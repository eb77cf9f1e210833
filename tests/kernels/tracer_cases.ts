import { traceFunctions, traceGraph } from "../../core/ftrace/mod.ts";
import { traceCalls } from "../../core/ptrace/mod.ts";
import type { InstrumentCase, Verdict } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";

const N = 40;
/** What the load calls and nobody else does as often. */
const FUNCTION = "__x64_sys_getppid";
const ON_X86 = (): string | null => Deno.build.arch === "x86_64" ? null : "it is called otherwise here";

/** Runs a tracer of functions while the load runs. */
async function traced<T>(
  bench: Bench,
  trace: (request: Parameters<typeof traceFunctions>[1]) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  let working = Promise.resolve();
  const result = await trace({
    functions: [FUNCTION],
    pid: 0,
    durationNs: 120e9,
    signal: ended.signal,
    onReady: () => void (working = bench.load("getppid", N).finally(() => ended.abort())),
  });
  await working;
  return result;
}

/** The tracers by ptrace and tracefs. */
export const TRACER_CASES: readonly InstrumentCase[] = [
  {
    name: "strace -c",
    checked: `${N} calls of close that all fail`,
    async run(bench, { host }): Promise<Verdict> {
      const trace = await traceCalls(host, {
        command: { path: bench.program, args: [bench.program, "badclose", String(N)], env: {}, ignoredSignals: [] },
        pids: [],
        follow: true,
        calls: null,
        signals: null,
        output: null,
        format: "text",
        counts: "system",
        times: { clock: "none", relative: false },
        durations: false,
        stringLimit: 32,
        paths: false,
        who: "never",
        quietExit: true,
        quietNotes: true,
        interleaved: false,
        seccomp: false,
      });
      const { counts, code } = await trace.done;
      const close = counts.find((c) => c.name === "close");
      const problem = code !== 0
        ? `the load ended with ${code}`
        : close?.calls !== N || close.errors !== N
        ? `${close?.calls} calls, ${close?.errors} errors of close, expected ${N} of both`
        : null;
      return { mechanism: "ptrace", problem };
    },
  },
  {
    name: "ftrace (function)",
    checked: `${N} calls by one thread`,
    missing: ON_X86,
    async run(bench, { host }): Promise<Verdict> {
      const { threads, quality } = await traced(bench, (request) => traceFunctions(host, request));
      const most = Math.max(0, ...threads.values());
      const problem = most === N
        ? quality.lost > 0 ? `${quality.lost} events lost` : null
        : `${most} calls, expected ${N}`;
      return { mechanism: "function tracer", problem };
    },
  },
  {
    name: "ftrace (function graph)",
    checked: `${N} calls with a duration by one thread`,
    missing: ON_X86,
    async run(bench, { host }): Promise<Verdict> {
      const by = new Map<number, number>();
      const { quality } = await traced(bench, (request) =>
        traceGraph(host, {
          ...request,
          depth: 0,
          onCall: ({ kind, tid, durationNs }) => {
            if (kind === "exit" && durationNs > 0) by.set(tid, (by.get(tid) ?? 0) + 1);
          },
        }));
      const most = Math.max(0, ...by.values());
      const problem = most === N
        ? quality.lost > 0 ? `${quality.lost} events lost` : null
        : `${most} calls, expected ${N}`;
      return { mechanism: "function_graph tracer", problem };
    },
  },
];
