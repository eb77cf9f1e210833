import { GoneError, type Quality, quality, UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { CLOCK, clockNs, pause, SysError } from "../sys/mod.ts";
import { readControlOrNull, writeControl } from "./control_file.ts";
import type { FunctionRequest } from "./function_request.ts";
import { limitToThreads } from "./limit_to_threads.ts";
import type { TraceInstance } from "./trace_instance.ts";
import { openTraceReader, type TraceReader, type TraceSink } from "./trace_reader.ts";

/** Time between two looks into the buffers, ms. */
const LOOK_MS = 50;
const BUFFER_KB = 2048;
/** Buffers of all CPUs together stay below this, in KiB. */
const MAX_BUFFERS_KB = 256 << 10;

/** How a tracer is set up. */
export interface TracerSetup {
  readonly tracer: "function" | "function_graph";
  /** Functions whose callees are traced; only of the tracer that all share. */
  readonly graph: readonly string[];
  /** 0 is no limit; only of the tracer that all share. */
  readonly maxDepth: number;
}

/** What a run of a tracer says besides its events. */
export interface TracerRun {
  readonly quality: Quality;
}

/** The threads of a process, as set_ftrace_pid takes them. @throws {GoneError} when there is none */
export function threadsOf(host: Host, pid: number): string[] {
  if (pid === 0) return [];
  const threads = host.threads(pid);
  if (threads.length === 0) throw new GoneError(`There is no process ${pid}`);
  return threads.map(String);
}

/**
 * Sets a tracer up, lets it run for the window and hands its events on, in the order of time.
 *
 * @param instance whose filter is set, and all else as it was made; the caller disposes it
 * @param sink is given records of all kinds
 * @param events counted by the caller
 * @throws {UnsupportedError} when the kernel refuses the tracer
 */
export async function runTracer(
  host: Host,
  instance: TraceInstance,
  setup: TracerSetup,
  request: FunctionRequest,
  threads: readonly string[],
  sink: TraceSink,
  events: () => number,
): Promise<TracerRun> {
  const { path } = instance;
  const set = (file: string, text: string, mode?: "clear"): void => writeControl(`${path}/${file}`, text, mode);
  const notes: string[] = [];
  let reader: TraceReader | null = null;
  let startNs = 0;
  let durationNs = 0;
  let lost = 0;
  try {
    set("tracing_on", "0");
    const cpus = [...Deno.readDirSync(`${path}/per_cpu`)].length;
    set(
      "buffer_size_kb",
      String(Math.max(64, Math.min(request.bufferKb ?? BUFFER_KB, Math.floor(MAX_BUFFERS_KB / cpus)))),
    );
    if (setup.graph.length > 0) set("set_graph_function", `${setup.graph.join("\n")}\n`, "clear");
    if (setup.maxDepth > 0) set("max_graph_depth", String(setup.maxDepth));
    if (threads.length > 0) {
      set("options/function-fork", "1");
      limitToThreads(`${path}/set_ftrace_pid`, threads, () => host.threads(request.pid).map(String));
    }
    set("current_tracer", setup.tracer);
    // While somebody has trace_pipe_raw open the tracer cannot be changed.
    reader = openTraceReader(path, host.path("tracefs"));
    const before = reader.stats();
    set("tracing_on", "1");
    startNs = clockNs();
    const cpuBefore = clockNs(CLOCK.PROCESS_CPUTIME_ID);
    request.onReady?.({ functions: 0 });
    const until = startNs + request.durationNs;
    while (!request.signal.aborted && clockNs() < until) {
      await pause(Math.min(LOOK_MS, Math.max(1, (until - clockNs()) / 1e6)), request.signal);
      reader.drain(sink);
    }
    set("tracing_on", "0");
    durationNs = Math.max(1, clockNs() - startNs);
    reader.drain(sink, true);
    const after = reader.stats();
    lost = after.overrun - before.overrun + after.commitOverrun - before.commitOverrun + after.dropped - before.dropped;
    if (lost > 0) {
      notes.push("Events were overwritten before they were read: trace fewer functions, or only one process.");
    }
    const cpu_ns = clockNs(CLOCK.PROCESS_CPUTIME_ID) - cpuBefore;
    return {
      quality: quality({
        events: events(),
        lost_by: { ...(lost > 0 && { ring: lost }), ...(reader.broken > 0 && { read_error: reader.broken }) },
        duration_ns: durationNs,
        cost: { cpu_ns, probe_ns: 0, ratio: cpu_ns / durationNs, estimated: true },
        notes,
      }),
    };
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.code === "EINVAL" && !tracersOf(path).includes(setup.tracer)) {
      throw new UnsupportedError(
        `This kernel has no ${setup.tracer} tracer (available_tracers: ${tracersOf(path).join(", ") || "none"})`,
        setup.tracer === "function_graph" ? "Leave --graph out: calls are counted then." : "Use a kernel with it.",
        { cause: error },
      );
    }
    throw new UnsupportedError(`The kernel refuses to trace functions: ${error.message}`, refusedBecause(error), {
      cause: error,
    });
  } finally {
    reader?.[Symbol.dispose]();
  }
}

/** The tracers of an instance. */
export function tracersOf(path: string): string[] {
  return (readControlOrNull(`${path}/available_tracers`) ?? "").trim().split(/\s+/).filter(Boolean);
}

function refusedBecause({ code }: SysError): string {
  switch (code) {
    case "EPERM":
    case "EACCES":
      return "Look for kernel lockdown or the sysctl kernel.ftrace_enabled; a hypervisor may forbid it. Else run as root.";
    case "EBUSY":
      return "Another tracer, or a live patch, is in the way: `cat /sys/kernel/tracing/current_tracer`.";
    case "ENOMEM":
      return "Its buffers found no memory.";
    default:
      return "";
  }
}
