import type { FieldType } from "../data/mod.ts";
import { defaultUnit } from "../data/mod.ts";
import type { BinaryOp, Expr, ValueType } from "./expr.ts";

/** The value type of a field type with its usual unit. */
export function valueType(type: FieldType, unsigned = false): ValueType {
  return unsigned ? { type, unit: defaultUnit(type), unsigned } : { type, unit: defaultUnit(type) };
}

/** A field of the row: `fieldRef("pid", "pid")`. */
export function fieldRef(name: string, type: FieldType, unsigned = false): Expr {
  return { op: "field", name, t: valueType(type, unsigned) };
}

/** A literal. Numbers that are whole become integers unless the type says `float`, `ratio` or `rate`. */
export function literal(value: bigint | number | string | boolean | null, type?: FieldType): Expr {
  if (value === null) return { op: "lit", value, t: { type: "null", unit: null } };
  if (typeof value === "string") return { op: "lit", value, t: valueType(type ?? "string") };
  if (typeof value === "boolean") return { op: "lit", value, t: valueType(type ?? "bool") };
  const float = type === "float" || type === "ratio" || type === "rate";
  if (typeof value === "number" && Number.isInteger(value) && !float) {
    return { op: "lit", value: BigInt(value), t: valueType(type ?? "int") };
  }
  return { op: "lit", value, t: valueType(type ?? (typeof value === "bigint" ? "int" : "float")) };
}

/** A comparison or logical operator: its result is bool. */
export function test(fn: BinaryOp, left: Expr, right: Expr): Expr {
  return { op: "binary", fn, left, right, t: valueType("bool") };
}

/** An operator whose result has the given type: `calculate("-", end, start, "duration")`. */
export function calculate(fn: BinaryOp, left: Expr, right: Expr, type: FieldType, unsigned = false): Expr {
  return { op: "binary", fn, left, right, t: valueType(type, unsigned) };
}

/** A scalar function: `callOf("argv", [], "string")`. */
export function callOf(fn: string, args: readonly Expr[], type: FieldType): Expr {
  return { op: "call", fn, args, t: valueType(type) };
}
