import { type Frame, GoneError, type Quality, quality, UnsupportedError } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { syscallName } from "../../core/host/syscall_name.ts";
import { keptTables } from "../../core/profile/kept_tables.ts";
import {
  classifyWait,
  classifyWaker,
  type OffCpuRequest,
  type OffCpuSampler,
  type ThreadTime,
  type Wait,
  waitChannel,
  type Waker,
} from "../../core/profile/off_cpu/mod.ts";
import { pause } from "../../core/sys/mod.ts";
import type { Symboliser } from "../../core/symbols/mod.ts";
import { type OffCpu, type RawOffCpu, type RawWait, startOffCpu } from "../programs/off_cpu.ts";
import { kernelFrames, type NamedStack, type UserStacks, userStacks } from "../user_stacks/mod.ts";

/** Of a user's stack. Those of waiting threads are seldom deep, and what is missing is counted. */
const COPY_BYTES = 16_384;
/** How often copies are taken out of their ring, and processes of a cgroup looked for. Milliseconds. */
const ROUND_MS = 100;
/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_NAMESPACE = 0xeffffffc;

/** Measures times off the CPU by a program in the kernel (`off_cpu.bpf.c`): the sampler `bpf`. */
export function bpfOffCpuSampler(host: Host): OffCpuSampler {
  return async (request) => {
    checkRequest(host, request);
    const method = request.unwind === "fp" || request.unwind === "dwarf" ? request.unwind : "auto";
    const copyBytes = method === "fp" ? 0 : COPY_BYTES;
    const stacks = userStacks(host, method, copyBytes);
    const inGroup = (): number[] => request.cgroup === undefined ? [] : processesOf(host, request.cgroup);
    using running = startOffCpu({
      host,
      ...pidsOf(request, inGroup),
      minNs: request.minBlockNs,
      copyBytes,
    });
    request.onReady?.();
    await collect(running, request, stacks.collect, inGroup);
    const raw = running.read();
    await request.onCollected?.();
    stacks.collect.see(new Set(raw.waits.flatMap((w) => [w.pid, w.waker.pid]).filter((pid) => pid > 0)));
    const symboliser = keptTables(host).symbolisers.start();
    await symboliser.prepare(stacks.used());
    const named = nameWaits(host, raw, symboliser, stacks.name(raw.stacks, symboliser));
    return {
      engine: "bpf",
      waits: named.waits,
      threads: raw.threads.map((t): ThreadTime => ({ ...t })),
      minBlockNs: request.minBlockNs,
      quality: qualityOf(raw, named, request, copyBytes, symboliser.notes()),
    };
  };
}

function checkRequest(host: Host, { pid, unwind, cgroup }: OffCpuRequest): void {
  if (unwind === "lbr") {
    throw new UnsupportedError("Branch records tell nothing of a thread that waits", "Use --unwind auto, dwarf or fp.");
  }
  if (Deno.statSync(host.path("pid_ns_pid")).ino !== INITIAL_NAMESPACE) {
    throw new UnsupportedError(
      "The off-CPU program knows numbers of the initial pid namespace only",
      "Run outside of containers.",
    );
  }
  if (cgroup !== undefined && host.cgroup(pathOf(cgroup)) === null && processesOf(host, cgroup).length === 0) {
    throw new GoneError(`There is no cgroup "${cgroup}"`);
  }
  if (pid > 0 && host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
}

function pidsOf({ pid, cgroup }: OffCpuRequest, inGroup: () => number[]): { readonly pids?: readonly number[] } {
  if (cgroup === undefined) return pid > 0 ? { pids: [pid] } : {};
  const members = inGroup();
  return { pids: pid > 0 ? members.filter((p) => p === pid) : members };
}

/** Processes of a cgroup and of those below it. Membership is looked up, which works for every hierarchy. */
function processesOf(host: Host, cgroup: string): number[] {
  const path = pathOf(cgroup);
  const isIn = (p: string): boolean => path === "/" || p === path || p.startsWith(`${path}/`);
  return host.pids().filter((pid) => host.processCgroups(pid).some(isIn));
}

function pathOf(cgroup: string): string {
  return `/${cgroup.replace(/^\/+|\/+$/g, "")}`;
}

/** Until the window ends: unwinds what is copied. */
async function collect(
  running: OffCpu,
  { durationNs, signal, pid, cgroup }: OffCpuRequest,
  stacks: Pick<UserStacks, "add" | "see">,
  inGroup: () => number[],
): Promise<void> {
  const end = performance.now() + durationNs / 1e6;
  for (;;) {
    const left = end - performance.now();
    if (left <= 0 || signal.aborted) break;
    await pause(Math.min(left, ROUND_MS), signal);
    running.drain(stacks.add);
    if (pid > 0) stacks.see([pid]);
    else if (cgroup !== undefined) running.watch(inGroup());
  }
  running.stop();
  running.drain(stacks.add);
}

/** Waits with names, and what is known of their stacks. */
interface Named {
  readonly waits: Wait[];
  /** Waits whose user stack ends before its root, by reason. */
  readonly failures: Record<string, number>;
  /** Waits whose user stack frame pointers gave. */
  readonly byFramePointer: number;
  /** Waits with a user stack. */
  readonly withUser: number;
}

function nameWaits(host: Host, raw: RawOffCpu, symboliser: Symboliser, user: UserStacks["of"]): Named {
  const kernelStacks = new Map<bigint, readonly Frame[]>();
  const kernel = (id: bigint): readonly Frame[] => {
    let frames = kernelStacks.get(id);
    if (!frames) kernelStacks.set(id, frames = waitFrames(raw.stacks.get(id), symboliser));
    return frames;
  };
  const wholes = new Map<string, readonly Frame[]>();
  const join = (a: NamedStack, id: bigint, key: string): readonly Frame[] => {
    const whole = wholes.get(key) ?? [...a.frames, ...kernel(id)];
    wholes.set(key, whole);
    return whole;
  };
  const comms = processNames(host, raw);
  const failures: Record<string, number> = {};
  let byFramePointer = 0;
  let withUser = 0;

  const wakerOf = ({ waker }: RawWait): Waker | null => {
    if (waker.context === null) return null;
    if (waker.context !== "task") {
      const frames = kernel(waker.kernelStack);
      const kind = classifyWaker(waker.context, leafFirst(frames));
      return { kind, name: `[${kind}]`, tid: 0, pid: 0, frames };
    }
    const { tid, pid, kernelStack, userStack, sp } = waker;
    const frames = join(
      user({ tid, sp, chain: userStack, mark: 0 }, pid),
      kernelStack,
      `${tid} ${sp} ${userStack} ${kernelStack}`,
    );
    return { kind: "task", name: waker.comm, tid, pid, frames };
  };
  const waits = raw.waits.map((w): Wait => {
    const stack = user({ tid: w.tid, sp: w.sp, chain: w.userStack, mark: 0 }, w.pid);
    if (stack.end !== "none") {
      withUser += w.count;
      if (!stack.unwound) byFramePointer += w.count;
      if (stack.end !== "root") failures[stack.end] = (failures[stack.end] ?? 0) + w.count;
    }
    const functions = leafFirst(kernel(w.kernelStack));
    const waker = wakerOf(w);
    const syscall = w.syscall >= 0 ? syscallName(w.syscall) : "";
    const comm = comms.get(w.pid) ?? w.comm;
    return {
      pid: w.pid,
      tid: w.tid,
      comm,
      thread: w.comm === comm ? "" : w.comm,
      reason: classifyWait({
        state: w.state,
        ioWait: w.ioWait,
        syscall,
        kernel: functions,
        user: w.syscall !== -1 || stack.frames.length > 0,
        timedOut: waker?.kind === "timer",
      }),
      syscall,
      channel: w.state === 0 ? "" : waitChannel(functions),
      frames: join(stack, w.kernelStack, `${w.tid} ${w.sp} ${w.userStack} ${w.kernelStack}`),
      waker,
      count: w.count,
      totalNs: w.totalNs,
      queuedNs: w.queuedNs,
      maxNs: w.maxNs,
      buckets: w.buckets,
      sinceStart: w.sinceStart,
      open: w.open,
    };
  });
  return { waits, failures, byFramePointer, withUser };
}

/** Names of processes: those of their main threads. */
function processNames(host: Host, { threads, waits }: RawOffCpu): ReadonlyMap<number, string> {
  const names = new Map(threads.filter((t) => t.tid === t.pid).map((t) => [t.pid, t.comm]));
  for (const { pid } of waits) {
    if (names.has(pid)) continue;
    const comm = host.processStat(pid)?.comm;
    if (comm !== undefined) names.set(pid, comm);
  }
  return names;
}

function waitFrames(ips: BigUint64Array | undefined, symboliser: Symboliser): readonly Frame[] {
  const frames = kernelFrames(ips, symboliser);
  let end = frames.length;
  // All that leave have these on top, but those that are found waiting.
  for (const name of ["__schedule", "schedule"]) if (frames[end - 1]?.function === name) end--;
  return end < frames.length ? frames.slice(0, end) : frames;
}

/** The kernel's functions of a stack. */
function leafFirst(frames: readonly Frame[]): string[] {
  return frames.filter((f) => f.kind === "kernel").map((f) => f.function).reverse();
}

function qualityOf(
  raw: RawOffCpu,
  named: Named,
  request: OffCpuRequest,
  copyBytes: number,
  notes: readonly string[],
): Quality {
  const all = [...notes];
  const { byFramePointer, withUser, failures } = named;
  if (copyBytes > 0 && byFramePointer > 0) {
    all.unshift(
      `The user stacks of ${byFramePointer} of ${withUser} waits are by frame pointers only: no copy of the stack was made there.`,
    );
  } else if (copyBytes === 0 && withUser > 0) {
    all.unshift(
      "User stacks are by frame pointers only: the caller of a function of the C library is missing where that has none.",
    );
  }
  if (raw.copiesMissed > 0) all.push(`${raw.copiesMissed} copies of stacks were not made: too many at once.`);
  if (raw.lostNs > 0) all.push(`${(raw.lostNs / 1e6).toFixed(1)} ms of waits are missing: too many distinct ones.`);
  if (request.pid === 0 && request.cgroup === undefined) all.push("Kernel threads are left out.");
  return quality({
    events: named.waits.reduce((n, w) => n + w.count, 0),
    lost_by: raw.lostBy,
    truncated: raw.cutStacks,
    unwind_failures_by: failures,
    duration_ns: raw.durationNs,
    cost: raw.cost,
    notes: all,
  });
}
