import type { Results } from "../../core/data/mod.ts";
import type { Investigator } from "../../core/plugin_api/mod.ts";
import type { AskPlan } from "../plan.ts";
import { constantValue } from "./bind.ts";
import { type AskReport, runError } from "./report.ts";
import { addError, type Run } from "./run_state.ts";
import type { RunServices } from "./services.ts";

/** Measuring time of an `investigate` without `for`. */
const INVESTIGATE_NS = 8e9;

/** Hands a question and the results that it is about to the investigator. */
export async function runAsk(step: AskPlan, run: Run): Promise<void> {
  const { services } = run;
  const answer = (diagnosis: AskReport["diagnosis"], error: string): void => {
    run.asks.push({ question: step.question, diagnosis, error });
  };
  const given: Results = Object.fromEntries(step.results.flatMap((n) => {
    const result = run.results.get(n);
    return result ? [[n, result]] : [];
  }));
  if (step.results.length > 0 && Object.keys(given).length === 0) {
    answer(null, "None of the results it is about could be measured");
    return;
  }
  try {
    const investigator = await investigatorOf(services);
    const measureNs = step.tools
      ? Number(step.duration ? constantValue(step.duration, run.bindings) : INVESTIGATE_NS)
      : 0;
    const inquiry = { question: step.question, pid: 0, measureNs, given, mayCallTools: step.tools };
    answer(await investigator.investigate(inquiry, services.context), "");
  } catch (error) {
    const e = runError(step.question, "ask", error);
    addError(run, e);
    answer(null, e.message);
  }
}

async function investigatorOf(services: RunServices): Promise<Investigator> {
  const { investigator } = services;
  if (!investigator) throw new TypeError("nobody is there to answer questions");
  return typeof investigator === "function" ? await investigator() : investigator;
}
