import type { Unit } from "../data/mod.ts";
import type { BinaryOp, Expr } from "./expr.ts";

/** Binding strength, weakest first; equal strength groups to the left. Comparisons do not chain. */
export const PRECEDENCE: Readonly<Record<BinaryOp | "in", number>> = {
  "or": 1,
  "and": 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "like": 4,
  "~": 4,
  "in": 4,
  "|": 5,
  "^": 6,
  "&": 7,
  "<<": 8,
  ">>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10,
  "%": 10,
};
const NOT = 3;
const NEGATE = 11;
const ATOM = 12;

/** An expression as the language writes it, with no more parentheses than needed. */
export function exprText(expr: Expr): string {
  return text(expr, 0);
}

function text(e: Expr, outer: number): string {
  const [inner, strength] = bare(e);
  return strength < outer ? `(${inner})` : inner;
}

function bare(e: Expr): [string, number] {
  switch (e.op) {
    case "lit":
      return literalText(e.value, e.t.type, e.t.unit);
    case "field":
      return [e.name, ATOM];
    case "param":
      return [`$${e.name}`, ATOM];
    case "unary":
      return e.fn === "not" ? [`not ${text(e.arg, NOT)}`, NOT] : [`-${text(e.arg, NEGATE + 1)}`, NEGATE];
    case "binary": {
      const p = PRECEDENCE[e.fn];
      const chains = p !== 4;
      return [`${text(e.left, chains ? p : p + 1)} ${e.fn} ${text(e.right, p + 1)}`, p];
    }
    case "in":
      return [`${text(e.arg, 5)} in (${e.list.map(exprText).join(", ")})`, 4];
    case "call":
      return [`${e.fn}(${e.args.map(exprText).join(", ")})`, ATOM];
  }
}

const SUFFIX: Readonly<Record<string, readonly (readonly [string, bigint])[]>> = {
  duration: [["h", 3_600_000_000_000n], ["m", 60_000_000_000n], ["s", 1_000_000_000n], ["ms", 1_000_000n], [
    "us",
    1000n,
  ], [
    "ns",
    1n,
  ]],
  bytes: [["TiB", 1n << 40n], ["GiB", 1n << 30n], ["MiB", 1n << 20n], ["KiB", 1n << 10n], ["B", 1n]],
};

function literalText(value: bigint | number | string | boolean | null, type: string, unit: Unit): [string, number] {
  if (value === null) return ["null", ATOM];
  if (typeof value === "string") return [JSON.stringify(value), ATOM];
  if (typeof value === "boolean") return [String(value), ATOM];
  const negative = value < 0;
  const strength = negative ? NEGATE : ATOM;
  const suffixes = SUFFIX[type];
  if (suffixes && (typeof value === "bigint" || Number.isInteger(value))) {
    const v = BigInt(value);
    const [suffix, size] = suffixes.find(([, s]) => v !== 0n && v % s === 0n) ?? suffixes[suffixes.length - 1];
    return [`${v / size}${suffix}`, strength];
  }
  if (type === "address") return [`0x${BigInt(value).toString(16)}`, ATOM];
  if (type === "ratio") return [`${Number((Number(value) * 100).toPrecision(15))}%`, strength];
  if (type === "rate" && unit === "bytes/s") {
    const whole = Number.isInteger(value);
    return [`${whole ? literalText(value, "bytes", "bytes")[0] : `${value}B`}/s`, strength];
  }
  if (type === "rate") return [`${value}${unit === "hz" ? "hz" : "/s"}`, strength];
  return [Number.isInteger(value) && type === "float" ? `${value}.0` : String(value), strength];
}
