import type { PerfPlan, RolePlan } from "./plan.ts";

/** All parts that probes play in a plan. */
export function rolesOf(source: PerfPlan["source"]): readonly RolePlan[] {
  return source.kind === "event" ? [source.events] : [source.start, source.end, source.cancel, source.mark];
}
