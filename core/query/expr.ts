import type { FieldType, Unit } from "../data/mod.ts";

/**
 * The type of a value inside an expression. `unit` matters to the checker, `unsigned` to comparison, `>>` and `/`, `bare`
 * to `str`.
 */
export interface ValueType {
  readonly type: FieldType | "null";
  readonly unit: Unit;
  readonly unsigned?: boolean;
  /** Only its bits are known: it may be a number, or an address. */
  readonly bare?: boolean;
}

/** Operators with two operands. `and`, `or` are three-valued (null); `like` has % and _; `match` is RE2. */
export type BinaryOp =
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "and"
  | "or"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | "like"
  | "~";

/**
 * A typed expression over the fields of one row. Pure data: it prints, compares and travels between Workers.
 * Integers are bigint in literals. What each operator means for null, overflow and signs is `docs/language-reference.md`.
 */
export type Expr =
  | { readonly op: "lit"; readonly value: bigint | number | string | boolean | null; readonly t: ValueType }
  /** A field of the row: a builtin (`pid`, `comm`), a collector's field, `args.NAME`, `start.args.pid`. */
  | { readonly op: "field"; readonly name: string; readonly t: ValueType }
  /** A parameter of the recipe, bound when the plan runs. */
  | { readonly op: "param"; readonly name: string; readonly t: ValueType }
  | { readonly op: "unary"; readonly fn: "not" | "-"; readonly arg: Expr; readonly t: ValueType }
  | { readonly op: "binary"; readonly fn: BinaryOp; readonly left: Expr; readonly right: Expr; readonly t: ValueType }
  | { readonly op: "in"; readonly arg: Expr; readonly list: readonly Expr[]; readonly t: ValueType }
  /** A scalar function: `str`, `div`, `abs`, `log2`, … */
  | { readonly op: "call"; readonly fn: string; readonly args: readonly Expr[]; readonly t: ValueType };

/** A value with a name. */
export interface NamedExpr {
  readonly name: string;
  readonly expr: Expr;
}

/** Values of parameters at run time. */
export type Bindings = Readonly<Record<string, bigint | number | string | boolean | null>>;
