import { canonicalIp, type FieldType, type Unit } from "../data/mod.ts";
import { valueType } from "./build.ts";
import type { BinaryOp, Expr, ValueType } from "./expr.ts";
import { isFloatType, isIntegerType, isTextType, typeText } from "./type_classes.ts";

/** Why an expression has no type, and what would be right. */
export interface TypeProblem {
  readonly error: string;
  /** A sentence, or empty. */
  readonly hint: string;
}

/** A type, or why there is none. */
export type TypeAnswer = ValueType | TypeProblem;

/** Whether a rule found no type. */
export function isProblem(answer: TypeAnswer): answer is TypeProblem {
  return "error" in answer;
}

/**
 * The type of `left op right`.
 *
 * Integers: `+ - * & | ^` are unsigned when either side is; `% << >>` follow the left side; `/` is a float unless a
 * unit remains (`duration / int` is a duration, rounded to whole nanoseconds; `bytes / duration` is a rate).
 */
export function binaryType(op: BinaryOp, left: ValueType, right: ValueType): TypeAnswer {
  switch (op) {
    case "and":
    case "or":
      return logicalType(op, left, right);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return comparisonType(op, left, right);
    case "like":
    case "~":
      return textType(op, left, right);
  }
  if (left.type === "null" || right.type === "null") {
    return problem(`"${op}" with null is always null`, "Use coalesce(x, 0) to replace a null");
  }
  switch (op) {
    case "+":
    case "-":
      return sumType(op, left, right);
    case "*":
      return productType(left, right);
    case "/":
      return quotientType(left, right);
    case "%":
      return remainderType(left, right);
    default:
      return bitType(op, left, right);
  }
}

/** The type of `not x` or `-x`. */
export function unaryType(fn: "not" | "-", arg: ValueType): TypeAnswer {
  if (fn === "not") {
    if (arg.type === "bool" || arg.type === "null") return BOOL;
    return problem(`"not" needs a bool, here is ${a(arg)}`, "Write a comparison, such as `x == 0`");
  }
  if (arg.type === "int" || arg.type === "duration" || arg.type === "bytes") return { type: arg.type, unit: arg.unit };
  if (isFloatType(arg.type)) return arg;
  return problem(`"-" needs a number, here is ${a(arg)}`, "");
}

/** The type of `x in (list…)`. */
export function inType(arg: ValueType, list: readonly ValueType[]): TypeAnswer {
  for (const item of list) {
    const t = comparisonType("==", arg, item);
    if (isProblem(t)) return t;
  }
  return BOOL;
}

/**
 * Gives a literal the type of what it stands beside where that changes nothing: 0 is zero in every unit, and the text
 * of an address of the network is that address in its one spelling. Checkers call this on both sides before
 * {@linkcode binaryType}; patterns (`like`, `~`) stay text.
 */
export function adaptLiteral(expr: Expr, other: ValueType): Expr {
  if (expr.op !== "lit" || other.type === "null") return expr;
  if (other.type === "ip" && typeof expr.value === "string") {
    const value = canonicalIp(expr.value);
    return value === null ? expr : { ...expr, value, t: other };
  }
  const zero = expr.value === 0n || expr.value === 0;
  if (!zero || expr.t.type === other.type) return expr;
  if (isIntegerType(other.type) && other.type !== "bool") return { ...expr, value: 0n, t: other };
  if (isFloatType(other.type)) return { ...expr, value: 0, t: other };
  return expr;
}

const BOOL: ValueType = valueType("bool");

function logicalType(op: BinaryOp, left: ValueType, right: ValueType): TypeAnswer {
  for (const t of [left, right]) {
    if (t.type !== "bool" && t.type !== "null") {
      return problem(`"${op}" needs bools, here is ${a(t)}`, "Write a comparison, such as `x != 0`");
    }
  }
  return BOOL;
}

function comparisonType(op: BinaryOp, left: ValueType, right: ValueType): TypeAnswer {
  if (left.type === "null" || right.type === "null") {
    return problem("A comparison with null is always null", "Use is_null(x)");
  }
  const pair = new Set([left.type, right.type]);
  if (pair.has("stack") || pair.has("histogram")) {
    return problem(`${A(pair.has("stack") ? left.type === "stack" ? left : right : left)} cannot be compared`, "");
  }
  if (pair.has("pid") && pair.has("tid")) {
    return problem(
      "pid and tid are different numbers: a process, and one of its threads",
      "Compare pid with pid, or tid with tid; kernel arguments such as args.pid and next_pid hold a tid",
    );
  }
  if (pair.has("bool") && (op !== "==" && op !== "!=")) return problem(`"${op}" has no meaning for bool`, "Use ==");
  if (left.type === right.type) {
    if (left.type === "rate" && !sameRate(left.unit, right.unit)) return different(left, right);
    return BOOL;
  }
  if (isTextType(left.type) && isTextType(right.type)) return BOOL;
  if (pair.has("int") && (pair.has("pid") || pair.has("tid") || pair.has("address"))) return BOOL;
  if (isPlain(left) && isPlain(right)) return BOOL;
  return different(left, right);
}

function textType(op: BinaryOp, left: ValueType, right: ValueType): TypeAnswer {
  if (!isTextType(left.type)) return problem(`"${op}" needs text on its left, here is ${a(left)}`, "Use str(x)");
  if (right.type !== "string") {
    const what = op === "~" ? "a regular expression" : "a pattern";
    return problem(
      `"${op}" needs ${what} in quotes on its right, here is ${a(right)}`,
      `Such as: ${op} "a${op === "~" ? "" : "%"}"`,
    );
  }
  return BOOL;
}

function sumType(op: "+" | "-", left: ValueType, right: ValueType): TypeAnswer {
  const l = left.type, r = right.type;
  if (l === "int" && r === "int") return integer("int", left, right);
  if (isPlain(left) && isPlain(right)) return l === "ratio" && r === "ratio" ? left : FLOAT;
  if (l === r && (l === "duration" || l === "bytes")) return integer(l, left, right);
  if (l === r && l === "rate") return sameRate(left.unit, right.unit) ? left : different(left, right);
  if (l === "time" && r === "duration") return left;
  if (l === "duration" && r === "time" && op === "+") return right;
  if (l === "time" && r === "time" && op === "-") return valueType("duration");
  if (l === "address" && (r === "int" || r === "bytes")) return left;
  if (l === "address" && r === "address" && op === "-") return valueType("bytes");
  if (isTextType(l) && isTextType(r)) return problem(`"${op}" does not join text`, "Write two columns instead");
  if (isCounted(l) && isCounted(r)) return different(left, right);
  return senseless(op, left, right);
}

function productType(left: ValueType, right: ValueType): TypeAnswer {
  const l = left.type, r = right.type;
  if (l === "int" && r === "int") return integer("int", left, right);
  if (isPlain(left) && isPlain(right)) return l === "ratio" && r === "ratio" ? left : FLOAT;
  if (isPlain(right) && isAmount(l)) return left;
  if (isPlain(left) && isAmount(r)) return right;
  if (l === "rate" && r === "duration") return amountOf(left.unit);
  if (l === "duration" && r === "rate") return amountOf(right.unit);
  return senseless("*", left, right);
}

function quotientType(left: ValueType, right: ValueType): TypeAnswer {
  const l = left.type, r = right.type;
  if (isPlain(left) && isPlain(right)) return l === "ratio" && r === "int" ? left : FLOAT;
  if (isAmount(l) && isPlain(right)) return left;
  if (l === r && (l === "duration" || l === "bytes")) return valueType("ratio");
  if (l === "rate" && r === "rate") {
    return sameRate(left.unit, right.unit) ? valueType("ratio") : different(left, right);
  }
  if (r === "duration" && isPlain(left)) return { type: "rate", unit: "events/s" };
  if (r === "duration" && l === "bytes") return { type: "rate", unit: "bytes/s" };
  return senseless("/", left, right);
}

function remainderType(left: ValueType, right: ValueType): TypeAnswer {
  const l = left.type, r = right.type;
  if (isPlain(left) && isPlain(right)) return l === "int" && r === "int" ? left : FLOAT;
  if (l === r && (l === "duration" || l === "bytes")) return left;
  if (isIntegerType(l) && l !== "bool" && r === "int") return l === "time" ? valueType("duration") : left;
  if (l === "time" && r === "duration") return right;
  return senseless("%", left, right);
}

function bitType(op: BinaryOp, left: ValueType, right: ValueType): TypeAnswer {
  const fits = (t: ValueType): boolean => t.type === "int" || t.type === "address" || t.type === "bytes";
  if (fits(left) && fits(right)) {
    if (op === "<<" || op === ">>") return left;
    return left.type === "int" && right.type === "int"
      ? integer("int", left, right)
      : left.type === "int"
      ? right
      : left;
  }
  if (left.type === "bool" && right.type === "bool") {
    return problem(`"${op}" works on bits`, `Use ${op === "&" ? "and" : op === "|" ? "or" : "!="} with bools`);
  }
  return problem(`"${op}" works on the bits of an int, here are ${typeText(left)} and ${typeText(right)}`, "");
}

const FLOAT: ValueType = valueType("float");

/** Numbers without a dimension. */
function isPlain(t: ValueType): boolean {
  return t.type === "int" || t.type === "float" || t.type === "ratio";
}

/** Types that scale: half of them is of the same type. */
function isAmount(type: FieldType | "null"): boolean {
  return type === "duration" || type === "bytes" || type === "rate";
}

function isCounted(type: FieldType | "null"): boolean {
  return isAmount(type) || type === "int" || type === "float" || type === "ratio";
}

function integer(type: FieldType, left: ValueType, right: ValueType): ValueType {
  return valueType(type, left.unsigned === true || right.unsigned === true);
}

function amountOf(rate: Unit): ValueType {
  return valueType(rate === "bytes/s" ? "bytes" : "float");
}

/** Hertz and events a second are one unit. */
function sameRate(x: Unit, y: Unit): boolean {
  const plain = (u: Unit): Unit => u === "hz" || u === "count" || u === null ? "events/s" : u;
  return plain(x) === plain(y);
}

function different(left: ValueType, right: ValueType): TypeProblem {
  return problem(
    `${typeText(left)} and ${typeText(right)} are different ${
      isCounted(left.type) && isCounted(right.type) ? "units" : "types"
    }`,
    hintFor(left, right) || hintFor(right, left),
  );
}

function hintFor(left: ValueType, right: ValueType): string {
  switch (left.type) {
    case "duration":
      return isPlain(right) ? "Give the number a unit: 5ms, 10us, 1s" : "";
    case "bytes":
      if (isPlain(right)) return "Give the number a unit: 4KiB, 10MiB";
      return right.type === "rate" ? "Divide the bytes by a duration to get a rate: 10MiB / 1s" : "";
    case "rate":
      return isPlain(right) ? `Give the number a unit: ${left.unit === "bytes/s" ? "10MiB / 1s" : "100hz"}` : "";
    case "time":
      return right.type === "duration" ? "The difference of two times is a duration: end.time - start.time" : "";
    case "string":
      return right.type === "bool" || isPlain(right) || right.type === "pid" || right.type === "tid"
        ? "Put text in quotes and leave numbers without"
        : "";
    case "bool":
      return isPlain(right) ? "A bool is true or false, without a comparison: write `x` or `not x`" : "";
    default:
      return "";
  }
}

function senseless(op: string, left: ValueType, right: ValueType): TypeProblem {
  return problem(`"${op}" has no meaning for ${typeText(left)} and ${typeText(right)}`, hintFor(left, right));
}

function problem(error: string, hint: string): TypeProblem {
  return { error, hint };
}

function a(t: ValueType): string {
  if (t.type === "bytes") return typeText(t);
  return /^[aeiou]/.test(t.type) ? `an ${typeText(t)}` : `a ${typeText(t)}`;
}

function A(t: ValueType): string {
  const text = a(t);
  return text[0].toUpperCase() + text.slice(1);
}
