import { type Batch, cellAt, type Frame, GoneError, UnsupportedError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import {
  classifyWait,
  type OffCpuRequest,
  type OffCpuSampler,
  type ThreadTime,
  type Wait,
  waitChannel,
} from "../core/profile/off_cpu/mod.ts";
import { pause } from "../core/sys/mod.ts";
import { fieldRef, literal, test } from "../core/query/build.ts";
import type { Expr, NamedExpr, ProbePoint, ProbeSpec } from "../core/query/mod.ts";
import { openProbe } from "./engines.ts";

const SWITCH: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_switch" };
const ROUND_MS = 50;
const RING_BYTES = 8 << 20;
/** Bits of `prev_state` of the tracepoint that are bits of the task's state; 0x100 and above say other things there. */
const STATE_BITS = 0xff;

/**
 * Measures times off the CPU by pairs of switches, on any engine that takes probes: generated BPF programs (which need no
 * libbpf), or perf events. Every wait above the minimum comes out as a row. There are no wakers, and what waits for the whole
 * window is not seen.
 */
export function offCpuByProbes(host: Host): OffCpuSampler {
  return async (request) => {
    const { durationNs, minBlockNs, signal } = request;
    if (request.cgroup !== undefined) {
      throw new UnsupportedError(
        "Without the off-CPU program, a cgroup cannot be told apart",
        "Install libbpf 1.x, or give a process.",
      );
    }
    if (request.pid > 0 && host.processStat(request.pid) === null) {
      throw new GoneError(`There is no process ${request.pid}`);
    }
    using session = await openProbe(host, specOf(request));
    request.onReady?.();
    const waits: Wait[] = [];
    const threads = new Map<number, { -readonly [K in keyof ThreadTime]: ThreadTime[K] }>();
    const end = performance.now() + durationNs / 1e6;
    while (performance.now() < end && !signal.aborted) {
      await pause(Math.min(ROUND_MS, Math.max(0, end - performance.now())), signal);
      read(host, session.drain(), waits, threads);
    }
    const { batch, quality } = session.finish();
    read(host, batch, waits, threads);
    const notes = [
      ...quality.notes,
      "User stacks are by frame pointers only; who ended a wait is not known, and what waited for the whole window was not seen.",
    ];
    return { engine: "probe", waits, threads: [...threads.values()], minBlockNs, quality: { ...quality, notes } };
  };
}

function specOf({ pid, minBlockNs }: OffCpuRequest): ProbeSpec {
  const named = (name: string, expr: Expr): NamedExpr => ({ name, expr });
  const filters = [
    // The idle task of each CPU waits for nothing.
    test("!=", fieldRef("start.args.prev_pid", "tid"), literal(0, "tid")),
    test(">=", fieldRef("duration", "duration"), literal(Math.round(minBlockNs), "duration")),
    ...(pid > 0 ? [test("==", fieldRef("start.pid", "pid"), literal(pid, "pid"))] : []),
  ];
  return {
    source: {
      kind: "pair",
      starts: [SWITCH],
      ends: [SWITCH],
      startKey: [fieldRef("args.prev_pid", "tid")],
      endKey: [fieldRef("args.next_pid", "tid")],
      cancels: [],
      cancelKey: [],
      maxInFlight: 16_384,
    },
    steps: filters.map((expr) => ({ kind: "filter", expr })),
    output: {
      kind: "stream",
      fields: [
        named("pid", fieldRef("start.pid", "pid")),
        named("tid", fieldRef("start.tid", "tid")),
        named("comm", fieldRef("start.comm", "string")),
        named("state", fieldRef("start.args.prev_state", "int")),
        named("duration", fieldRef("duration", "duration")),
        named("stack", fieldRef("start.stack", "stack")),
      ],
      ringBytes: RING_BYTES,
    },
    includeSelf: false,
  };
}

function read(
  host: Host,
  batch: Batch,
  waits: Wait[],
  threads: Map<number, { -readonly [K in keyof ThreadTime]: ThreadTime[K] }>,
): void {
  for (let i = 0; i < batch.length; i++) {
    const [pid, tid, comm, state, duration, stack] = batch.columns.map((c) => cellAt(c, i));
    const totalNs = Number(duration);
    const frames = (Array.isArray(stack) ? stack : []) as readonly Frame[];
    const kernel = frames.filter((f) => f.kind === "kernel").map((f) => f.function).reverse();
    const bits = Number(state) & STATE_BITS;
    const reason = classifyWait({
      state: bits,
      ioWait: kernel.some((name) => name.startsWith("io_schedule")),
      // The entry function of a system call is on the kernel's stack.
      syscall: /^__(?:x64|arm64)_sys_(.+)$/.exec(kernel.find((name) => /^__(x64|arm64)_sys_/.test(name)) ?? "")?.[1] ??
        "",
      kernel,
      user: frames.some((f) => f.kind !== "kernel"),
      timedOut: false,
    });
    let thread = threads.get(Number(tid));
    if (!thread) {
      const times = { onNs: NaN, offNs: 0, queuedNs: 0, shortNs: 0, shorts: 0 };
      threads.set(Number(tid), thread = { pid: Number(pid), tid: Number(tid), comm: String(comm), ...times });
    }
    thread.offNs += totalNs;
    const queuedNs = bits === 0 ? totalNs : 0;
    thread.queuedNs += queuedNs;
    const name = pid === tid ? String(comm) : host.processStat(Number(pid))?.comm ?? String(comm);
    const bucket = Math.floor(Math.log2(Math.max(1, totalNs)));
    waits.push({
      pid: Number(pid),
      tid: Number(tid),
      comm: name,
      thread: name === comm ? "" : String(comm),
      reason,
      syscall: "",
      channel: bits === 0 ? "" : waitChannel(kernel),
      frames,
      waker: null,
      count: 1,
      totalNs,
      queuedNs,
      maxNs: totalNs,
      buckets: Array.from({ length: bucket + 1 }, (_, b) => b === bucket ? 1 : 0),
      sinceStart: false,
      open: false,
    });
  }
}
