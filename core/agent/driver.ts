import type {
  BottleneckType,
  Culprit,
  Diagnosis,
  EvidenceItem,
  Finding,
  Json,
  Results,
  Severity,
  ToolCallRecord,
  UseRow,
} from "../data/mod.ts";
import type { Tool } from "../plugin_api/mod.ts";

/** The languages a report can be written in. */
export type Lang = "en" | "zh";

/** A tool call a driver wants. */
export interface AgentCall {
  readonly tool: string;
  readonly args: { readonly [key: string]: Json };
  /** True to measure again although the same call was made in the last 60 s. */
  readonly fresh?: boolean;
  /** The driver's own name for the call, handed back in {@linkcode Observation.ref}. */
  readonly ref?: string;
  /** Set when the arguments could not even be read: the observation is this error. */
  readonly broken?: string;
}

/** What a call brought. */
export interface Observation {
  readonly call: ToolCallRecord;
  readonly round: number;
  /** Null when the call failed: then `error` says why. */
  readonly results: Results | null;
  readonly error?: string;
  /** Seconds ago that it was measured, when the answer came from the cache. */
  readonly cachedSecs?: number;
  readonly ref?: string;
}

/** What a driver is told each round. */
export interface AgentState {
  readonly question: string;
  /** The process asked about; 0 is the whole machine. */
  readonly pid: number;
  readonly lang: Lang;
  /** Tools that may be called. */
  readonly tools: readonly Tool[];
  readonly mayCallTools: boolean;
  /** Everything so far, oldest first. */
  readonly observations: readonly Observation[];
  /** The round that is about to begin, from 1. */
  readonly round: number;
  readonly maxRounds: number;
  /** Measuring time left, in nanoseconds. */
  readonly measureLeftNs: number;
  readonly measureNs: number;
  readonly threshold: number;
  /** Tokens left, the answer's reserve not counted. */
  readonly tokensLeft: number;
  readonly signal: AbortSignal;
}

/** The report as a driver gives it; the loop adds what it knows itself. */
export interface Draft {
  readonly severity: Severity;
  readonly bottleneck_type: BottleneckType;
  readonly root_cause: string;
  readonly recommendations: readonly string[];
  readonly confidence: number;
  readonly culprit: Culprit | null;
  readonly findings: readonly Finding[];
  readonly evidence: readonly string[];
  readonly evidence_items: readonly EvidenceItem[];
  readonly use_matrix: readonly UseRow[];
  readonly not_known: readonly string[];
}

/** What a driver answers: calls to make, or the report. */
export type DriverStep =
  | {
    readonly kind: "calls";
    readonly thought: string;
    readonly calls: readonly AgentCall[];
    /** Tokens this step added to the conversation. */
    readonly tokens?: number;
  }
  | {
    readonly kind: "report";
    readonly draft: Draft;
    readonly endedBy: "confidence" | "exhausted";
    readonly tokens?: number;
  };

/** Why a driver must answer now. */
export type ForcedEnd = Exclude<Diagnosis["ended_by"], "confidence" | "exhausted">;

/** What thinks. One driver serves one investigation. */
export interface AgentDriver {
  readonly name: string;
  next(state: AgentState): Promise<DriverStep>;
  /**
   * The best answer from what there is, when the loop ends for another reason than the driver's own. Must not take
   * long; the loop falls back to the rules when it fails.
   */
  conclude(state: AgentState, why: ForcedEnd): Promise<{ readonly draft: Draft; readonly tokens?: number }>;
}
