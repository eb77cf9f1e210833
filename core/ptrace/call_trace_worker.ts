/**
 * The thread that traces system calls: ptrace(2) belongs to one thread, and its calls block. Told what to do by its first
 * message ({@linkcode CallTraceOrders}), it answers `ready`, then `done` or `failed`.
 *
 * @module
 */
import { UnsupportedError, UsageError } from "../data/mod.ts";
import { type Host, openHost } from "../host/mod.ts";
import { CAP, errnoName, gettid, hasCapability, type HeldChild, memoryReader, spawnHeld } from "../sys/mod.ts";
import { batchWriter } from "./_batch_writer.ts";
import { bothSinks } from "./_both_sinks.ts";
import { AUDIT_ARCH } from "./_call_reader.ts";
import type { CallSink } from "./_call_sink.ts";
import { callTracer } from "./_call_tracer.ts";
import { type CountSink, countSink } from "./_count_sink.ts";
import { jsonSink } from "./_json_sink.ts";
import { AT_FDCWD, createDecoder } from "./decode/mod.ts";
import { stepTracer } from "./_step_tracer.ts";
import { textSink } from "./_text_sink.ts";
import { seccompProgram } from "./seccomp_program.ts";
import type { CallTraceAnswer, CallTraceOrders } from "./trace_calls.ts";

const self = globalThis as unknown as {
  onmessage: (event: MessageEvent<CallTraceOrders>) => void;
  postMessage(answer: CallTraceAnswer): void;
  close(): void;
};

self.onmessage = ({ data }) => {
  try {
    self.postMessage(data.instructions ? countInstructions(data) : run(data));
  } catch (error) {
    const { name, message } = error as Error;
    const remedy = error instanceof UnsupportedError ? error.remedy : error instanceof UsageError ? error.hint : "";
    self.postMessage({ kind: "failed", name, message, remedy });
  }
  self.close();
};

function run(orders: CallTraceOrders): CallTraceAnswer {
  const host = openHost();
  const control = new Int32Array(orders.control);
  const out = orders.output === null ? null : batchWriter(orders.output);
  const counts = orders.counts === "none" ? null : countSink(orders.counts === "wall");
  let threads = (): number => 0;
  const sink = sinkOf(orders, host, out, counts, () => threads());
  const tracer = callTracer(host, sink, {
    follow: orders.follow,
    calls: orders.calls,
    signals: orders.signals,
    withTimes: orders.counts === "wall" || orders.durations || orders.format === "json",
    withSystemTime: orders.counts === "system",
    useRegisters: orders.useRegisters,
  });
  threads = () => tracer.threadCount;
  const child = orders.command === null ? null : start(orders, orders.command);
  try {
    if (child) adopt(child, () => tracer.adopt(child.pid, orders.seccomp, () => child.go()));
    for (const pid of orders.pids) {
      tracer.attach(pid);
      sink.note(`Process ${pid} attached`);
    }
    self.postMessage({ kind: "ready", tid: gettid(), pid: child?.pid ?? 0 });
    tracer.run(out, control);
    sink.end();
    out?.flush();
    if (child && !tracer.executed) throw notExecuted(orders.command!.path, child);
    return {
      kind: "done",
      code: exitCode(tracer.status),
      counts: counts?.counts() ?? [],
      stops: tracer.stops,
      detached: tracer.threads(),
      foreign: [...tracer.foreign],
      filtered: orders.seccomp,
      outputError: out?.error ?? 0,
      processes: [],
      stretches: [],
    };
  } finally {
    // Memory that a child might still run in is left to it.
    if (child && (tracer.executed || tracer.status >= 0)) child[Symbol.dispose]();
  }
}

function countInstructions(orders: CallTraceOrders): CallTraceAnswer {
  const { command, follow, control } = orders;
  if (command === null) throw new UsageError("Instructions are counted of a command only");
  const tracer = stepTracer(openHost(), follow);
  const child = start(orders, command);
  try {
    adopt(child, () => tracer.adopt(child.pid, () => child.go()));
    self.postMessage({ kind: "ready", tid: gettid(), pid: child.pid });
    tracer.run(new Int32Array(control));
    if (!tracer.executed) throw notExecuted(command.path, child);
    return {
      kind: "done",
      code: exitCode(tracer.status),
      counts: [],
      stops: { calls: 0, seccomp: 0, signals: 0, events: 0 },
      detached: [],
      foreign: [],
      filtered: false,
      outputError: 0,
      processes: tracer.processes(),
      stretches: tracer.stretches(),
    };
  } finally {
    if (tracer.executed || tracer.status >= 0) child[Symbol.dispose]();
  }
}

/** As shells have it. @param status as wait(2) describes it; below 0 for none */
function exitCode(status: number): number {
  if (status < 0) return 0;
  const signal = status & 0x7f;
  return signal === 0 ? status >> 8 & 0xff : 128 + signal;
}

function sinkOf(
  orders: CallTraceOrders,
  host: Host,
  out: ReturnType<typeof batchWriter> | null,
  counts: CountSink | null,
  threads: () => number,
): CallSink {
  if (out === null) {
    if (counts === null) throw new UsageError("Neither lines nor counts are wanted");
    return counts;
  }
  const memory = memoryReader(MEMORY_BYTES);
  const fdPath = (pid: number, fd: number): string | null => {
    try {
      return Deno.readLinkSync(fd === AT_FDCWD ? host.path("pid_cwd", pid) : `${host.path("pid_fd", pid)}/${fd}`);
    } catch {
      return null; // it is closed, or its process has ended
    }
  };
  const decoder = createDecoder(memory, {
    stringLimit: orders.stringLimit,
    fdPath: orders.paths ? fdPath : undefined,
  });
  const lines = orders.format === "json" ? jsonSink(out, decoder) : textSink(out, decoder, { ...orders, threads });
  return counts === null ? lines : bothSinks(lines, counts);
}

/** Starts the command, held, with a filter where one is wanted. */
function start({ calls, seccomp }: CallTraceOrders, command: NonNullable<CallTraceOrders["command"]>): HeldChild {
  const filter = seccomp && calls !== null ? seccompProgram(calls, AUDIT_ARCH) : undefined;
  return spawnHeld({
    ...command,
    filter,
    // Without privileges a traced program gains none from its set-user-ID bit anyway (ptrace(2)).
    noNewPrivileges: filter !== undefined && !hasCapability(CAP.SYS_ADMIN),
  });
}

/** @param take takes hold of the child; where that fails nobody would ever let it go. */
function adopt(child: HeldChild, take: () => void): void {
  try {
    take();
  } catch (error) {
    child.end();
    child[Symbol.dispose]();
    throw error;
  }
}

function notExecuted(path: string, child: HeldChild): Error {
  const filter = child.filterResult();
  if (filter < 0) {
    return new UnsupportedError(
      `The kernel refuses a seccomp filter (${errnoName(filter)})`,
      "Use --no-seccomp: unwanted calls stop the command then, and are left out of what is shown",
    );
  }
  const result = child.execResult();
  return new UsageError(`Cannot start "${path}": ${result < 0 ? errnoName(result) : "it was killed before it began"}`);
}

/** The longest piece of memory that is read at once. */
const MEMORY_BYTES = 1 << 16;
