import { type Quality, UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { borrowTopTracer } from "./top_tracer.ts";
import { type CallTimes, createCallSums } from "./call_times.ts";
import type { GraphRequest } from "./function_request.ts";
import { ownThreads } from "./own_threads.ts";
import { COMMON, openRecordReader } from "./record_reader.ts";
import { runTracer, threadsOf, tracersOf } from "./run_tracer.ts";
import { setFilter } from "./set_filter.ts";
import { openTraceInstance, type TraceInstance } from "./trace_instance.ts";

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
  const threads = threadsOf(host, request.pid);
  const { depth } = request;
  using tracer = openGraphTracer(host, request, threads);
  const { instance, matched, roots } = tracer;
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
  const own = ownThreads(host);
  const sums = createCallSums();
  const { onCall } = request;
  let events = 0;
  const { quality } = await runTracer(
    host,
    instance,
    { tracer: "function_graph", graph: roots, maxDepth: depth > 0 ? depth + 1 : 0 },
    { ...request, onReady: () => request.onReady?.({ functions: matched }) },
    threads,
    (page, at, length, timeNs, cpu) => {
      const id = page.getUint16(at + COMMON.type, true);
      const isExit = id === exit.id && length >= exit.size;
      if (!isExit && (id !== entry.id || length < entry.size)) return;
      const tid = page.getInt32(at + COMMON.pid, true);
      if (own(tid)) return;
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
  return { times: [...sums.times.values()], matched, quality: { ...quality, notes } };
}

/** A tracer with its filter set. */
interface GraphTracer extends Disposable {
  readonly instance: TraceInstance;
  /** How many functions were named. */
  readonly matched: number;
  /** Their names, where what they call is followed. */
  readonly roots: readonly string[];
}

/** An instance where the kernel has the tracer there and nothing is asked that only the shared one can do. */
function openGraphTracer(host: Host, request: GraphRequest, threads: readonly string[]): GraphTracer {
  const { functions, depth, callees } = request;
  using undo = new DisposableStack();
  const own = undo.use(openTraceInstance(host));
  const names = setFilter(host, own, functions);
  if (depth === 0 && tracersOf(own.path).includes("function_graph")) {
    undo.move();
    return { instance: own, matched: names.length, roots: [], [Symbol.dispose]: () => own[Symbol.dispose]() };
  }
  const roots = depth > 0 ? [...new Set(names)] : [];
  if (roots.length > MAX_ROOTS) {
    throw new UnsupportedError(
      `${names.length} functions are too many to follow what they call (${MAX_ROOTS} at most)`,
      "Name fewer, or leave --depth out.",
    );
  }
  if (!tracersOf(host.path("tracefs")).includes("function_graph")) {
    throw new UnsupportedError(
      "This kernel has no function_graph tracer: available_tracers does not list it",
      "Leave --graph out: calls are counted then, not timed. Or use a kernel with CONFIG_FUNCTION_GRAPH_TRACER.",
    );
  }
  // All functions are what no filter traces.
  const everything = depth > 0 && callees === undefined;
  const patterns = depth > 0 ? [...functions, ...callees ?? []] : functions;
  const filter = everything ? [] : depth > 0 ? setFilter(host, own, patterns) : names;
  const shared = borrowTopTracer(host, {
    set_ftrace_filter: filter,
    set_graph_function: roots,
    set_ftrace_pid: threads,
    max_graph_depth: depth > 0 ? [String(depth + 1)] : [],
  });
  try {
    if (!everything) setFilter(host, shared, patterns);
  } catch (error) {
    shared[Symbol.dispose]();
    throw error;
  }
  return { instance: shared, matched: names.length, roots, [Symbol.dispose]: () => shared[Symbol.dispose]() };
}
