import type { AlertPlan } from "../plan.ts";
import { constantValue } from "./bind.ts";
import { conditionTruth, conditionValue } from "./condition.ts";
import { type AlertReport, runError } from "./report.ts";
import { addError, type Run } from "./run_state.ts";

/** More are not listed: an alert that flaps every second for a day. */
const MAX_ALERTS = 10_000;

/** Looks at an alert: it fires when its condition has come true, and again only after it was not. */
export async function runAlert(step: AlertPlan, run: Run): Promise<void> {
  const { services } = run;
  const now = (services.now ?? (() => performance.now()))();
  const state = run.alertStates.get(step) ?? { since: null, firing: false };
  run.alertStates.set(step, state);
  const holds = step.condition === null || conditionTruth(step.condition, run) === true;
  if (!holds) {
    state.since = null;
    state.firing = false;
    return;
  }
  state.since ??= now;
  const least = step.holdFor ? Number(constantValue(step.holdFor, run.bindings)) / 1e6 : 0;
  // Without a condition it is an event, not a state.
  if (state.firing && step.condition !== null || now - state.since < least) return;
  state.firing = true;
  const wall = services.wallNs?.() ?? BigInt(Date.now()) * 1_000_000n;
  const { value, unit } = step.condition ? conditionValue(step.condition, run) : { value: null, unit: null };
  const report: AlertReport = {
    message: step.message,
    text: step.condition?.text ?? "",
    time_ns: wall.toString(),
    value,
    unit,
    results: step.results,
  };
  if (run.alerts.length < MAX_ALERTS) run.alerts.push(report);
  try {
    await services.alert?.(report);
  } catch (error) {
    addError(run, runError(step.message, "alert", error));
  }
}
