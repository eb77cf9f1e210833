import type { Result } from "../../core/data/mod.ts";
import type { AlertPlan, ExpectPlan, FormPlan, PlanStep } from "../plan.ts";
import type { ConditionInput } from "./condition.ts";
import type { AlertReport, AskReport, ExpectReport, PhaseReport, RunError } from "./report.ts";
import type { RunServices } from "./services.ts";
import type { MoreStages } from "./stage_context.ts";

/** How an `expect` came out in all rounds so far. */
export interface ExpectTally {
  /** The worst of them. */
  report: ExpectReport;
  rounds: number;
  /** Rounds in which it did not pass. */
  bad: number;
}

/** Whether the condition of an alert holds, and since when. */
export interface AlertState {
  /** Milliseconds of the run's clock; null: it does not hold. */
  since: number | null;
  firing: boolean;
}

/** What is known while a plan runs. */
export interface Run extends ConditionInput {
  readonly services: RunServices;
  readonly more: MoreStages | null;
  readonly results: Map<string, Result>;
  readonly missing: Map<string, string>;
  readonly cut: Set<string>;
  readonly restsOn: Map<string, readonly string[]>;
  readonly sampleRows: Map<string, number>;
  /** Names of what is shown; of a round, what that round shows. */
  readonly shown: string[];
  readonly forms: FormPlan[];
  readonly inRounds: string[];
  readonly asks: AskReport[];
  readonly alerts: AlertReport[];
  readonly alertStates: Map<AlertPlan, AlertState>;
  readonly expects: Map<ExpectPlan, ExpectTally>;
  readonly phases: Map<PlanStep, PhaseReport>;
  readonly errors: RunError[];
  readonly saved: string[];
}

/** Adds names that are not there yet. */
export function addNames(list: string[], names: readonly string[]): void {
  list.push(...names.filter((n) => !list.includes(n)));
}

/** An error is told once, however many rounds it comes in. */
export function addError(run: Run, error: RunError): void {
  if (!run.errors.some((e) => e.name === error.name && e.message === error.message)) run.errors.push(error);
}
