import { type Quality, quality } from "../../data/mod.ts";
import type { PerfPlan } from "./plan.ts";
import { rolesOf } from "./roles_of.ts";

/** What a session counted. */
export interface SessionCounts {
  readonly plan: PerfPlan;
  readonly durationNs: number;
  /** Own CPU time, ns. */
  readonly cpuNs: number;
  /** Rows that passed the steps. */
  readonly rows: number;
  /** Samples that were read, whatever became of them. */
  readonly samples: number;
  /** Those of them that held a call chain. */
  readonly chains: number;
  readonly lost: {
    readonly ring: number;
    readonly hardware: number;
    readonly broken: number;
    readonly mapFull: number;
    /** Starts that were open when events were lost. */
    readonly doubtful: number;
    /** Calls that probes by breakpoint missed. */
    readonly unseen: number;
  };
  /** Lost records of tasks and mappings. */
  readonly lostRecords: number;
  readonly unmatched: Quality["unmatched"];
  /** Events whose task's name is not known. */
  readonly unnamed: number;
  readonly initialNamespace: boolean;
  /** How often the kernel took fewer samples to protect itself. */
  readonly throttled: number;
  readonly missingCpus: readonly number[];
  /** Stacks at the limit of frames. */
  readonly truncated: number;
  readonly notes: readonly string[];
}

/** What a sample costs the task that it happens to, in ns, and what its call chain adds: docs/internals/perf_event.md. */
const ESTIMATED_SAMPLE_NS = 300;
const ESTIMATED_CHAIN_NS = 500;

/** How good a session's result is. */
export function sessionQuality(c: SessionCounts): Quality {
  const lost_by: Record<string, number> = {};
  const lose = (why: string, n: number): void => {
    if (n > 0) lost_by[why] = n;
  };
  lose("ring", c.lost.ring);
  lose("hardware", c.lost.hardware);
  lose("read_error", c.lost.broken);
  lose("map_full", c.lost.mapFull);
  lose("doubtful_pairs", c.lost.doubtful);
  lose("missed", c.lost.unseen);
  const notes = [...c.notes];
  if (c.unnamed > 0) {
    const why = c.initialNamespace
      ? "nothing told of their tasks: very short ones may be missed"
      : "their tasks are in other pid namespaces, which this engine cannot name";
    notes.push(`${c.unnamed} events have no comm (null): ${why}.`);
  }
  if (c.lostRecords > 0) {
    notes.push(`${c.lostRecords} records of forks, names or mappings were lost: some names may be those of before.`);
  }
  if (c.throttled > 0) notes.push(`The kernel throttled the event ${c.throttled} times: it took fewer samples then.`);
  if (c.missingCpus.length > 0) notes.push(`Not seen: CPU ${c.missingCpus.join(", ")}, offline.`);
  const probe_ns = (c.samples + c.lost.ring) * ESTIMATED_SAMPLE_NS + c.chains * ESTIMATED_CHAIN_NS;
  return quality({
    events: c.rows,
    lost_by,
    truncated: c.truncated,
    unmatched: c.unmatched,
    sampling: fractionOf(c.plan),
    duration_ns: c.durationNs,
    cost: { cpu_ns: c.cpuNs, probe_ns, ratio: (c.cpuNs + probe_ns) / c.durationNs, estimated: true },
    notes,
  });
}

/** Part of what happened that became samples; the least of all probes. */
function fractionOf({ source }: PerfPlan): number {
  return Math.min(1, ...rolesOf(source).flatMap((r) => r.points.map((p) => p.fraction ?? 1)));
}
