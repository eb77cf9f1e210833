import { type Expr, MAX_IN_FLIGHT, type ProbePoint } from "../core/query/mod.ts";
import { isFloatType } from "../core/query/type_classes.ts";
import type { Collected, CollectSource, ExprNode, ProbeText } from "./ast.ts";
import { aType, type CheckContext, checkExpr } from "./check_expr.ts";
import type { CheckedSource } from "./checked_source.ts";
import { fieldsOf, renamed } from "./expr_fields.ts";
import type { Flow } from "./flow.ts";
import type { RecipeRegistry } from "./registry.ts";
import { type Resolved, resolveProbes } from "./resolve_points.ts";
import { columnScope, typeOfField } from "./scope.ts";
import { sideField, spanFlow, type SpanSide, spanSide } from "./span_flow.ts";

type SpanSource = Extract<Collected, { kind: "span" }>;

/** One `==` of `on`: both sides over their own fields. */
interface KeyPair {
  readonly start: Expr;
  readonly end: Expr;
}

/** Checks `collect span A -> B on … cancel C`. Null when something is wrong. */
export function checkSpan(
  source: CollectSource,
  what: SpanSource,
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  if (source.includeSelf) {
    cx.out.warn(source.includeSelf, "include-self", `"include self" changes nothing: a span leaves nothing out`);
  }
  const starts = sideOf(what.starts, registry, cx);
  const ends = sideOf(what.ends, registry, cx);
  const cancels = what.cancels.length > 0 ? sideOf(what.cancels, registry, cx) : undefined;
  if (!starts || !ends || cancels === null) return null;
  const flow = spanFlow(starts, ends);
  cx.observer?.flow(what.span.start, flow);
  const keys = what.on === null ? threadKeys(what, starts, ends, cx) : onKeys(what.on, flow, cx);
  const cancelKey = keys && cancels ? cancelKeys(keys, cancels, cx) : [];
  if (!keys || !cancelKey) return null;
  return {
    plan: {
      kind: "probes",
      source: {
        kind: "pair",
        starts: starts.found.points,
        ends: ends.found.points,
        startKey: keys.map((k) => k.start),
        endKey: keys.map((k) => k.end),
        cancels: cancels?.found.points ?? [],
        cancelKey,
        maxInFlight: MAX_IN_FLIGHT,
      },
      duration,
      includeSelf: true,
    },
    flow,
  };
}

function sideOf(texts: readonly ProbeText[], registry: RecipeRegistry, cx: CheckContext): SpanSide | null {
  const found: Resolved<ProbePoint> | null = resolveProbes(texts, registry, cx);
  return found && spanSide(texts, found, registry);
}

const EXAMPLE = "Write: on start.tid == end.tid";

/** Without `on`: the same thread. */
function threadKeys(what: SpanSource, starts: SpanSide, ends: SpanSide, cx: CheckContext): KeyPair[] | null {
  const [start, end] = [sideField(starts, "tid"), sideField(ends, "tid")];
  if (start && end) {
    return [{
      start: { op: "field", name: "tid", t: typeOfField(start) },
      end: { op: "field", name: "tid", t: typeOfField(end) },
    }];
  }
  const side = start ? "end" : "start";
  cx.out.error(
    what.span,
    "on",
    `The ${side} of this span knows no thread: say what joins it`,
    `Add: on start.… == end.…`,
  );
  return null;
}

function onKeys(on: ExprNode, flow: Flow, cx: CheckContext): KeyPair[] | null {
  const columns = flow.columns.filter((c) => c.field !== "duration");
  const scope = columnScope(flow.of, columns, flow);
  const keys: KeyPair[] = [];
  const parts = conjuncts(on);
  for (const part of parts) {
    if (part.kind === "missing") return null;
    if (part.kind !== "binary" || (part.op !== "==" && part.op !== "=")) {
      const hint = `${EXAMPLE}; other conditions stand in | filter`;
      cx.out.error(part.span, "on", `"on" joins a start with its end by == and "and"`, hint);
      continue;
    }
    const e = checkExpr(part, scope, cx);
    if (e?.op !== "binary") continue;
    const pair = keyPair(e.left, e.right);
    if (!pair) {
      const hint = `${EXAMPLE}; conditions on one of them stand in | filter`;
      cx.out.error(part.span, "on", "One side of == is over start.*, the other over end.*", hint);
      continue;
    }
    const odd = [e.left.t, e.right.t].find((t) => isFloatType(t.type));
    if (odd) {
      cx.out.error(part.span, "type", `Starts and ends are joined by whole numbers and text, here is ${aType(odd)}`);
      continue;
    }
    keys.push(pair);
  }
  return keys.length === parts.length ? keys : null;
}

function conjuncts(node: ExprNode): ExprNode[] {
  return node.kind === "binary" && node.op === "and" ? [...conjuncts(node.left), ...conjuncts(node.right)] : [node];
}

/** The two sides, each with the bare names of its own fields; null when they are not one of the start and one of the end. */
function keyPair(left: Expr, right: Expr): KeyPair | null {
  const [l, r] = [bare(left), bare(right)];
  if (l?.side === "start" && r?.side === "end") return { start: l.expr, end: r.expr };
  return l?.side === "end" && r?.side === "start" ? { start: r.expr, end: l.expr } : null;
}

function bare(e: Expr): { side: "start" | "end"; expr: Expr } | null {
  const names = fieldsOf(e).map((f) => f.name);
  for (const side of ["start", "end"] as const) {
    if (names.length === 0 || !names.every((n) => n.startsWith(`${side}.`))) continue;
    return { side, expr: renamed(e, (name) => name.slice(side.length + 1)) };
  }
  return null;
}

/** For each key what is asked of the cancelling probes: as of the end if they have all that it names, else as of the start. */
function cancelKeys(keys: readonly KeyPair[], cancels: SpanSide, cx: CheckContext): Expr[] | null {
  const has = (e: Expr): boolean => fieldsOf(e).every((f) => sideField(cancels, f.name)?.type === f.t.type);
  const out: Expr[] = [];
  for (const { start, end } of keys) {
    const key = has(end) ? end : has(start) ? start : null;
    if (key) {
      out.push(key);
      continue;
    }
    const needed = (e: Expr): string => fieldsOf(e).map((f) => `${f.name} (${f.t.type})`).join(", ");
    const names = [...cancels.common.builtins.map((f) => f.name), ...cancels.common.args.map((f) => `args.${f.name}`)];
    const texts = cancels.texts.map((t) => t.text).join(", ");
    cx.out.error(
      { start: cancels.texts[0].span.start, end: cancels.texts[cancels.texts.length - 1].span.end },
      "cancel",
      `${texts} cannot tell which start it cancels: it has neither ${needed(end)} nor ${needed(start)}`,
      `Fields: ${names.join(", ")}`,
    );
    return null;
  }
  return out;
}
