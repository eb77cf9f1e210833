import { UnsupportedError } from "../../data/mod.ts";
import { type Host, mountTracefs, openTraceEvents, parseCpuList, type TraceEvents } from "../../host/mod.ts";
import { defineProbes } from "../../ftrace/mod.ts";
import { encodeAttr, SAMPLE } from "../../perf/mod.ts";
import type { ProbeEngine, ProbeSession, Support } from "../../plugin_api/mod.ts";
import { probePointText, type ProbeSpec, sourceText } from "../../query/mod.ts";
import { perfEventOpen, SysError } from "../../sys/mod.ts";
import { CannotTrace } from "./cannot_trace.ts";
import { functionPoints, isFunctionPoint } from "./function_point.ts";
import { type PerfPoint, perfPoint } from "./perf_point.ts";
import { type PerfPlan, planPerf } from "./plan.ts";
import type { ProbeResolver } from "./probe_resolver.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { rolesOf } from "./roles_of.ts";
import { openPerfSession, type PerfMachine } from "./session.ts";

/** Number of the initial pid namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 0xeffffffc;

/** What the engine is given by whoever puts it together. */
export interface PerfEngineOptions {
  /** Loads what knows functions; without it there are no probes of functions. */
  readonly resolver?: () => Promise<ProbeResolver>;
}

/**
 * The engine that has the kernel write each event into a ring (`perf_event_open(2)`) and does the rest here: filters,
 * pairs, aggregates. For kernels, or privileges, without BPF. Nothing happens before the first spec.
 *
 * @param host the machine it runs on
 * @param options what it is given
 */
export function perfEngine(host: Host, options: PerfEngineOptions = {}): ProbeEngine {
  let resolver: ProbeResolver | undefined;
  let traceEvents: TraceEvents | undefined;
  const events = (): TraceEvents => traceEvents ??= openTraceEvents(host);
  const answers = new Map<string, Refusal | null>();
  let known: PerfMachine | undefined;
  const machine = (): PerfMachine =>
    known ??= {
      host,
      cpus: parseCpuList(Deno.readTextFileSync(host.path("cpu_online"))),
      initialNamespace: (Deno.statSync(host.path("pid_ns_pid")).ino ?? INITIAL_PID_NAMESPACE) === INITIAL_PID_NAMESPACE,
    };
  const planOf = (spec: ProbeSpec): PerfPlan =>
    planPerf(
      spec,
      (point) => resolver && isFunctionPoint(point) ? functionPoints(point, resolver) : perfPoint(point, events),
    );

  /** Opens one event of a kind, once: tracepoints are alike in what they take, other events each have their own. */
  const tryKind = (p: PerfPoint): Refusal | null => {
    const { point } = p;
    const kind = p.define?.kind ?? (p.event.raw ? "tracepoint" : probePointText(point));
    const answer = answers.get(kind);
    if (answer !== undefined) return answer;
    let refusal: Refusal | null = null;
    try {
      const sampleType = SAMPLE.TID | SAMPLE.TIME | (p.event.raw ? SAMPLE.RAW : 0);
      using probe = p.define ? defineProbes(host, [p.define]) : null;
      const config = probe?.ids[0] ?? p.event.attr.config;
      const attr = encodeAttr({ ...p.event.attr, config, disabled: true, sampleType });
      perfEventOpen(attr, -1, machine().cpus[0])[Symbol.dispose]();
    } catch (error) {
      refusal = refusalOf(error, probePointText(point), host);
    }
    if (refusal === null || refusal.lasting) answers.set(kind, refusal);
    return refusal;
  };

  return {
    name: "perf",
    async prepare(spec): Promise<void> {
      if (!namesFunctions(spec.source)) return;
      const problem = mountTracefs(host);
      if (problem === null) resolver ??= await options.resolver?.();
    },
    supports(spec): Support {
      try {
        const plan = planOf(spec);
        for (const p of pointsOf(plan)) {
          const refusal = tryKind(p);
          if (refusal) return { ok: false, reason: refusal.reason, remedy: refusal.remedy };
        }
        return { ok: true, accuracy: plan.accuracy };
      } catch (error) {
        if (error instanceof CannotTrace) return { ok: false, reason: error.message, remedy: error.remedy };
        throw error;
      }
    },
    open(spec): ProbeSession {
      try {
        return openPerfSession(planOf(spec), machine());
      } catch (error) {
        if (error instanceof CannotTrace) {
          throw new UnsupportedError(`Perf events cannot run it: ${error.message}`, error.remedy, { cause: error });
        }
        if (!(error instanceof SysError)) throw error;
        const { reason, remedy } = refusalOf(error, sourceText(spec.source), host);
        throw new UnsupportedError(`Cannot watch ${sourceText(spec.source)}: ${reason}`, remedy, { cause: error });
      }
    },
  };
}

function namesFunctions(source: ProbeSpec["source"]): boolean {
  if (source.kind === "calls") return source.targets.some((t) => t.kind !== "syscall");
  const points = source.kind === "event"
    ? source.probes
    : [...source.starts, ...source.ends, ...source.cancels, ...source.marks ?? []];
  return points.some(isFunctionPoint);
}

function pointsOf({ source }: PerfPlan): PerfPoint[] {
  return rolesOf(source).flatMap((r) => r.points);
}
