import {
  type Diagnosis,
  errorText,
  GoneError,
  type Json,
  type Result,
  resultsToJson,
  type Unit,
  UnsupportedError,
  UsageError,
} from "../../core/data/mod.ts";
import type { FormPlan } from "../plan.ts";

/** What came of running a recipe. */
export interface RecipeReport {
  readonly recipe: string;
  readonly title: string;
  /** Every result by name, those of blocks that ran included. */
  readonly results: Readonly<Record<string, Result>>;
  /** Names of those that are shown, in their order. */
  readonly shown: readonly string[];
  /** How those are shown of which the recipe says it. */
  readonly forms: readonly FormPlan[];
  /** Names of shown results that each round of `every` told of when it was over. */
  readonly inRounds: readonly string[];
  readonly alerts: readonly AlertReport[];
  readonly asks: readonly AskReport[];
  readonly expects: readonly ExpectReport[];
  readonly phases: readonly PhaseReport[];
  /** What could not be done; the rest was. */
  readonly errors: readonly RunError[];
  /** Files that were written. */
  readonly saved: readonly string[];
  /** The user ended it before its time. */
  readonly interrupted: boolean;
}

/** The answer to a question. */
export interface AskReport {
  readonly question: string;
  readonly diagnosis: Diagnosis | null;
  /** Why there is none; empty otherwise. */
  readonly error: string;
}

/** How an `expect` came out. */
export interface ExpectReport {
  /** The condition as written. */
  readonly text: string;
  readonly outcome: "pass" | "fail" | "inconclusive";
  /** What was compared: the left side of a comparison, in its base unit; else the truth of the condition. */
  readonly value: Json;
  readonly unit: Unit;
  /** What `else` says when it failed; why it is inconclusive, and how to allow it. Empty for a pass. */
  readonly message: string;
}

/** An alert that fired. */
export interface AlertReport {
  readonly message: string;
  /** The condition as written; empty without. */
  readonly text: string;
  /** Nanoseconds since 1970, in decimal digits. */
  readonly time_ns: string;
  /** What was compared, as of {@linkcode ExpectReport}. */
  readonly value: Json;
  readonly unit: Unit;
  /** Names of the results that go with it. */
  readonly results: readonly string[];
}

/** What came of one round of `every`. */
export interface RoundReport {
  /** Counted from 1. */
  readonly round: number;
  /** When it began: nanoseconds since 1970. */
  readonly startNs: bigint;
  /** Those that it shows, in their order. */
  readonly results: Readonly<Record<string, Result>>;
  readonly forms: readonly FormPlan[];
}

/** Pipelines that ran together. */
export interface PhaseReport {
  /** Of the last round, where it ran in several. */
  readonly duration_ns: number;
  readonly pipelines: readonly PipelineReport[];
  /** How often it ran, in `every`. */
  readonly rounds?: number;
}

/** How a pipeline ran. */
export interface PipelineReport {
  readonly name: string;
  /** Name of the probe engine, or null for a collector's own rows. */
  readonly engine: string | null;
  /** Stages that the engine did. */
  readonly pushed: number;
  /** Stages that were done here. */
  readonly local: number;
}

/** Something that failed. */
export interface RunError {
  /** Name of the result that is missing, or of what was to be saved. */
  readonly name: string;
  readonly what: "pipeline" | "save" | "ask" | "alert";
  /** `usage`: the recipe or its parameters are wrong; `unsupported`: the machine does not allow it. */
  readonly kind: "usage" | "unsupported" | "defect";
  /** What failed, and on further lines what can be done. */
  readonly message: string;
}

/** A caught error as a report. */
export function runError(name: string, what: RunError["what"], error: unknown): RunError {
  const kind = error instanceof UsageError || error instanceof GoneError
    ? "usage"
    : error instanceof UnsupportedError || (error instanceof Error && "remedy" in error)
    ? "unsupported"
    : "defect";
  // Errors of system calls carry what to do in a field of their own.
  const remedy = kind === "unsupported" && !(error instanceof UnsupportedError)
    ? String((error as { remedy?: unknown }).remedy ?? "")
    : "";
  return { name, what, kind, message: errorText(error) + (remedy ? `\n${remedy}` : "") };
}

/** The form of `run --json`. Results are those that are shown. */
export function reportToJson(report: RecipeReport): Readonly<Record<string, Json>> {
  const shown = Object.fromEntries(
    report.shown.flatMap((n) => Object.hasOwn(report.results, n) ? [[n, report.results[n]]] : []),
  );
  return {
    schema: 1,
    recipe: report.recipe,
    results: resultsToJson(shown),
    forms: report.forms.map(({ result, form }) => ({ result, form })),
    asks: report.asks as unknown as Json,
    alerts: report.alerts as unknown as Json,
    expects: report.expects as unknown as Json,
    phases: report.phases as unknown as Json,
    errors: report.errors as unknown as Json,
    saved: report.saved,
    interrupted: report.interrupted,
  };
}

/**
 * 0 done; 1 an expect failed or was inconclusive; 2 nothing could run and the recipe is to blame; 3 the machine allowed
 * none of it, or a file could not be written or a question not be answered. Where some pipelines ran, the failure of
 * others matters only to the expects that need them.
 */
export function exitCode(report: RecipeReport): 0 | 1 | 2 | 3 {
  const failed = report.errors.filter((e) => e.what === "pipeline");
  if (failed.length > 0 && Object.keys(report.results).length === 0) {
    return failed.every((e) => e.kind === "usage") ? 2 : 3;
  }
  if (report.expects.some((e) => e.outcome !== "pass")) return 1;
  return report.errors.some((e) => e.what !== "pipeline") ? 3 : 0;
}
