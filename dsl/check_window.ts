import type { Expr, NamedExpr } from "../core/query/mod.ts";
import type { Stage } from "./ast.ts";
import { aType, checkExpr } from "./check_expr.ts";
import { bare, needs, noBy } from "./check_items.ts";
import { checkDuration } from "./check_source.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { type Flow, namedColumn } from "./flow.ts";
import type { Scope } from "./scope.ts";

/** The column that `window` adds. */
export const WINDOW = "window";
const TIME = { type: "time", unit: "ns" } as const;
const EXAMPLE = "| window 1s | aggregate count() by comm";

/** Checks `window DURATION [, TIME]`: a column with the start of each row's window, by which the next aggregate groups. */
export function checkWindow(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  if (!noBy(stage, cx)) return null;
  const [size, column, more] = stage.items;
  if (!size) return needs(stage, "a length", EXAMPLE, cx);
  if (more) {
    cx.out.error(more.span, "syntax", "window takes a length and a column of times", "Such as: | window 1s, end.time");
    return null;
  }
  if (!bare(size, "window", cx) || (column && !bare(column, "window", cx))) return null;
  const step = checkDuration(size.expr, "the window", cx);
  if (!step) return null;
  let time: Expr | null;
  if (column) {
    time = checkExpr(column.expr, scope, cx);
    if (time && time.t.type !== "time") {
      cx.out.error(
        column.span,
        "type",
        `window needs a column of times, here is ${aType(time.t)}`,
        `Such as: ${EXAMPLE}`,
      );
      return null;
    }
  } else time = timeOf(flow, scope);
  if (!time) {
    if (!column) noTime(stage, "window", flow, cx);
    return null;
  }
  if (scope.name(WINDOW)) {
    const message = `There is a column "${WINDOW}" already`;
    cx.out.error(stage.name.span, "duplicate-column", message, "Rename it before: | select … as NAME");
    return null;
  }
  const derived = { name: WINDOW, expr: binOf(time, step) };
  const doc = "Start of the window in which the row lies";
  return {
    plans: [{ kind: "derive", derived: [derived] }],
    flow: { ...flow, columns: [...flow.columns, namedColumn(WINDOW, TIME, doc)], window: step },
  };
}

/** The time of a row: its builtin, that of a span's start, or the only column of times. */
export function timeOf(flow: Flow, scope: Scope): Expr | null {
  for (const name of ["time", "start.time", "round_time"]) {
    const found = scope.name(name);
    if (found?.t.type === "time") return found;
  }
  const times = flow.columns.filter((c) => c.t.type === "time");
  return times.length === 1 ? { op: "field", name: times[0].field, t: times[0].t } : null;
}

/** Reports that the rows of a flow have no time, or several. */
export function noTime(at: { readonly name: Stage["name"] }, word: string, flow: Flow, cx: PipelineContext): void {
  const times = flow.columns.filter((c) => c.t.type === "time").map((c) => c.aliases[0] ?? c.field);
  const [message, hint] = times.length > 1
    ? [`${flow.of} has several times: which one?`, `Add it: ${word} …, ${times[0]}`]
    : [
      `${word} needs a column of times, and ${flow.of} has none`,
      "Events of probes have one, and so do collectors of events",
    ];
  cx.out.error(at.name.span, "time", message, hint);
}

/** The start of the window in which a time lies: `time - time % step`, so that engines can compute it. */
export function binOf(time: Expr, step: Expr): Expr {
  const rest: Expr = { op: "binary", fn: "%", left: time, right: step, t: { type: "duration", unit: "ns" } };
  return { op: "binary", fn: "-", left: time, right: rest, t: TIME };
}

/** The key of an aggregate over windows. */
export const WINDOW_KEY: NamedExpr = { name: WINDOW, expr: { op: "field", name: WINDOW, t: TIME } };
