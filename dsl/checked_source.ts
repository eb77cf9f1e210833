import type { Flow } from "./flow.ts";
import type { SourcePlan } from "./plan.ts";

/** A checked source and what flows out of it. */
export interface CheckedSource {
  readonly plan: SourcePlan;
  readonly flow: Flow;
}
