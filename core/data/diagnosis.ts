import type { Json } from "./json.ts";
import type { Quality } from "./quality.ts";

/** What a machine can be short of (`reference/tools.json`, generate_diagnosis_report). */
export const BOTTLENECK_TYPES = [
  "cpu_bound",
  "memory_bound",
  "io_bound",
  "network_bound",
  "gpu_bound",
  "lock_contention",
  "scheduler",
  "unknown",
] as const;
/** One of {@linkcode BOTTLENECK_TYPES}. */
export type BottleneckType = (typeof BOTTLENECK_TYPES)[number];

/** How bad it is. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
/** One of {@linkcode SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** Who causes it. For many short-lived processes: the parent or the command. */
export interface Culprit {
  readonly pid: number;
  readonly comm: string;
  readonly function?: string;
  readonly file?: string;
  readonly container?: string;
}

/** A claim and where its number stands: `value` at JSON Pointer `path` in the JSON form of the call `call`. */
export interface EvidenceItem {
  /** `e1`, `e2`, … */
  readonly id: string;
  readonly claim: string;
  readonly tool: string;
  /** Id of a {@linkcode ToolCallRecord}. */
  readonly call: string;
  /** RFC 6901 pointer into the `tool --json` form of that call, e.g. `/results/cpu/rows/0/3`. */
  readonly path: string;
  readonly value: Json;
  readonly unit: string | null;
}

/** One answer among others, likeliest first. */
export interface Finding {
  readonly bottleneck_type: BottleneckType;
  /** Sub-cause in words: "a process spins in one function". */
  readonly cause: string;
  /** Probability, 0–1. */
  readonly confidence: number;
  readonly culprit: Culprit | null;
  /** Ids of evidence items for and against. */
  readonly evidence: readonly string[];
}

/** One cell of the USE matrix. */
export interface UseCell {
  readonly state: "ok" | "bad" | "not_measured";
  /** What was seen, or why nothing was: "not measured: no PSI (CONFIG_PSI=n)". */
  readonly text: string;
  readonly evidence?: string;
}

/** One resource of the USE matrix. */
export interface UseRow {
  /** `cpu`, `memory`, `disk vda`, `network eth0`, `cgroup /x cpu`, … */
  readonly resource: string;
  readonly utilization: UseCell;
  readonly saturation: UseCell;
  readonly errors: UseCell;
}

/** One tool call of an investigation. */
export interface ToolCallRecord {
  /** `c1`, `c2`, … */
  readonly id: string;
  readonly tool: string;
  readonly args: { readonly [key: string]: Json };
  /** Nanoseconds since the investigation began. */
  readonly start_ns: number;
  readonly duration_ns: number;
  readonly ok: boolean;
  readonly error?: string;
  /** The command that reproduces it: `sonde tool cpu_profile '{"pid":1}' --json`. */
  readonly command: string;
}

/** A diagnosis, in the form of `diagnose --json`. */
export interface Diagnosis {
  readonly severity: Severity;
  readonly bottleneck_type: BottleneckType;
  readonly root_cause: string;
  /** Each starts with the id of an evidence item in brackets: `[e1] worker uses 99 % of one CPU`. */
  readonly evidence: readonly string[];
  readonly recommendations: readonly string[];
  /** Probability that the answer as given (type and culprit) is right, 0–1. */
  readonly confidence: number;
  readonly culprit: Culprit | null;
  /** Ranked, the leader first. */
  readonly findings: readonly Finding[];
  readonly evidence_items: readonly EvidenceItem[];
  readonly use_matrix: readonly UseRow[];
  readonly quality: Quality;
  readonly rounds: number;
  readonly tool_calls: readonly ToolCallRecord[];
  readonly elapsed_s: number;
  /** Why the loop ended. */
  readonly ended_by: "confidence" | "exhausted" | "rounds" | "time" | "tokens" | "user" | "error";
  /** What could not be known here, in sentences. */
  readonly not_known: readonly string[];
  readonly question: string;
  readonly driver: string;
}
