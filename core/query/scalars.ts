import { valueType } from "./build.ts";
import type { Expr, ValueType } from "./expr.ts";
import { arith } from "./_arith.ts";
import { compare, mapText } from "./_compare.ts";
import { isFloatType, isNumericType, isSummable, isTextType, typeText } from "./type_classes.ts";
import { SOURCE_SCALARS } from "./source_scalars.ts";
import { binaryType, isProblem, type TypeAnswer, type TypeProblem } from "./type_rules.ts";
import {
  anyNull,
  bigAt,
  type BigVec,
  columnOf,
  constant,
  doubles,
  maskOf,
  nullAt,
  type NumVec,
  span,
  type StrVec,
  type Vec,
  vecOf,
} from "./_vec.ts";
import { type Cell, cellAt, columnFrom, type FieldType } from "../data/mod.ts";

/** A function of single values. */
export interface Scalar {
  readonly name: string;
  /** As `list -v` and hover show it: `div(a: int, b: int)`. */
  readonly signature: string;
  /** One sentence. */
  readonly doc: string;
  readonly minArgs: number;
  /** Infinity for as many as you like. */
  readonly maxArgs: number;
  /** Only an engine can compute it, where it sees the event: the arguments alone do not tell. */
  readonly atSource?: true;
  /** The type of the result, or what is wrong with the arguments (their number is already checked). */
  type(args: readonly ValueType[]): TypeAnswer;
  /** @internal computes `rows` rows; a result of single values stays a single value */
  evaluate(args: readonly Vec[], t: ValueType, rows: number): Vec;
}

/** All scalar functions by name. */
export const SCALARS: ReadonlyMap<string, Scalar> = new Map(
  [...scalars(), ...SOURCE_SCALARS].map((s) => [s.name, s]),
);

/**
 * Whether a call can only be computed by an engine, where it sees the event: the text behind a pointer, the name of the
 * code at an address, and what views read by functions that the language does not have.
 */
export function onlyAtSource(e: Extract<Expr, { op: "call" }>): boolean {
  const scalar = SCALARS.get(e.fn);
  return !scalar || scalar.atSource === true ||
    (e.fn === "str" && e.args.every((a) => a.t.type === "address" || a.t.bare));
}

/** The type of `fn(args…)`, or what is wrong; unknown names and wrong counts included. */
export function callType(fn: string, args: readonly ValueType[]): TypeAnswer {
  const scalar = SCALARS.get(fn);
  if (!scalar) return { error: `There is no function "${fn}"`, hint: `There are ${[...SCALARS.keys()].join(", ")}` };
  if (args.length < scalar.minArgs || args.length > scalar.maxArgs) {
    return {
      error: `"${fn}" does not take ${args.length} argument${args.length === 1 ? "" : "s"}`,
      hint: `It is ${scalar.signature}`,
    };
  }
  return scalar.type(args);
}

function scalars(): Scalar[] {
  const INT = valueType("int"), FLOAT = valueType("float"), STRING = valueType("string"), BOOL = valueType("bool");
  const same = (args: readonly ValueType[]): TypeAnswer => args[0];
  return [
    one("str(x)", "The text of a value; of a pointer to text in a probe's arguments, the text it points to", {
      type: (t) => t.type === "stack" || t.type === "histogram" ? problem("str", t) : STRING,
      evaluate: (x, _t, n) => toText(x, n),
    }),
    {
      name: "div",
      signature: "div(a, b)",
      doc: "Whole-number division towards zero; null when b is 0",
      minArgs: 2,
      maxArgs: 2,
      type: ([a, b]) => divType(a, b),
      evaluate: ([x, y], t, n) => arith("div", x, y, t, n),
    },
    {
      name: "bin",
      signature: "bin(x, size)",
      doc:
        "The start of the bin of this size that x lies in: a multiple of size, downwards; null when size is not above 0",
      minArgs: 2,
      maxArgs: 2,
      type: ([x, size]) => binType(x, size),
      evaluate: ([x, size], t, n) => arith("bin", x, size, t, n),
    },
    one("abs(x)", "The value without its sign", {
      type: numeric("abs", same),
      evaluate: (x, t, n) => absolute(x, t, n),
    }),
    one("log2(x)", "Logarithm to base 2; null below or at 0", {
      type: numeric("log2", () => FLOAT),
      evaluate: (x, _t, n) => logarithm(doubles(number(x)), n),
    }),
    one("round(x)", "The nearest whole number", {
      type: plain("round", () => INT),
      evaluate: (x, _t, n) => mapNumber(x, n, Math.round),
    }),
    one("floor(x)", "The next whole number below", {
      type: plain("floor", () => INT),
      evaluate: (x, _t, n) => mapNumber(x, n, Math.floor),
    }),
    one("ceil(x)", "The next whole number above", {
      type: plain("ceil", () => INT),
      evaluate: (x, _t, n) => mapNumber(x, n, Math.ceil),
    }),
    one("float(x)", "A number without its unit, as float: nanoseconds of a duration, bytes of a size", {
      type: numeric("float", () => FLOAT),
      evaluate: (x) => doubles(number(x)),
    }),
    one("int(x)", "A number without its unit, cut to a whole one", {
      type: numeric("int", (args) => valueType("int", args[0].unsigned)),
      evaluate: (x, _t, n) => x.kind === "big" ? x : mapNumber(x, n, Math.trunc),
    }),
    extreme("least", "<", "The smallest of the values; null when any is"),
    extreme("greatest", ">", "The greatest of the values; null when any is"),
    one("lower(s)", "The text in small letters", text("lower", STRING, (s) => s.toLowerCase())),
    one("upper(s)", "The text in capital letters", text("upper", STRING, (s) => s.toUpperCase())),
    one("basename(path)", "What follows the last slash of a path", text("basename", STRING, basename)),
    one("dirname(path)", "What comes before the last slash of a path", text("dirname", STRING, dirname)),
    one("len(s)", "The length of a text in characters", {
      type: (t) => isTextType(t.type) ? INT : problem("len", t),
      evaluate: (x, _t, n) => {
        const rows = span([x], n);
        const values = mapText(str(x), rows, (s) => Array.from(s).length);
        return { kind: "number", values, nulls: anyNull([x], rows), mask: x.mask };
      },
    }),
    one("is_null(x)", "Whether there is no value", {
      type: () => BOOL,
      evaluate: (x, _t, n) => {
        const rows = span([x], n);
        const values = new Float64Array(rows);
        for (let i = 0; i < rows; i++) values[i] = nullAt(x, i) ? 1 : 0;
        return { kind: "number", values, nulls: undefined, mask: x.mask };
      },
    }),
    {
      name: "coalesce",
      signature: "coalesce(x, y, …)",
      doc: "The first of the values that is not null",
      minArgs: 2,
      maxArgs: Infinity,
      type: (args) => common("coalesce", args),
      evaluate: (args, t, n) => choose(args, t, n, (i) => args.find((x) => !nullAt(x, i)) ?? args[0]),
    },
    {
      name: "if",
      signature: "if(condition, x, y)",
      doc: "x where the condition is true, else y (also where it is null)",
      minArgs: 3,
      maxArgs: 3,
      type: ([c, x, y]) =>
        c.type !== "bool" && c.type !== "null"
          ? { error: `"if" needs a bool first, here is ${typeText(c)}`, hint: "Write a comparison" }
          : common("if", [x, y]),
      evaluate: ([c, x, y], t, n) => {
        const cond = number(c) as NumVec;
        return choose([c, x, y], t, n, (i) => !nullAt(cond, i) && cond.values[i & cond.mask] !== 0 ? x : y);
      },
    },
  ];
}

interface OneArgument {
  type(arg: ValueType): TypeAnswer;
  evaluate(arg: Vec, t: ValueType, rows: number): Vec;
}

function one(signature: string, doc: string, f: OneArgument): Scalar {
  return {
    name: signature.slice(0, signature.indexOf("(")),
    signature,
    doc,
    minArgs: 1,
    maxArgs: 1,
    type: ([arg]) => f.type(arg),
    evaluate: ([arg], t, rows) => f.evaluate(arg, t, rows),
  };
}

function text(name: string, t: ValueType, f: (text: string) => string): OneArgument {
  return {
    type: (arg) => isTextType(arg.type) ? t : problem(name, arg),
    evaluate: (x) => ({ ...str(x), dict: str(x).dict.map(f) }),
  };
}

function numeric(name: string, result: (args: readonly ValueType[]) => TypeAnswer): (t: ValueType) => TypeAnswer {
  return (t) => isNumericType(t.type) ? result([t]) : problem(name, t);
}

function plain(name: string, result: (args: readonly ValueType[]) => TypeAnswer): (t: ValueType) => TypeAnswer {
  return (t) =>
    t.type === "float" || t.type === "int" || t.type === "ratio" || t.type === "rate" ? result([t]) : problem(name, t);
}

function problem(name: string, t: ValueType): TypeProblem {
  return { error: `"${name}" does not take ${typeText(t)}`, hint: `It is ${SCALARS.get(name)?.signature ?? name}` };
}

function divType(a: ValueType, b: ValueType): TypeAnswer {
  if (a.type === b.type && (a.type === "duration" || a.type === "bytes")) return valueType("int", a.unsigned);
  if ((a.type === "int" || a.type === "duration" || a.type === "bytes") && b.type === "int") return a;
  return {
    error: `"div" does not divide ${typeText(a)} by ${typeText(b)}`,
    hint: "It takes whole numbers; / divides fractions",
  };
}

function binType(x: ValueType, size: ValueType): TypeAnswer {
  const wanted = x.type === "time" ? "duration" : x.type;
  const plain = (x.type === "float" || x.type === "ratio") &&
    (size.type === "int" || size.type === "float" || size.type === "ratio");
  const same = size.type === wanted && (isSummable(wanted) && wanted !== "bool");
  if (same && x.type === "rate" && isProblem(binaryType("-", x, size))) {
    return { error: `"bin" of ${typeText(x)} has no bins of ${typeText(size)}`, hint: "" };
  }
  if (plain || same) return x;
  return isSummable(wanted) && wanted !== "bool"
    ? {
      error: `"bin" of ${typeText(x)} needs a size in ${typeText({ ...x, type: wanted })}, here is ${typeText(size)}`,
      hint: BIN_HINTS[wanted] ?? "",
    }
    : problem("bin", x);
}

const BIN_HINTS: Readonly<Partial<Record<FieldType | "null", string>>> = {
  duration: "Give the size a unit: bin(x, 10ms)",
  bytes: "Give the size a unit: bin(x, 4KiB)",
  rate: "Give the size a unit: bin(x, 100hz), bin(x, 1MiB / 1s)",
};

/** The one type of several alternatives. */
function common(name: string, args: readonly ValueType[]): TypeAnswer {
  const known = args.filter((t) => t.type !== "null");
  if (known.length === 0) return { type: "null", unit: null };
  let result = known[0];
  for (const t of known.slice(1)) {
    if (t.type === result.type) {
      if (t.unsigned && !result.unsigned) result = t;
      continue;
    }
    const sum = binaryType("+", result, t);
    if (isProblem(sum) || !isNumericType(sum.type)) {
      return { error: `"${name}" needs values of one type, here are ${typeText(result)} and ${typeText(t)}`, hint: "" };
    }
    result = sum;
  }
  return result;
}

function extreme(name: string, op: "<" | ">", doc: string): Scalar {
  return {
    name,
    signature: `${name}(x, y, …)`,
    doc,
    minArgs: 2,
    maxArgs: Infinity,
    type: (args) => common(name, args),
    evaluate: (args, t, rows) =>
      args.reduce((x, y) => {
        const wins = compare(op, x, y, rows);
        const nulls = anyNull([x, y], span([x, y], rows));
        if (nulls?.every((b) => b === 1)) return constant(null);
        return choose([x, y], t, rows, (i) => nullAt(x, i) ? x : nullAt(y, i) ? y : wins.values[i & wins.mask] ? x : y);
      }),
  };
}

/** Row by row one of several vectors. */
function choose(args: readonly Vec[], t: ValueType, rows: number, pick: (i: number) => Vec): Vec {
  const n = span(args, rows);
  const columns = new Map(args.map((v) => [v, columnOf(v, n)]));
  const cells: Cell[] = [];
  for (let i = 0; i < n; i++) cells.push(cellAt(columns.get(pick(i))!, i));
  return { ...vecOf(columnFrom(cells, t.unsigned)), mask: maskOf(args) };
}

function number(v: Vec): NumVec | BigVec {
  if (v.kind === "number" || v.kind === "big") return v;
  throw new TypeError(`a ${v.kind} column is no number`);
}

function str(v: Vec): StrVec {
  if (v.kind === "string") return v;
  // A column without any value is stored as numbers.
  if (v.kind === "number" && (v.nulls || v.values.length === 0)) {
    return { kind: "string", codes: new Int32Array(v.values.length).fill(-1), dict: [], mask: v.mask };
  }
  throw new TypeError(`a ${v.kind} column is no text`);
}

function toText(v: Vec, rows: number): Vec {
  if (v.kind === "string") return v;
  const n = span([v], rows);
  const cells: (string | null)[] = [];
  for (let i = 0; i < n; i++) cells.push(nullAt(v, i) ? null : String(v.values[i & v.mask]));
  return { ...str(vecOf(columnFrom(cells))), mask: v.mask };
}

function mapNumber(v: Vec, rows: number, f: (x: number) => number): Vec {
  const n = span([v], rows);
  const { values: a, nulls, mask } = doubles(number(v));
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = f(a[i & mask]) + 0;
  return { kind: "number", values, nulls, mask };
}

function absolute(v: Vec, t: ValueType, rows: number): Vec {
  if (v.kind !== "big" || isFloatType(t.type)) return mapNumber(v, rows, Math.abs);
  const n = span([v], rows);
  const values = v.values instanceof BigUint64Array ? new BigUint64Array(n) : new BigInt64Array(n);
  for (let i = 0; i < n; i++) {
    const x = bigAt(v, i);
    values[i] = x < 0n ? -x : x;
  }
  return { kind: "big", values, nulls: v.nulls, mask: v.mask };
}

function logarithm(v: NumVec, rows: number): Vec {
  const n = span([v], rows);
  const values = new Float64Array(n);
  let nulls = v.nulls?.slice();
  for (let i = 0; i < n; i++) {
    const x = v.values[i & v.mask];
    if (x > 0) values[i] = Math.log2(x);
    else (nulls ??= new Uint8Array(n))[i] = 1;
  }
  return { kind: "number", values, nulls, mask: v.mask };
}

function basename(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? path.slice(0, 1) : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function dirname(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return trimmed === "" && path !== "" ? "/" : ".";
  return trimmed.slice(0, slash).replace(/\/+$/, "") || "/";
}
