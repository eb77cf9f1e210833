import { countCallsByBpf } from "../../cli/count_calls_by_bpf.ts";
import { traceFunctions, traceGraph } from "../../core/ftrace/mod.ts";
import { COUNTS_ONLY, traceCalls } from "../../core/ptrace/mod.ts";
import type { InstrumentCase, Verdict } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";

const N = 40;
/** What the load calls so often, and no other thread exactly as often. */
const FUNCTION = "__x64_sys_close";
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
    onReady: () => void (working = bench.load("badclose", N).finally(() => ended.abort())),
  });
  await working;
  return result;
}

function closesIn(
  counts: readonly { readonly name: string; readonly calls: number; readonly errors: number }[],
): string | null {
  const close = counts.find((c) => c.name === "close");
  return close?.calls === N && close.errors === N
    ? null
    : `${close?.calls} calls, ${close?.errors} errors of close, expected ${N} of both`;
}

/** @param calls by thread */
function problemOf(calls: ReadonlyMap<number, number>, lost: number): string | null {
  if (lost > 0) return `${lost} events lost`;
  const counts = [...calls.values()];
  return counts.includes(N) ? null : `no thread made ${N} calls: ${counts.join(", ")}`;
}

/** The tracers by ptrace and tracefs. */
export const TRACER_CASES: readonly InstrumentCase[] = [
  {
    name: "strace -c",
    checked: `${N} calls of close that all fail`,
    async run(bench, { host }): Promise<Verdict> {
      const trace = await traceCalls(host, {
        ...COUNTS_ONLY,
        command: { path: bench.program, args: [bench.program, "badclose", String(N)], env: {}, ignoredSignals: [] },
      });
      const { counts, code } = await trace.done;
      return { mechanism: "ptrace", problem: code === 0 ? closesIn(counts) : `the load ended with ${code}` };
    },
  },
  {
    name: "strace --bpf",
    checked: `${N} calls of close that all fail`,
    async run(bench, { host }): Promise<Verdict> {
      const { counts, code } = await countCallsByBpf(host, {
        words: [bench.program, "badclose", String(N)],
        pids: [],
        signal: new AbortController().signal,
      });
      return { mechanism: "libbpf", problem: code === 0 ? closesIn(counts) : `the load ended with ${code}` };
    },
  },
  {
    name: "ftrace (function)",
    checked: `${N} calls by one thread`,
    missing: ON_X86,
    async run(bench, { host }): Promise<Verdict> {
      const { threads, quality } = await traced(bench, (request) => traceFunctions(host, request));
      return { mechanism: "function tracer", problem: problemOf(threads, quality.lost) };
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
      return { mechanism: "function_graph tracer", problem: problemOf(by, quality.lost) };
    },
  },
];
