import type { FieldType } from "../data/mod.ts";
import type { ValueType } from "./expr.ts";

/** A type of an expression; `null` is that of the literal null. */
export type AnyType = FieldType | "null";

const INTEGERS: ReadonlySet<AnyType> = new Set(["int", "bool", "duration", "bytes", "time", "pid", "tid", "address"]);
const FLOATS: ReadonlySet<AnyType> = new Set(["float", "rate", "ratio"]);

/** Whether values of this type are 64-bit integers in a column (bool counts: 0 and 1). */
export function isIntegerType(type: AnyType): boolean {
  return INTEGERS.has(type);
}

/** Whether values of this type are doubles. */
export function isFloatType(type: AnyType): boolean {
  return FLOATS.has(type);
}

/** Whether values of this type are numbers of any kind. */
export function isNumericType(type: AnyType): boolean {
  return INTEGERS.has(type) || FLOATS.has(type);
}

/** Whether values of this type are text. */
export function isTextType(type: AnyType): boolean {
  return type === "string" || type === "ip";
}

/** Whether amounts of this type can be added up and averaged (a sum of process ids means nothing). */
export function isSummable(type: AnyType): boolean {
  return type === "int" || type === "float" || type === "duration" || type === "bytes" || type === "rate" ||
    type === "ratio" || type === "bool";
}

/** A type as a person reads it: `duration`, `rate (bytes/s)`. */
export function typeText(t: ValueType): string {
  return t.type === "rate" && t.unit !== null ? `rate (${t.unit})` : t.type;
}
