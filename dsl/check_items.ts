import { adaptLiteral, type Expr, type NamedExpr } from "../core/query/mod.ts";
import { defaultName, nodeText } from "./_node_text.ts";
import type { Stage, StageItem } from "./ast.ts";
import { aType, type CheckContext, checkExpr } from "./check_expr.ts";
import { type FlowColumn, namedColumn } from "./flow.ts";
import { isAbove } from "./check_source.ts";
import type { Span } from "./position.ts";
import { constantScope, type Scope } from "./scope.ts";

export interface NamedItem {
  readonly named: NamedExpr;
  readonly column: FlowColumn;
  readonly span: Span;
}

/** Columns that have a name or get one: those of `select`, `distinct` and `by`. */
export function namedItems(
  items: readonly StageItem[],
  of: string,
  scope: Scope,
  cx: CheckContext,
): NamedItem[] | null {
  const out: NamedItem[] = [];
  for (const item of items) {
    if (item.expr.kind === "missing" || !noOrder(item, of, cx)) return null;
    if (item.expr.kind === "binary" && item.expr.op === "=" && item.expr.left.kind === "path") {
      const { opSpan, left, right } = item.expr;
      cx.out.error(
        opSpan,
        "assignment",
        '"=" names a column in derive only',
        `Write: ${nodeText(right)} as ${nodeText(left)}`,
      );
      return null;
    }
    const expr = checkExpr(item.expr, scope, cx);
    if (!expr) return null;
    const name = item.as?.name ?? defaultName(item.expr);
    if (name === null) {
      cx.out.error(item.span, "column-name", "This column needs a name", `Write: ${nodeText(item.expr)} as NAME`);
      return null;
    }
    if (of === "by" && expr.t.type === "histogram") {
      cx.out.error(item.span, "type", "A histogram is no key to group by");
      return null;
    }
    const text = nodeText(item.expr);
    const alias = item.expr.kind === "path" && !item.as ? [name, text] : [name];
    const calls = item.expr.kind === "call" ? [text] : [];
    out.push({
      named: { name, expr: adaptLiteral(expr, expr.t) },
      column: { ...namedColumn(name, expr.t, undefined, calls), aliases: alias },
      span: item.span,
    });
  }
  return noDuplicates(out.map((o) => o.column), out.map((o) => o.span), cx) ? out : null;
}

export function noDuplicates(columns: readonly FlowColumn[], spans: readonly Span[], cx: CheckContext): boolean {
  const seen = new Set<string>();
  for (const [i, c] of columns.entries()) {
    if (seen.has(c.field)) {
      cx.out.error(spans[i], "duplicate-column", `There are two columns "${c.field}"`, "Name one of them: … as NAME");
      return false;
    }
    seen.add(c.field);
  }
  return true;
}

/** The number of rows of `top` and `limit`: a constant. */
export function checkCount(stage: Stage, example: string, cx: CheckContext): Expr | null {
  const [item, second] = stage.items;
  if (!item) return needs(stage, "a number of rows", example, cx);
  if (second) {
    cx.out.error(second.span, "syntax", `${stage.name.name} takes one number`, `Such as: ${example}`);
    return null;
  }
  if (!bare(item, stage.name.name, cx)) return null;
  const e = checkExpr(item.expr, constantScope(`the number of ${stage.name.name}`), cx);
  if (!e) return null;
  if (e.t.type !== "int") {
    const what = `The number of ${stage.name.name} is an int, here is ${aType(e.t)}`;
    cx.out.error(item.span, "type", what, `Such as: ${example}`);
    return null;
  }
  if (!isAbove(e, -1)) {
    cx.out.error(item.span, "value", `The number of ${stage.name.name} is not below 0`, `Such as: ${example}`);
    return null;
  }
  return e;
}

const BY = "by stands in aggregate, top, sort, detect, join and enrich";

export function noBy(stage: Stage, cx: CheckContext): boolean {
  if (stage.by === null) return true;
  const hint = stage.name.name === "limit" ? "top takes by: | top 10 by cpu" : BY;
  cx.out.error(stage.by[0]?.span ?? stage.span, "syntax", `${stage.name.name} has no "by"`, hint);
  return false;
}

export function noOrder(item: StageItem, of: string, cx: CheckContext): boolean {
  if (item.order === null) return true;
  cx.out.error(
    item.span,
    "syntax",
    `"${item.order}" has no meaning in ${of}`,
    `Sort afterwards: | sort … ${item.order}`,
  );
  return false;
}

export function bare(item: StageItem, of: string, cx: CheckContext): boolean {
  if (item.as) {
    cx.out.error(
      item.as.span,
      "syntax",
      `"as" has no meaning in ${of}`,
      "Columns are named in derive, select and aggregate",
    );
    return false;
  }
  return noOrder(item, of, cx);
}

export function needs(stage: Stage, what: string, example: string, cx: CheckContext): null {
  if (!stage.items.some((i) => i.expr.kind === "missing")) {
    cx.out.error(stage.name.span, "syntax", `${stage.name.name} needs ${what}`, `Such as: ${example}`);
  }
  return null;
}
