import { aggregateType, isProblem, isSummable } from "../core/query/mod.ts";
import { DETECT_THRESHOLD, type DetectMethod } from "../core/stats/detect.ts";
import type { Stage, StageItem } from "./ast.ts";
import { aType, checkExpr } from "./check_expr.ts";
import { bare, namedItems, needs } from "./check_items.ts";
import { isAbove } from "./check_source.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { type Flow, namedColumn } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import { constantScope, type Scope } from "./scope.ts";

const EXAMPLE = "| detect p99_duration, mad, 3.5 by comm";

/** Checks `detect X [, METHOD [, THRESHOLD]] [by KEY, …]`. Null when something is wrong. */
export function checkDetect(stage: Stage, flow: Flow, scope: Scope, cx: PipelineContext): CheckedStage | null {
  const [item, methodItem, thresholdItem, more] = stage.items;
  if (!item) return needs(stage, "a value", EXAMPLE, cx);
  if (more) {
    cx.out.error(more.span, "syntax", "detect takes a value, a method and a threshold", `Such as: ${EXAMPLE}`);
    return null;
  }
  for (const i of [item, methodItem, thresholdItem]) if (i && !bare(i, "detect", cx)) return null;
  const value = checkExpr(item.expr, scope, cx);
  const method = methodItem ? methodOf(methodItem, cx) : "mad";
  const keys = stage.by ? namedItems(stage.by, "by", scope, cx) : [];
  if (!value || !method || !keys) return null;
  if (!isSummable(value.t.type) || value.t.type === "bool") {
    cx.out.error(item.span, "type", `detect looks at numbers, here is ${aType(value.t)}`, `Such as: ${EXAMPLE}`);
    return null;
  }
  const threshold = thresholdItem
    ? checkExpr(thresholdItem.expr, constantScope("the threshold"), cx)
    : ({ op: "lit", value: DETECT_THRESHOLD[method], t: { type: "float", unit: null } } as const);
  if (!threshold) return null;
  if (threshold.t.type !== "int" && threshold.t.type !== "float") {
    const message = `The threshold is a number of standard deviations, here is ${aType(threshold.t)}`;
    cx.out.error(thresholdItem.span, "type", message, `Such as: ${EXAMPLE}`);
    return null;
  }
  if (thresholdItem && !isAbove(threshold, 0)) {
    cx.out.error(thresholdItem.span, "value", "The threshold is above 0", `Such as: ${EXAMPLE}`);
    return null;
  }
  const mean = aggregateType("avg", [value.t]);
  const columns = [
    namedColumn("expected", isProblem(mean) ? value.t : mean, "What the value was expected to be"),
    namedColumn("score", { type: "float", unit: null }, "How far it is from that, in standard deviations"),
    namedColumn("anomaly", { type: "bool", unit: null }, "Whether it is further away than the threshold"),
  ];
  const clash = columns.find((c) => scope.name(c.field));
  if (clash) {
    const message = `There is a column "${clash.field}" already, which detect adds`;
    cx.out.error(stage.name.span, "duplicate-column", message, "Rename it before: | select … as NAME");
    return null;
  }
  return {
    plans: [{ kind: "detect", value, method, threshold, keys: keys.map((k) => k.named.expr) }],
    flow: { ...flow, atSource: undefined, columns: [...flow.columns, ...columns] },
  };
}

function methodOf(item: StageItem, cx: PipelineContext): DetectMethod | null {
  const names = Object.keys(DETECT_THRESHOLD) as DetectMethod[];
  const { expr } = item;
  if (expr.kind === "missing") return null;
  const found = names.find((m) => expr.kind === "path" && expr.name === m);
  if (found) return found;
  const hints = [expr.kind === "path" ? didYouMean(expr.name, names) : "", `Methods: ${names.join(", ")}`];
  cx.out.error(item.span, "detect", "This is no method of detection", hints.filter(Boolean).join("\n"));
  return null;
}
