import type { Batch, Column, Field } from "../data/mod.ts";
import { arith } from "./_arith.ts";
import { compare, type CompareOp, mapText } from "./_compare.ts";
import type { BinaryOp, Bindings, Expr } from "./expr.ts";
import { exprText } from "./expr_text.ts";
import { compileLike } from "./like.ts";
import { andOr, isIn, not } from "./_logic.ts";
import { compileRegex } from "./regex.ts";
import { SCALARS } from "./scalars.ts";
import { type Rows, selectCompared, selectTrue } from "./_select.ts";
import { isFloatType } from "./type_classes.ts";
import { anyNull, columnOf, constant, maskOf, nullAt, span, textAt, type Vec, vecOf } from "./_vec.ts";

/** Computes an expression for every row of a batch. */
export type ColumnFn = (batch: Batch) => Column;
type VecFn = (batch: Batch) => Vec;

/**
 * Compiles an expression to a function over whole columns. The expression must have been type-checked: what is asked
 * of a column that cannot do it throws TypeError.
 *
 * @param fields the fields of the batches it will be given, in their order
 * @param bindings values of the parameters it names
 * @throws {TypeError} when it names a field or parameter that is not there, or an unknown function
 * @throws {UsageError} when a constant regular expression is none
 */
export function compileExpr(expr: Expr, fields: readonly Field[], bindings: Bindings = {}): ColumnFn {
  const f = compile(expr, fields, bindings);
  return (batch) => columnOf(f(batch), batch.length);
}

/**
 * Compiles a condition: the function answers the numbers of the rows for which it is true, ascending. Null is not true.
 */
export function compileFilter(
  expr: Expr,
  fields: readonly Field[],
  bindings: Bindings = {},
): (batch: Batch) => Int32Array {
  const select = compileSelect(expr, fields, bindings);
  return (batch) => select(batch, null);
}

/** Narrows rows down to those for which the condition is true. */
type SelectFn = (batch: Batch, rows: Rows) => Int32Array;

function compileSelect(e: Expr, fields: readonly Field[], bindings: Bindings): SelectFn {
  if (e.op === "binary" && e.fn === "and") {
    // For a filter null is as good as false: what the left side leaves out, the right side need not see.
    const left = compileSelect(e.left, fields, bindings), right = compileSelect(e.right, fields, bindings);
    return (batch, rows) => right(batch, left(batch, rows));
  }
  if (e.op === "binary" && isComparison(e.fn)) {
    const { fn } = e;
    const left = compile(e.left, fields, bindings), right = compile(e.right, fields, bindings);
    return (batch, rows) => {
      const x = left(batch), y = right(batch);
      return x.kind === "number" && y.kind === "number"
        ? selectCompared(fn, x, y, rows, batch.length)
        : selectTrue(compare(fn, x, y, batch.length), rows, batch.length);
    };
  }
  const f = compile(e, fields, bindings);
  return (batch, rows) => {
    const v = f(batch);
    if (v.kind !== "number") throw new TypeError(`the condition ${exprText(e)} is ${v.kind}, not bool`);
    return selectTrue(v, rows, batch.length);
  };
}

function isComparison(op: BinaryOp): op is CompareOp {
  return op === "==" || op === "!=" || op === "<" || op === "<=" || op === ">" || op === ">=";
}

function compile(e: Expr, fields: readonly Field[], bindings: Bindings): VecFn {
  switch (e.op) {
    case "lit": {
      const v = constant(e.value);
      return () => v;
    }
    case "param": {
      if (!Object.hasOwn(bindings, e.name)) throw new TypeError(`the parameter $${e.name} has no value`);
      const v = constant(bindings[e.name]);
      return () => v;
    }
    case "field": {
      const i = fields.findIndex((f) => f.name === e.name);
      if (i < 0) {
        throw new TypeError(`there is no field "${e.name}" among ${fields.map((f) => f.name).join(", ") || "none"}`);
      }
      return (batch) => vecOf(batch.columns[i]);
    }
    case "unary": {
      const arg = compile(e.arg, fields, bindings);
      if (e.fn === "not") return (batch) => not(arg(batch), batch.length);
      const zero = constant(0);
      const floats = isFloatType(e.t.type);
      return (batch) => arith("-", zero, arg(batch), e.t, batch.length, floats);
    }
    case "binary":
      return binary(e, compile(e.left, fields, bindings), compile(e.right, fields, bindings));
    case "in": {
      const arg = compile(e.arg, fields, bindings);
      const list = e.list.map((item) => compile(item, fields, bindings));
      return (batch) => isIn(arg(batch), list.map((item) => item(batch)), batch.length);
    }
    case "call": {
      const scalar = SCALARS.get(e.fn);
      if (!scalar) throw new TypeError(`there is no function "${e.fn}"`);
      const args = e.args.map((arg) => compile(arg, fields, bindings));
      return (batch) => scalar.evaluate(args.map((arg) => arg(batch)), e.t, batch.length);
    }
  }
}

type Binary = Extract<Expr, { op: "binary" }>;

function binary(e: Binary, left: VecFn, right: VecFn): VecFn {
  const op: BinaryOp = e.fn;
  switch (op) {
    case "and":
    case "or":
      return (batch) => andOr(op, left(batch), right(batch), batch.length);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return (batch) => compare(op, left(batch), right(batch), batch.length);
    case "like":
      return pattern(left, right, compileLike, constantText(e.right));
    case "~":
      return pattern(left, right, compileRegex, constantText(e.right));
    default: {
      const floats = op === "/" || isFloatType(e.left.t.type) || isFloatType(e.right.t.type);
      const scale = unitScale(e);
      return (batch) => arith(op, left(batch), right(batch), e.t, batch.length, floats, scale);
    }
  }
}

/** Durations are nanoseconds and rates are per second. */
function unitScale(e: Binary): number {
  const { left, right } = e;
  if (e.fn === "/" && e.t.type === "rate" && right.t.type === "duration") return 1e9;
  if (
    e.fn === "*" &&
    (left.t.type === "rate" && right.t.type === "duration" || left.t.type === "duration" && right.t.type === "rate")
  ) {
    return 1e-9;
  }
  return 1;
}

function constantText(e: Expr): string | null {
  return e.op === "lit" && typeof e.value === "string" ? e.value : null;
}

type Matcher = (text: string) => boolean;

/** Patterns are compiled once each, constant ones at once so that their errors come early. */
function pattern(left: VecFn, right: VecFn, build: (pattern: string) => Matcher, known: string | null): VecFn {
  const cache = new Map<string, Matcher>();
  const matcher = (text: string): Matcher => {
    let m = cache.get(text);
    if (!m) {
      if (cache.size >= 1000) cache.clear();
      cache.set(text, m = build(text));
    }
    return m;
  };
  if (known !== null) matcher(known);
  return (batch) => {
    const x = left(batch), p = right(batch);
    const n = span([x, p], batch.length);
    const nulls = anyNull([x, p], n);
    const mask = maskOf([x, p]);
    if (x.kind !== "string" || p.kind !== "string") {
      // A column of nulls only is stored as numbers.
      if (n === 0 || nulls?.every((b) => b === 1)) return { kind: "number", values: new Float64Array(n), nulls, mask };
      throw new TypeError(`a pattern can be matched with text only, not with a ${x.kind} column`);
    }
    if (p.mask === 0 && !nullAt(p, 0)) {
      const m = matcher(textAt(p, 0));
      return { kind: "number", values: mapText(x, n, (text) => m(text) ? 1 : 0), nulls, mask };
    }
    const values = new Float64Array(n);
    for (let i = 0; i < n; i++) if (!nulls?.[i]) values[i] = matcher(textAt(p, i))(textAt(x, i)) ? 1 : 0;
    return { kind: "number", values, nulls, mask };
  };
}
