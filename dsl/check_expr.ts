import { UsageError } from "../core/data/mod.ts";
import {
  adaptLiteral,
  AGGREGATES,
  type BinaryOp,
  binaryType,
  callType,
  compileRegex,
  type Expr,
  inType,
  isProblem,
  SCALARS,
  type TypeProblem,
  unaryType,
  type ValueType,
  valueType,
} from "../core/query/mod.ts";
import { nodeText } from "./_node_text.ts";
import type { BinaryNode, CallNode, ExprNode } from "./ast.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { fieldsOf } from "./expr_fields.ts";
import { readNumber } from "./literal.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { Observer } from "./observer.ts";
import type { Span } from "./position.ts";
import type { Scope } from "./scope.ts";

/** What the checks of one recipe share. */
export interface CheckContext {
  readonly out: Diagnostics;
  /** Types of the parameters declared so far. */
  readonly params: Map<string, ValueType>;
  /** Names of the parameters that were used. */
  readonly used: Set<string>;
  /** Aggregations that plugins add, loaded or not. */
  readonly aggregations?: readonly string[];
  /** For editors: is told what is known at each place. */
  readonly observer?: Observer;
}

/**
 * Resolves the names of an expression and gives it its types. Null when something is wrong: it has been reported, and
 * what follows from it is not.
 */
export function checkExpr(node: ExprNode, scope: Scope, cx: CheckContext): Expr | null {
  switch (node.kind) {
    case "missing":
      return null;
    case "number": {
      const n = readNumber(node.text);
      if (n.ok) return { op: "lit", value: n.value, t: n.t };
      cx.out.error(node.span, "number", n.message, n.hint);
      return null;
    }
    case "string":
      return { op: "lit", value: node.value, t: valueType("string") };
    case "bool":
      return { op: "lit", value: node.value, t: valueType("bool") };
    case "null":
      return { op: "lit", value: null, t: { type: "null", unit: null } };
    case "param":
      return checkParam(node.name, node.span, cx);
    case "path":
      return scope.name(node.name) ?? unknownName(node.name, node.span, scope, cx);
    case "call":
      return checkCall(node, scope, cx);
    case "unary": {
      const arg = checkExpr(node.arg, scope, cx);
      if (!arg) return null;
      const t = unaryType(node.op, arg.t);
      return isProblem(t) ? report(t, node.span, cx) : { op: "unary", fn: node.op, arg, t };
    }
    case "binary":
      return checkBinary(node, scope, cx);
    case "list":
      cx.out.error(node.span, "type", "A list stands only right of `in`", 'Such as: comm in ("bash", "sh")');
      return null;
  }
}

/** An expression of one wanted type. */
export function checkTyped(
  node: ExprNode,
  type: ValueType["type"],
  what: string,
  example: string,
  scope: Scope,
  cx: CheckContext,
): Expr | null {
  const checked = checkExpr(node, scope, cx);
  if (!checked) return null;
  const wanted = valueType(type === "null" ? "int" : type);
  const e = adaptLiteral(checked, wanted);
  if (e.t.type === type) return e;
  cx.out.error(node.span, "type", `${what} is a ${type}, here is ${aType(e.t)}`, example && `Such as: ${example}`);
  return null;
}

function checkParam(name: string, span: Span, cx: CheckContext): Expr | null {
  const t = cx.params.get(name);
  cx.used.add(name);
  if (t?.type === "null") return null; // its declaration was reported
  if (t) return { op: "param", name, t };
  const names = [...cx.params.keys()].map((n) => `$${n}`);
  const hint = didYouMean(`$${name}`, names) || (names.length > 0 ? `Parameters: ${names.join(", ")}` : "");
  cx.out.error(span, "unknown-param", `There is no parameter "$${name}"`, hint || `Declare it: param ${name} = …`);
  return null;
}

function unknownName(name: string, span: Span, scope: Scope, cx: CheckContext, advice = ""): null {
  const refused = scope.refuse?.(name);
  if (refused) {
    cx.out.error(span, "unknown-field", refused.message, refused.hint);
    return null;
  }
  const names = scope.names();
  const message = names.length === 0 ? `"${name}" has no meaning in ${scope.of}` : `${scope.of} has no field "${name}"`;
  if (cx.params.has(name) || names.length === 0) {
    const hint = cx.params.has(name) ? `The parameter is written $${name}` : "Only constants and $parameters";
    cx.out.error(span, "unknown-field", message, hint);
    return null;
  }
  const hints = [didYouMean(name, names), advice, `Fields: ${names.join(", ")}`, scope.note];
  cx.out.error(span, "unknown-field", message, hints.filter(Boolean).join("\n"));
  return null;
}

function checkCall(node: CallNode, scope: Scope, cx: CheckContext): Expr | null {
  const column = scope.call?.(nodeText(node));
  if (column) return column;
  const fn = node.name.name;
  if (!SCALARS.has(fn)) {
    if (AGGREGATES.has(fn)) {
      const hint = scope.call ? `First: | aggregate ${nodeText(node)}` : "";
      cx.out.error(node.span, "aggregate", `"${fn}" aggregates rows: it stands in aggregate`, hint);
    } else {
      const names = [...SCALARS.keys()];
      const hints = [didYouMean(fn, [...names, ...AGGREGATES.keys()]), `Functions: ${names.join(", ")}`];
      cx.out.error(
        node.name.span,
        "unknown-function",
        `There is no function "${fn}"`,
        hints.filter(Boolean).join("\n"),
      );
    }
    return null;
  }
  const given = plainArgs(node, scope, cx);
  if (!given) return null;
  const args = SCALARS.get(fn)!.atSource ? sourceArgs(node, given, scope, cx) : given;
  if (!args) return null;
  const t = callType(fn, args.map((a) => a.t));
  return isProblem(t) ? report(t, node.span, cx) : { op: "call", fn, args, t };
}

/** The arguments of what only an engine computes; `usym` of an address alone is of the process of its event. */
function sourceArgs(node: CallNode, args: Expr[], scope: Scope, cx: CheckContext): Expr[] | null {
  const fn = node.name.name;
  if (!scope.atSource) {
    const message = `"${fn}" names code while its event is seen: ${scope.of} is no probe`;
    cx.out.error(
      node.span,
      "at-source",
      message,
      `Write it before select and aggregate, or as a key: by ${fn}(…) as name`,
    );
    return null;
  }
  if (fn !== "usym" || args.length !== 1) return args;
  const sides = new Set(fieldsOf(args[0]).map((f) => /^(start|end)\./.exec(f.name)?.[0] ?? ""));
  const [side = ""] = sides;
  const pid = sides.size > 1 ? undefined : scope.name(`${side}pid`);
  if (pid) return [...args, pid];
  cx.out.error(node.span, "at-source", "Whose address this is, is not known", `Add the process: ${fn}(…, start.pid)`);
  return null;
}

/** The arguments of a function, which have no names. Null when any is wrong. */
export function plainArgs(node: CallNode, scope: Scope, cx: CheckContext): Expr[] | null {
  const args: Expr[] = [];
  for (const arg of node.args) {
    if (arg.name) {
      cx.out.error(
        arg.name.span,
        "argument",
        `Arguments of "${node.name.name}" have no names`,
        "Names are for collectors",
      );
      return null;
    }
    const e = checkExpr(arg.value, scope, cx);
    if (e) args.push(e);
  }
  return args.length === node.args.length ? args : null;
}

function checkBinary(node: BinaryNode, scope: Scope, cx: CheckContext): Expr | null {
  if (node.op === "=") {
    cx.out.error(node.opSpan, "assignment", '"=" does not compare', 'Write "=="');
    return null;
  }
  if (node.op === "in" || node.op === "not in") return checkIn(node, scope, cx);
  const left = checkExpr(node.left, scope, cx);
  const right = left?.t.type === "string" && node.right.kind === "path"
    ? scope.name(node.right.name) ??
      unknownName(node.right.name, node.right.span, scope, cx, `Text stands in quotes: "${node.right.name}"`)
    : checkExpr(node.right, scope, cx);
  if (!left || !right) return null;
  const fn = node.op.replace(/^not /, "") as BinaryOp;
  const isPatternMatch = fn === "like" || fn === "~";
  const l = isPatternMatch ? left : adaptLiteral(left, right.t);
  const r = isPatternMatch ? right : adaptLiteral(right, left.t);
  if (!isPatternMatch && !(isAddress(l, r.t, node.left.span, cx) && isAddress(r, l.t, node.right.span, cx))) {
    return null;
  }
  const t = binaryType(fn, l.t, r.t);
  if (isProblem(t)) return report({ ...t, hint: t.hint || sides(node, l.t, r.t, t) }, node.span, cx);
  if (fn === "~" && !isPattern(r, node.right.span, cx)) return null;
  const e: Expr = { op: "binary", fn, left: l, right: r, t };
  return node.op.startsWith("not ") ? { op: "unary", fn: "not", arg: e, t } : e;
}

/** What each side of an operator is. */
function sides(node: BinaryNode, left: ValueType, right: ValueType, { error }: TypeProblem): string {
  if (left.type === right.type || !/different (?:units|types)|no meaning/.test(error)) return "";
  const texts = [node.left, node.right].map(nodeText);
  if (texts.some((text) => text.length > 40)) return "";
  return `${texts[0]} is ${aType(left)}, ${texts[1]} is ${aType(right)}`;
}

/** Longer ones take long to compile. */
const MAX_PATTERN = 4096;

/** Whether a constant regular expression is one. The engine was loaded by whoever asked for the check. */
function isPattern(e: Expr, span: Span, cx: CheckContext): boolean {
  if (e.op !== "lit" || typeof e.value !== "string") return true;
  if (e.value.length > MAX_PATTERN) {
    cx.out.error(
      span,
      "limit",
      `A regular expression has at most ${MAX_PATTERN} characters, here are ${e.value.length}`,
    );
    return false;
  }
  try {
    compileRegex(e.value);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    cx.out.error(span, "pattern", error.message, error.hint);
    return false;
  }
}

function checkIn(node: BinaryNode, scope: Scope, cx: CheckContext): Expr | null {
  const arg = checkExpr(node.left, scope, cx);
  const nodes = node.right.kind === "list" ? node.right.items : [node.right];
  const list = nodes.map((item) => checkExpr(item, scope, cx));
  if (!arg || list.some((e) => e === null)) return null;
  const adapted = (list as Expr[]).map((e) => adaptLiteral(e, arg.t));
  if (!adapted.every((e, i) => isAddress(e, arg.t, nodes[i].span, cx))) return null;
  const t = inType(arg.t, adapted.map((e) => e.t));
  if (isProblem(t)) return report(t, node.span, cx);
  const e: Expr = { op: "in", arg, list: adapted, t };
  return node.op === "in" ? e : { op: "unary", fn: "not", arg: e, t };
}

/** Whether a constant can be an address of the network where one is wanted; complains about one that cannot. */
export function isAddress(e: Expr, wanted: ValueType, span: Span, cx: CheckContext): boolean {
  if (wanted.type !== "ip" || e.op !== "lit" || typeof e.value !== "string" || e.t.type === "ip") return true;
  const message = `${JSON.stringify(e.value)} is no address of the network`;
  cx.out.error(span, "type", message, 'Such as: "10.0.0.1", "::1"; a part of one: like "10.%"');
  return false;
}

function report(problem: TypeProblem, span: Span, cx: CheckContext): null {
  cx.out.error(span, "type", problem.error, problem.hint);
  return null;
}

/** "a duration", "an int". */
export function aType(t: ValueType): string {
  if (t.type === "bytes") return "bytes";
  return /^[aeiou]/.test(t.type) ? `an ${t.type}` : `a ${t.type}`;
}
