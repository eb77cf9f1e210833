import type { BottleneckType, Severity } from "../../data/mod.ts";
import cpu from "../knowledge/cpu.json" with { type: "json" };
import io from "../knowledge/io.json" with { type: "json" };
import machine from "../knowledge/machine.json" with { type: "json" };
import memory from "../knowledge/memory.json" with { type: "json" };
import network from "../knowledge/network.json" with { type: "json" };
import scheduler from "../knowledge/scheduler.json" with { type: "json" };

/** A text in the languages of reports. `{scope.field}` is filled in; a text whose field is not known is left out. */
export interface Template {
  readonly en: string;
  readonly zh: string;
  /** Only when this holds (activation at least one half). */
  readonly if?: readonly Term[];
}

/**
 * How far something is the case, 0–1, over facts.
 *
 * - `from`, `to`: rises from 0 to 1 between the two values (falls, when `from` is greater); without `from`, a step;
 * - `has`: the fact's text contains one of the words;
 * - `lacks`: it contains none;
 * - `any`: the strongest of several.
 *
 * Several windows of the same fact: the weakest counts, so that a burst in one of them is no verdict; `over` says
 * otherwise (`any` the strongest, `last` the newest, `half` what at least half of them reach: of two the stronger).
 */
export interface Term {
  readonly fact?: string;
  readonly from?: number;
  readonly to?: number;
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
  readonly any?: readonly Term[];
  readonly over?: "all" | "any" | "last" | "half";
}

/** Log-odds a rule adds: when it holds fully, and when it does not hold at all. Between the two it is linear. */
export type Move = readonly [holds: number, not: number];

/** An observation that moves hypotheses. */
export interface Rule {
  readonly id: string;
  /** Terms that must all hold: the weakest counts. */
  readonly when: readonly Term[];
  /** Hypotheses about the subject that shows it. */
  readonly moves?: { readonly [hypothesis: string]: Move };
  /** Hypotheses about anything else, moved by the subject that shows it most: "someone waits for the disk". */
  readonly others?: { readonly [hypothesis: string]: Move };
  /** Where the knowledge comes from. Rules of one source are not independent: the second counts half, and so on. */
  readonly source: string;
  /** The fact whose cell is cited. */
  readonly cite: string;
  /** What it shows, for the report. */
  readonly claim: Template;
  /** What it shows when it does not hold, to rule rivals out. */
  readonly denial?: Template;
  /** The fact whose cell the denial cites; the same as the claim's, when absent. */
  readonly denialCite?: string;
}

/** A possible answer. */
export interface Hypothesis {
  readonly id: string;
  readonly type: BottleneckType;
  /** Log-odds before anything was seen. */
  readonly prior: number;
  /** What it is about: one candidate for each row of this scope; `machine` has one. */
  readonly subject: string;
  /** Kernel threads may be the culprit. */
  readonly kernelThreads?: boolean;
  /** Sub-cause in a few words, for `findings`. */
  readonly cause: Template;
  /** Sentences of the root cause. */
  readonly rootCause: readonly Template[];
  readonly recommendations: readonly Template[];
  readonly severity: Severity;
  /** Critical instead, when these hold. */
  readonly critical?: readonly Term[];
  /** Facts that make the answer complete: worth a tool call even when nothing else is open. */
  readonly wants?: readonly string[];
  readonly culprit?: CulpritSpec;
}

/** Facts that name the culprit. */
export interface CulpritSpec {
  readonly pid: string;
  readonly comm: string;
  readonly function?: string;
  readonly container?: string;
  /** Nobody is named unless this holds. */
  readonly if?: readonly Term[];
}

/** Which rows of which result facts come from. */
export interface Scope {
  readonly tool: string;
  readonly result: string;
  /** Fields by which a table handed in by a recipe under any name is known for this one. */
  readonly shape?: readonly string[];
  /** Every row is a subject of its own, told apart by this field. */
  readonly key?: string;
  /** Only rows whose field has one of these values. */
  readonly where?: { readonly [field: string]: readonly string[] };
  /** Only rows whose field has none of these values. */
  readonly unless?: { readonly [field: string]: readonly string[] };
  /** The row that belongs to the subject: this field equals (or, for paths, contains) the subject's. */
  readonly join?: { readonly field: string; readonly with: string; readonly as: "equal" | "path" };
  /** Fields whose null means "has none", not "not measured": a cgroup without a quota. */
  readonly none?: readonly string[];
  /** Among the rows left, the one with the greatest or least value. */
  readonly max?: string;
  readonly min?: string;
}

/** A tool worth calling to learn more, and how. `$pid` is the process asked about, or 0. */
export interface Probe {
  readonly tool: string;
  readonly args: { readonly [name: string]: string | number | boolean };
  /** Information it must bring to be worth the while, in nats. */
  readonly cost: number;
}

/** One row, or one row for each subject, of the USE matrix. */
export interface UseSpec {
  readonly resource: string;
  /** Scope of whose rows there is one line each. */
  readonly each?: string;
  /** Only subjects for which this holds. */
  readonly where?: readonly Term[];
  readonly utilization: UseCellSpec;
  readonly saturation: UseCellSpec;
  readonly errors: UseCellSpec;
}

/** One cell: bad when the terms hold at least half. */
export interface UseCellSpec {
  readonly bad?: readonly Term[];
  readonly cite?: string;
  readonly text: readonly Template[];
  /** What is missing when no text can be filled in. */
  readonly missing: Template;
}

/** What cannot be known when no tool of this name is there. */
export interface BlindSpot extends Template {
  readonly tools: readonly string[];
}

/** All that the rules driver knows. */
export interface Knowledge {
  readonly scopes: { readonly [name: string]: Scope };
  readonly hypotheses: readonly Hypothesis[];
  readonly rules: readonly Rule[];
  readonly probes: readonly Probe[];
  readonly use: readonly UseSpec[];
  readonly blind: readonly BlindSpot[];
}

interface Part {
  readonly hypotheses?: unknown;
  readonly rules?: unknown;
}

/** The knowledge that ships, one file for each kind of bottleneck. Checked by a test, not at each start. */
export function builtinKnowledge(): Knowledge {
  const parts: readonly Part[] = [machine, cpu, scheduler, memory, io, network];
  return {
    scopes: machine.scopes as unknown as Knowledge["scopes"],
    hypotheses: parts.flatMap((p) => (p.hypotheses ?? []) as Hypothesis[]),
    rules: parts.flatMap((p) => (p.rules ?? []) as Rule[]),
    probes: machine.probes as unknown as Probe[],
    use: machine.use as unknown as UseSpec[],
    blind: machine.blind as BlindSpot[],
  };
}
