import type { Quality } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import type { FunctionRequest } from "./function_request.ts";
import { ownThreads } from "./own_threads.ts";
import { COMMON, openRecordReader } from "./record_reader.ts";
import { runTracer, threadsOf } from "./run_tracer.ts";
import { setFilter } from "./set_filter.ts";
import { openTraceInstance } from "./trace_instance.ts";

/** How often a function was called from a place. */
export interface FunctionCalls {
  /** Of the function, as the signed reading of 64 bits. */
  readonly address: number;
  /** Of the call, likewise. */
  readonly caller: number;
  readonly calls: number;
}

/** What the function tracer saw. */
export interface FunctionTrace {
  readonly calls: readonly FunctionCalls[];
  /** How often each thread called one of them. */
  readonly threads: ReadonlyMap<number, number>;
  /** Functions that the patterns matched. */
  readonly matched: number;
  readonly quality: Quality;
}

/**
 * Counts calls of the kernel's functions by function and caller, with the function tracer in an instance of its own.
 *
 * @throws {UnsupportedError} when this machine does not allow it
 * @throws {UsageError} when no function matches
 * @throws {GoneError} when there is no such process
 */
export async function traceFunctions(host: Host, request: FunctionRequest): Promise<FunctionTrace> {
  const threads = threadsOf(host, request.pid);
  using instance = openTraceInstance(host);
  const matched = setFilter(host, instance, request.functions).length;
  const record = openRecordReader(host.path("tracefs"), "ftrace/function");
  const ip = record.field("ip");
  const parent = record.field("parent_ip");
  const own = ownThreads(host);
  const counts = new Map<number, Map<number, number>>();
  const byThread = new Map<number, number>();
  let events = 0;
  const { quality } = await runTracer(
    host,
    instance,
    { tracer: "function", graph: [], maxDepth: 0 },
    { ...request, onReady: () => request.onReady?.({ functions: matched }) },
    threads,
    (page, at, length) => {
      if (length < record.size || page.getUint16(at + COMMON.type, true) !== record.id) return;
      const tid = page.getInt32(at + COMMON.pid, true);
      if (own(tid)) return;
      events++;
      const address = ip(page, at);
      let callers = counts.get(address);
      if (!callers) counts.set(address, callers = new Map());
      const caller = parent(page, at);
      callers.set(caller, (callers.get(caller) ?? 0) + 1);
      byThread.set(tid, (byThread.get(tid) ?? 0) + 1);
    },
    () => events,
  );
  return {
    calls: [...counts].flatMap(([address, callers]) =>
      [...callers].map(([caller, calls]): FunctionCalls => ({ address, caller, calls }))
    ),
    threads: byThread,
    matched,
    quality,
  };
}
