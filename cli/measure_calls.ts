import { didYouMean, type Results, UnsupportedError, UsageError } from "../core/data/mod.ts";
import type { Host } from "../core/host/mod.ts";
import type { CallsRequest } from "../core/plugin_api/mod.ts";
import { type CallTarget, callTargetText } from "../core/query/mod.ts";
import { MAX_TARGETS } from "../bpf/calls/attach_limit.ts";
import { measureCalls as measure } from "../bpf/calls/measure_calls.ts";
import { syscallBelow } from "../bpf/calls/syscall_below.ts";
import { callProblem, matchCalls } from "../bpf/list_probes.ts";
import { mechanism } from "../bpf/mechanisms.ts";
import { loadCodeFiles } from "../bpf/probes/code_files.ts";
import { syscallNumber } from "../core/host/syscall_name.ts";
import { readTarget, type WrittenTarget } from "./call_targets.ts";
import { askEngines } from "./engines.ts";

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 0xeffffffc;
/** Slowest calls that are listed when nothing is said. */
const SLOWEST = 10;

/**
 * Measures the calls of functions by the best engine.
 *
 * @throws {UsageError} when there is no such function, or a wildcard means too many
 * @throws {UnsupportedError} when the kernel does not let it be traced
 */
export async function measureCalls(host: Host, request: CallsRequest): Promise<Results> {
  const { targets, pid, slowest = SLOWEST, minNs = 0, errors = false, stacks = false, engine } = request;
  await loadCodeFiles();
  const { requireEngine } = await import("../core/engine/choose_engine.ts");
  const written = targets.map((text) => readTarget(text, (name) => syscallNumber(name) !== null));
  const notes = written.flatMap((w) => w.note ?? []);
  const replaced = written.flatMap((w) => insteadOf(w, host, notes) ?? [w]);
  const found = new Map<string, CallTarget>();
  for (const w of replaced) for (const t of functionsOf(w, host)) found.set(callTargetText(t), t);
  if (found.size > MAX_TARGETS) throw tooMany(`They are ${found.size} functions`);
  const initial = (Deno.statSync(host.path("pid_ns_pid")).ino ?? INITIAL_PID_NAMESPACE) === INITIAL_PID_NAMESPACE;
  const follow = request.follow === true && initial;
  if (request.follow && !initial) {
    notes.push("Only the process itself: children are followed in the initial pid namespace.");
  }
  const shape = {
    targets: [...found.values()],
    pid,
    follow,
    slowest,
    minNs,
    errors,
    stacks,
    attachBy: request.attachBy,
  };
  return await measure(host, shape, {
    durationNs: request.durationNs,
    signal: request.signal,
    onReady: request.onReady,
    notes,
    choose: async (spec) => requireEngine(await askEngines(host, spec, engine), spec),
  });
}

/** Where kernel functions cannot be traced, the entry of a system call still can: by its tracepoint. */
function insteadOf({ target, pattern }: WrittenTarget, host: Host, notes: string[]): WrittenTarget[] | null {
  if (target.kind !== "kernel") return null;
  const kprobe = mechanism("kprobe", host);
  if (kprobe.state === "yes" || mechanism("fentry", host).state === "yes") return null;
  const below = syscallBelow(target.symbol, (name) => syscallNumber(name) !== null);
  if (below?.same && !pattern) {
    const { names } = below;
    const what = names.length === 1 ? `the system call ${names[0]}, which was` : `${names.join(", ")}, which were`;
    notes.push(
      `The kernel does not let functions of its own be traced; ${target.symbol} is the entry of ${what} measured instead.`,
    );
    return names.map((name) => ({ target: { kind: "syscall", name }, pattern: false, note: null }));
  }
  const advice = below
    ? `${target.symbol} is called by system calls, which can be traced here: syscall:${below.names[0]}`
    : "System calls can be traced here (syscall:NAME, syscall:*), functions of programs (user:PATH:NAME), and tracepoints " +
      "(`sonde list probes 'tracepoint:*'`)";
  throw new UnsupportedError(
    `The kernel refuses kernel:${target.symbol}: ${kprobe.reason}`,
    // With the right to, it may well trace them.
    kprobe.missing?.length
      ? kprobe.remedy
      : `${advice}. A kernel with CONFIG_KPROBES or CONFIG_FUNCTION_TRACER traces its functions.`,
  );
}

/** @throws {UsageError} when there is none */
function functionsOf({ target, pattern }: WrittenTarget, host: Host): readonly CallTarget[] {
  const text = callTargetText(target);
  if (!pattern) {
    const problem = callProblem(target, host);
    if (problem === null) return [target];
    const [message, ...hints] = problem.split("\n");
    throw new UsageError(`${text}: ${message}`, [...hints, similar(target, host)].filter(Boolean).join(" "));
  }
  const { targets, total } = matchCalls(target, host, MAX_TARGETS);
  if (total > MAX_TARGETS) throw tooMany(`${text} is ${total} functions`);
  if (total === 0) {
    const problem = target.kind === "user" ? callProblem({ ...target, symbol: "main" }, host) : null;
    const hint = problem?.startsWith("there is no")
      ? problem.split("\n")[0]
      : "`sonde list probes 'kprobe:*'` lists functions.";
    throw new UsageError(`Nothing matches ${text}`, hint);
  }
  return targets;
}

/** Names that are near, for what was mistyped: of all that begin with the same letter. */
function similar(target: CallTarget, host: Host): string {
  if (target.kind === "syscall" || target.symbol.length < 3) return "";
  const { targets } = matchCalls({ ...target, symbol: `${target.symbol[0]}*` }, host, Infinity);
  return didYouMean(target.symbol, targets.flatMap((t) => t.kind === "syscall" ? [] : t.symbol));
}

function tooMany(what: string): UsageError {
  return new UsageError(`${what}; at most ${MAX_TARGETS} are measured at once`, "Narrow the wildcard.");
}
