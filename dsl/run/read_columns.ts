import type { Expr } from "../../core/query/mod.ts";
import type { StagePlan } from "../plan.ts";
import { operandsOf } from "./bind.ts";
import { definesColumns, exprsOf } from "./stage_exprs.ts";

/** Stages that only need what their expressions name, and pass on what they get. */
const PASS_ON: readonly StagePlan["kind"][] = ["filter", "derive", "sort", "top", "limit", "sample"];

/** The columns that stages read before one of them defines all columns anew; null where all are read. */
export function readColumns(stages: readonly StagePlan[]): ReadonlySet<string> | null {
  const end = stages.findIndex((s) => !PASS_ON.includes(s.kind));
  // What a plugin reads is known to itself.
  if (end < 0 || !definesColumns(stages[end]) || stages[end].kind === "plugin") return null;
  const names = new Set<string>();
  const note = (e: Expr): void => {
    if (e.op === "field") names.add(e.name);
    operandsOf(e).forEach(note);
  };
  for (const stage of stages.slice(0, end + 1)) exprsOf(stage).forEach(note);
  return names;
}
