import { canonicalIp, type Cell, cellAt, UsageError } from "../../core/data/mod.ts";
import {
  type Bindings,
  compileExpr,
  type Expr,
  isIntegerType,
  onlyAtSource,
  typeText,
  type ValueType,
  valueType,
} from "../../core/query/mod.ts";
import { readNumber } from "../literal.ts";
import { didYouMean } from "../../core/data/nearest.ts";
import type { PlanParam } from "../plan.ts";

type BoundValue = Bindings[string];

/**
 * Values of all parameters of a run.
 *
 * @param given as the user wrote them: `10s`, `4KiB`, `true`, `nginx`
 * @throws {UsageError} when one is unknown, of the wrong type, or missing
 */
export function bindParams(params: readonly PlanParam[], given: Readonly<Record<string, string>>): Bindings {
  for (const name of Object.keys(given)) {
    if (params.some((p) => p.name === name)) continue;
    const names = params.map((p) => p.name);
    const list = names.length > 0 ? `Parameters: ${names.join(", ")}` : "The recipe has no parameters";
    throw new UsageError(`There is no parameter "${name}"`, [didYouMean(name, names), list].filter(Boolean).join("\n"));
  }
  const bound: Record<string, BoundValue> = {};
  for (const p of params) {
    if (Object.hasOwn(given, p.name)) bound[p.name] = readParam(p.name, given[p.name], p.t);
    else if (p.default) bound[p.name] = toType(constantValue(p.default, bound), p.t);
    else throw new UsageError(`The parameter "${p.name}" has no default`, `Give it: --param ${p.name}=…`);
  }
  return bound;
}

function readParam(name: string, text: string, t: ValueType): BoundValue {
  const wrong = (hint: string): never => {
    throw new UsageError(`--param ${name}=${text}: "${text}" is no ${typeText(t)}`, hint);
  };
  if (t.type === "string") return text;
  if (t.type === "ip") return canonicalIp(text) ?? wrong("An address is written 10.0.0.1 or ::1");
  if (t.type === "bool") return text === "true" ? true : text === "false" ? false : wrong("Write true or false");
  const negative = text.startsWith("-");
  const n = readNumber(negative ? text.slice(1) : text);
  if (!n.ok) return wrong([n.message, n.hint].filter(Boolean).join("\n"));
  const zero = Number(n.value) === 0;
  const bareNumber = n.t.type === "int" && ["pid", "tid", "address", "float", "rate"].includes(t.type);
  if (n.t.type !== t.type && !zero && !bareNumber && !(n.t.type === "float" && t.type === "ratio")) {
    return wrong(EXAMPLES[t.type] ?? "Write a number without unit");
  }
  return toType(negative ? -n.value : n.value, t);
}

const EXAMPLES: Readonly<Record<string, string>> = {
  duration: "A duration has a unit: 10s, 500ms",
  bytes: "A size has a unit: 4KiB, 10MB",
  ratio: "A ratio is written 5%",
  rate: "A rate is written 99hz, 100/s or 10MiB/s",
};

function toType(value: Cell | BoundValue, t: ValueType): BoundValue {
  if (value === null || typeof value === "string") return value;
  if (t.type === "bool") return Boolean(value);
  if (typeof value === "object") throw new TypeError("a parameter is a single value");
  if (isIntegerType(t.type)) return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)));
  return Number(value);
}

/** The value of an expression without fields. Booleans come as booleans, whole numbers as bigint where they exceed 2^53. */
export function constantValue(expr: Expr, bindings: Bindings): Cell {
  const value = cellAt(compileExpr(expr, [], bindings)({ length: 1, fields: [], columns: [] }), 0);
  return expr.t.type === "bool" && value !== null ? Boolean(value) : value;
}

/** Replaces parameters by their values and computes what is constant, so that engines see plain conditions. */
export function bindExpr(expr: Expr, bindings: Bindings): Expr {
  switch (expr.op) {
    case "lit":
    case "field":
      return expr;
    case "param":
      return literalOf(bindings[expr.name], expr.t);
    case "unary":
      return folded({ ...expr, arg: bindExpr(expr.arg, bindings) });
    case "in":
      return folded({ ...expr, arg: bindExpr(expr.arg, bindings), list: expr.list.map((e) => bindExpr(e, bindings)) });
    case "call":
      return folded({ ...expr, args: expr.args.map((e) => bindExpr(e, bindings)) });
    case "binary": {
      const left = bindExpr(expr.left, bindings);
      const right = bindExpr(expr.right, bindings);
      return logical(expr.fn, left, right) ?? folded({ ...expr, left, right });
    }
  }
}

/** `true or x`, `false or x`, …: three-valued logic allows these whatever x is. */
function logical(fn: string, left: Expr, right: Expr): Expr | null {
  if (fn !== "and" && fn !== "or") return null;
  for (const [a, b] of [[left, right], [right, left]]) {
    if (a.op !== "lit" || a.value === null) continue;
    const truth = Boolean(a.value);
    return truth === (fn === "or") ? literalOf(truth, valueType("bool")) : b;
  }
  return null;
}

function folded(expr: Expr): Expr {
  if (expr.op === "call" && onlyAtSource(expr)) return expr;
  return operandsOf(expr).every((e) => e.op === "lit") ? literalOf(constantValue(expr, {}), expr.t) : expr;
}

function literalOf(value: Cell | BoundValue | undefined, t: ValueType): Expr {
  // Its type stays: the column that it makes is the one that was planned.
  if (value === null || value === undefined) return { op: "lit", value: null, t };
  return { op: "lit", value: toType(value, t), t };
}

/** The direct parts of an expression. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case "unary":
      return [expr.arg];
    case "binary":
      return [expr.left, expr.right];
    case "in":
      return [expr.arg, ...expr.list];
    case "call":
      return expr.args;
    default:
      return [];
  }
}

/** The same expression over other parts. */
export function withOperands(expr: Expr, change: (e: Expr) => Expr): Expr {
  switch (expr.op) {
    case "unary":
      return { ...expr, arg: change(expr.arg) };
    case "binary":
      return { ...expr, left: change(expr.left), right: change(expr.right) };
    case "in":
      return { ...expr, arg: change(expr.arg), list: expr.list.map(change) };
    case "call":
      return { ...expr, args: expr.args.map(change) };
    default:
      return expr;
  }
}
