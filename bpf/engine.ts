import { UnsupportedError } from "../core/data/errors.ts";
import { exactJson, parseExactJson } from "../core/data/exact_json.ts";
import type { Host } from "../core/host/mod.ts";
import { readNumberFile } from "../core/host/read_number_file.ts";
import type { ProbeEngine, ProbeSession, Support } from "../core/plugin_api/engine.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import { sourceText } from "../core/query/probe_spec.ts";
import { CLOCK, clockNsBig, SysError } from "../core/sys/mod.ts";
import type { Variable } from "./asm/insn.ts";
import { CannotGenerate } from "./codegen/cannot_generate.ts";
import type { Plan } from "./codegen/plan.ts";
import type { OpenCodeReader } from "./decode/code_reader.ts";
import { defect } from "./defect.ts";
import { describePlan, disassemblePlan } from "./describe_plan.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { type LoadedPlan, loadPlan } from "./load.ts";
import { mechanism } from "./mechanisms.ts";
import type { Planner } from "./planner.ts";
import { loadCodeFiles, mayNameFiles } from "./probes/code_files.ts";
import { possibleCpus } from "./possible_cpus.ts";
import { needsOf, type Refusal, refusalOf } from "./refusal.ts";
import { openSession } from "./session.ts";

/** How the records of streams come from the kernel: its ring buffer (since 5.8), or a ring of perf events on each CPU. */
export type StreamWay = "ring" | "perf";

/** Where plans are kept from one run to the next. Keys are texts of any length. */
export interface PlanStore {
  /** Null when there is none. */
  get(key: string): string | null;
  put(key: string, plan: string): void;
}

/** What an engine is made of. What is absent is loaded by {@linkcode ProbeEngine.prepare} when a spec needs it. */
export interface BpfEngineOptions {
  readonly stream?: StreamWay;
  readonly planner?: Planner;
  readonly openCode?: OpenCodeReader;
  readonly store?: PlanStore;
}

/** What is known of a spec. */
interface Known {
  readonly plan: Plan;
  /** It was kept by an earlier run: likely the whole of what is asked for. */
  readonly kept: boolean;
}

/**
 * The engine that compiles probe specs to BPF and loads them with `bpf(2)`. Nothing happens before the first spec.
 *
 * @param host the machine it runs on
 */
export function openBpfEngine(host: Host, options: BpfEngineOptions = {}): ProbeEngine & Disposable {
  const { stream = "ring", store } = options;
  let { planner, openCode } = options;
  let possible: number | undefined;
  const cpus = (): number => possible ??= possibleCpus(host);
  const known = new WeakMap<ProbeSpec, Known>();
  const initial = isInitialNamespace(host);
  /** What `supports` has loaded for `open`. */
  let pending: { readonly spec: ProbeSpec; readonly loaded: LoadedPlan } | null = null;

  const planOf = (spec: ProbeSpec): Known => {
    let found = known.get(spec);
    if (!found) {
      if (!planner) throw new TypeError("This engine is to be prepared for a spec before it is asked");
      const { plan, keeps } = planner.planFor(spec, host, stream);
      if (keeps) store?.put(keyOf(spec), exactJson(plan));
      known.set(spec, found = { plan, kept: false });
    }
    return found;
  };
  /** A spec that cannot be planned needs nothing; why not is told when it is asked for. */
  const needsCode = (spec: ProbeSpec): boolean => {
    try {
      return namesCode(planOf(spec).plan);
    } catch (error) {
      if (error instanceof CannotGenerate) return false;
      throw error;
    }
  };
  const variables = (): Record<Variable, bigint> => ({
    realtime_offset: clockNsBig(CLOCK.REALTIME) - clockNsBig(CLOCK.MONOTONIC),
    self_tgid: BigInt(initial ? Deno.pid : planner!.selfTgidOf(host)),
  });
  const keyOf = (spec: ProbeSpec): string => {
    // A budget is kept by the session; that there is one is in the program.
    const { budget, ...rest } = spec;
    return [stream, cpus(), budget !== undefined, exactJson(rest)].join("\n");
  };
  const forget = (): void => {
    pending?.loaded[Symbol.dispose]();
    pending = null;
  };

  return {
    name: stream === "ring" ? "bpf" : "bpf-perfbuf",
    async prepare(spec): Promise<void> {
      if (!known.has(spec)) {
        const kept = store?.get(keyOf(spec)) ?? null;
        const plan = kept === null ? null : parseExactJson(kept) as Plan;
        if (plan && isCurrent(plan, host)) known.set(spec, { plan, kept: true });
        else {
          planner ??= await import("./planner.ts");
          if (mayNameFiles(exactJson(spec.source))) await loadCodeFiles();
        }
      }
      if (!initial) planner ??= await import("./planner.ts");
      if (!openCode && needsCode(spec)) openCode = (await import("./decode/code_reader.ts")).openCodeReader;
    },
    supports(spec): Support {
      try {
        const { plan, kept } = planOf(spec);
        forget();
        const loaded = loadPlan(plan, host, { variables: variables(), small: !kept });
        if (kept) pending = { spec, loaded };
        else loaded[Symbol.dispose]();
        return { ok: true, accuracy: isSampled(spec) ? "sampled" : "exact" };
      } catch (error) {
        return { ok: false, ...whyNot(error, spec, host, stream) };
      }
    },
    open(spec): ProbeSession {
      try {
        const { plan } = planOf(spec);
        const loaded = pending?.spec === spec ? pending.loaded : loadPlan(plan, host, { variables: variables() });
        if (pending?.spec === spec) pending = null;
        return openSession(plan, loaded, { host, cpus: cpus(), budget: spec.budget, openCode });
      } catch (error) {
        const { reason, remedy } = whyNot(error, spec, host, stream);
        const what = error instanceof CannotGenerate
          ? "The kernel cannot run it"
          : `Cannot attach to ${sourceText(spec.source)}`;
        throw new UnsupportedError(`${what}: ${reason}`, remedy, { cause: error });
      }
    },
    disassemble: (spec) => disassemblePlan(planOf(spec).plan),
    describe: (spec) => describePlan(planOf(spec).plan),
    [Symbol.dispose]: forget,
  };
}

/** Whether tracepoints still have the numbers that a plan has: those of a module that was loaded again have others. */
function isCurrent(plan: Plan, host: Host): boolean {
  return plan.programs.every(({ attach }) =>
    attach.kind !== "tracepoint" ||
    readNumberFile(`${host.path("tracefs")}/events/${attach.name.replace(":", "/")}/id`) === attach.id
  );
}

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_INODE = 0xeffffffc;

function isInitialNamespace(host: Host): boolean {
  return Deno.statSync(host.path("pid_ns_pid")).ino === INITIAL_INODE;
}

/** Whether stacks or functions are to be named. */
function namesCode({ output }: Plan): boolean {
  const structs = output.kind === "stream"
    ? [output.record]
    : [...output.tables.map((t) => t.keys), ...output.highest ? [output.highest.record] : []];
  return structs.flatMap((s) => s.parts).some((p) => p.kind === "stack" || p.kind === "symbol");
}

/** @throws what is a defect of ours */
function whyNot(error: unknown, spec: ProbeSpec, host: Host, stream: StreamWay): Refusal {
  if (error instanceof CannotGenerate) return { reason: error.message, remedy: error.remedy };
  if (error instanceof VerifierError) return defect(error);
  if (!(error instanceof SysError)) throw error;
  // A kernel that does not know a kind of map says EINVAL; one that refuses us says something else.
  const rings = spec.output.kind === "stream" || spec.output.highest !== undefined;
  const noRing = stream === "ring" && rings && error.code === "EINVAL" &&
    mechanism("ring_buffer", host).state === "no";
  if (noRing) return { reason: "the kernel has no ring buffer (Linux 5.8)", remedy: "" };
  return refusalOf(error, sourceText(spec.source), host, needsOf(spec.source));
}

/** Whether events come by the clock or by a counter, and stand for others. */
function isSampled({ source }: ProbeSpec): boolean {
  return source.kind === "event" &&
    source.probes.some((p) => p.kind === "profile" || ("period" in p && p.period > 1));
}
