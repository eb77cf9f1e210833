import type { Expr, ValueType } from "../../core/query/mod.ts";
import { type Access, accessNullable } from "./access.ts";

/** Whether an expression can be null, given how its fields are read. */
export function nullable(e: Expr, access: (name: string) => Access): boolean {
  switch (e.op) {
    case "lit":
      return e.value === null;
    case "param":
      return true;
    case "field":
      return accessNullable(access(e.name));
    case "unary":
      return nullable(e.arg, access);
    case "binary":
      if (e.fn === "%" && !isNonZeroLiteral(e.right)) return true;
      return nullable(e.left, access) || nullable(e.right, access);
    case "in":
      return nullable(e.arg, access) || e.list.some((item) => nullable(item, access));
    case "call":
      if (e.fn === "is_null") return false;
      if (e.fn === "argv") return true;
      if (e.fn === "str") return strNullable(e.args[0], access);
      if (e.fn === "div" && !isNonZeroLiteral(e.args[1])) return true;
      return e.args.some((arg) => nullable(arg, access));
  }
}

function strNullable(arg: Expr, access: (name: string) => Access): boolean {
  // Text stays what it is; a pointer may lead nowhere.
  return arg.t.type === "string" || arg.t.type === "ip" ? nullable(arg, access) : true;
}

export function isNonZeroLiteral(e: Expr): boolean {
  return e.op === "lit" && e.value !== null && BigInt(e.value as bigint | number | boolean) !== 0n;
}

/** Whether values of this type are unsigned 64-bit integers. */
export function isUnsigned(t: ValueType): boolean {
  return t.unsigned === true || t.type === "address";
}
