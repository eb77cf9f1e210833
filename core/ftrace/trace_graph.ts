import { type Quality, UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { borrowTopTracer } from "./top_tracer.ts";
import { type CallTimes, createCallSums } from "./call_times.ts";
import type { GraphRequest } from "./function_request.ts";
import { matchFunctions } from "./match_functions.ts";
import { COMMON, openRecordReader } from "./record_reader.ts";
import { requireTraceable, runTracer, threadsOf, tracersOf } from "./run_tracer.ts";
import { openTraceInstance, type TraceInstance } from "./trace_instance.ts";
import type { TraceableFunction } from "./kernel_function_names.ts";

/** What the function graph tracer saw. */
export interface GraphTrace {
  readonly times: readonly CallTimes[];
  /** Functions that the patterns matched. */
  readonly matched: number;
  readonly quality: Quality;
}

/** With callees of any name, this many functions at most are roots: each entry is looked up among them. */
const MAX_ROOTS = 1000;

/**
 * Measures how long calls of the kernel's functions take, with the function graph tracer: in an instance of its own where
 * the kernel has that (since about 6.12), else in the tracer that all share, when nobody uses it. Which functions callees
 * are told of can be set in the shared one only.
 *
 * @throws {UnsupportedError} when this machine does not allow it
 * @throws {UsageError} when no function matches
 * @throws {GoneError} when there is no such process
 */
export async function traceGraph(host: Host, request: GraphRequest): Promise<GraphTrace> {
  const all = requireTraceable(host);
  const matched = matchFunctions(request.functions, all);
  const threads = threadsOf(host, request.pid);
  const roots = request.depth > 0 ? matched.names : [];
  if (roots.length > MAX_ROOTS) {
    throw new UnsupportedError(
      `${matched.functions} functions are too many to follow what they call (${MAX_ROOTS} at most)`,
      "Name fewer, or leave --depth out.",
    );
  }
  const callees = request.depth > 0 ? request.callees ?? ["*"] : [];
  const filter = [...matched.patterns, ...callees];
  using instance = openGraphTracer(host, { filter, roots, threads, depth: request.depth }, all);
  const shared = instance.path === host.path("tracefs");
  const root = host.path("tracefs");
  const exit = openRecordReader(root, "ftrace/funcgraph_exit");
  const entry = openRecordReader(root, "ftrace/funcgraph_entry");
  const exitFunc = exit.field("func");
  const exitDepth = exit.field("depth");
  const called = exit.field("calltime");
  const returned = exit.field("rettime");
  const entryFunc = entry.field("func");
  const entryDepth = entry.field("depth");
  const own = new Set(host.threads(Deno.pid));
  const sums = createCallSums();
  const { onCall } = request;
  let events = 0;
  const { quality } = await runTracer(
    host,
    instance,
    { tracer: "function_graph", filter, graph: roots, maxDepth: request.depth > 0 ? request.depth + 1 : 0 },
    { ...request, onReady: () => request.onReady?.({ functions: matched.functions }) },
    threads,
    (page, at, length, timeNs, cpu) => {
      const id = page.getUint16(at + COMMON.type, true);
      const isExit = id === exit.id && length >= exit.size;
      if (!isExit && (id !== entry.id || length < entry.size)) return;
      const tid = page.getInt32(at + COMMON.pid, true);
      if (own.has(tid)) return;
      if (isExit) {
        const address = exitFunc(page, at);
        const depth = exitDepth(page, at);
        const from = called(page, at);
        const durationNs = Math.max(0, returned(page, at) - from);
        events++;
        sums.exit(tid === 0 ? -1 - cpu : tid, address, depth, from, durationNs);
        onCall?.({ kind: "exit", address, depth, tid, cpu, timeNs, durationNs });
      } else {
        onCall?.({
          kind: "entry",
          address: entryFunc(page, at),
          depth: entryDepth(page, at),
          tid,
          cpu,
          timeNs,
          durationNs: 0,
        });
      }
    },
    () => events,
  );
  const notes = shared
    ? [...quality.notes, "Measured with the tracer that all share: nobody else could use it meanwhile."]
    : quality.notes;
  return { times: [...sums.times.values()], matched: matched.functions, quality: { ...quality, notes } };
}

/** An instance where the kernel has the tracer there and nothing is asked that only the shared one can do. */
function openGraphTracer(
  host: Host,
  wanted: { filter: readonly string[]; roots: readonly string[]; threads: readonly string[]; depth: number },
  all: readonly TraceableFunction[],
): TraceInstance {
  if (wanted.depth === 0) {
    using undo = new DisposableStack();
    const instance = undo.use(openTraceInstance(host));
    if (tracersOf(instance.path).includes("function_graph")) {
      undo.move();
      return instance;
    }
  }
  if (!tracersOf(host.path("tracefs")).includes("function_graph")) {
    throw new UnsupportedError(
      "This kernel has no function_graph tracer: available_tracers does not list it",
      "Leave --graph out: calls are counted then, not timed. Or use a kernel with CONFIG_FUNCTION_GRAPH_TRACER.",
    );
  }
  return borrowTopTracer(host, {
    set_ftrace_filter: matchFunctions(wanted.filter, all).names,
    set_graph_function: wanted.roots,
    set_ftrace_pid: wanted.threads,
    max_graph_depth: wanted.depth > 0 ? [String(wanted.depth + 1)] : [],
  });
}
