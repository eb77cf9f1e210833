import {
  type AggregateSpec,
  callTargetText,
  type Expr,
  exprText,
  type NamedExpr,
  probePointText,
  type ProbeSpec,
  type SourceSpec,
} from "../core/query/mod.ts";
import { renamed } from "./expr_fields.ts";
import type { JoinPlan, SortPlan, StagePlan } from "./plan.ts";

/** A stage as the language writes it. */
export function stageText(stage: StagePlan): string {
  switch (stage.kind) {
    case "filter":
      return `filter ${exprText(stage.expr)}`;
    case "derive":
      return `derive ${stage.derived.map((d) => `${d.name} = ${exprText(d.expr)}`).join(", ")}`;
    case "select":
      return `select ${columnsText(stage.columns)}`;
    case "distinct":
      return `distinct ${columnsText(stage.columns)}`.trimEnd();
    case "aggregate":
      return aggregateText(stage.keys, stage.aggregates);
    case "sort":
      return `sort ${sortText(stage.keys)}`;
    case "top":
      return `top ${exprText(stage.count)} by ${sortText(stage.keys)}`;
    case "limit":
      return `limit ${exprText(stage.count)}`;
    case "sample":
      return `sample ${exprText(stage.size)}`;
    case "join":
      return joinText(stage);
    case "detect": {
      const by = stage.keys.length > 0 ? ` by ${stage.keys.map(exprText).join(", ")}` : "";
      return `detect ${exprText(stage.value)}, ${stage.method}, ${exprText(stage.threshold)}${by}`;
    }
    case "plugin": {
      const args = [...Object.values(stage.columns), ...stage.args.map((a) => exprText(a.expr))].join(", ");
      return `${stage.stage} ${args}${stage.by.length > 0 ? ` by ${stage.by.join(", ")}` : ""}`.trimEnd();
    }
  }
}

function joinText(stage: JoinPlan): string {
  const keys = stage.leftKeys.map((k, i) => {
    const [left, right] = [exprText(k), exprText(stage.rightKeys[i])];
    return left === right ? left : `${left} == ${stage.right}.${right}`;
  });
  const kind = stage.word === "enrich" || stage.join === "inner" ? "" : `, ${stage.join}`;
  return `${stage.word} ${stage.right}${kind} by ${keys.join(", ")}`;
}

/** What an engine is asked for, without its source: filters, then the aggregate or the fields of the stream. */
export function specText(spec: ProbeSpec): string {
  const steps = spec.steps.map((s) =>
    s.kind === "filter" ? `filter ${exprText(s.expr)}` : `derive ${s.derived.name} = ${exprText(s.derived.expr)}`
  );
  const { output } = spec;
  const last = output.kind === "aggregate"
    ? aggregateText(output.keys, output.aggregates)
    : `stream of ${output.fields.map((f) => f.name).join(", ")}`;
  return [...steps, last].join(" | ");
}

/** A source as the language writes it, wildcards expanded; of many probes the first, and how many there are. */
export function sourceWords(source: SourceSpec): string {
  switch (source.kind) {
    case "event":
      return some(source.probes.map(probePointText));
    case "calls":
      return `calls ${some(source.targets.map(callTargetText))}`;
    case "pair": {
      const side = (key: Expr, name: string): string => exprText(renamed(key, (f) => `${name}.${f}`));
      const on = (keys: readonly Expr[], name: string): string =>
        source.startKey.map((e, i) => `${side(e, "start")} == ${side(keys[i], name)}`).join(" and ");
      const { marks = [], markKey = [] } = source;
      const mark = marks.length > 0 ? ` mark ${some(marks.map(probePointText))} on ${on(markKey, "mark")}` : "";
      const cancel = source.cancels.length > 0 ? ` cancel ${some(source.cancels.map(probePointText))}` : "";
      return `span ${some(source.starts.map(probePointText))} -> ${some(source.ends.map(probePointText))} on ${
        on(source.endKey, "end")
      }${cancel}${mark}`;
    }
  }
}

const MOST = 8;

function some(texts: readonly string[]): string {
  if (texts.length <= MOST) return texts.join(", ");
  return `${texts.slice(0, MOST - 1).join(", ")} and ${texts.length - MOST + 1} more`;
}

function columnsText(columns: readonly NamedExpr[]): string {
  return columns.map(({ name, expr }) => {
    const text = exprText(expr);
    return expr.op === "field" && name === text.replaceAll(".", "_") ? text : `${text} as ${name}`;
  }).join(", ");
}

function aggregateText(keys: readonly NamedExpr[], aggregates: readonly AggregateSpec[]): string {
  const calls = aggregates.map((a) => {
    const args = a.args.map(exprText);
    const usual = [a.fn, ...args].join("_").replaceAll(".", "_");
    return `${a.fn}(${args.join(", ")})${usual === a.name ? "" : ` as ${a.name}`}`;
  });
  return `aggregate ${calls.join(", ")}${keys.length > 0 ? ` by ${columnsText(keys)}` : ""}`;
}

function sortText(keys: readonly SortPlan[]): string {
  return keys.map((k) => `${exprText(k.expr)} ${k.descending ? "desc" : "asc"}`).join(", ");
}
