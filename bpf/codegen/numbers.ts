import type { Expr } from "../../core/query/mod.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { isFloatType, isIntegerType } from "../../core/query/type_classes.ts";
import type { Label } from "../asm/mod.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitCondition } from "./conditions.ts";
import { FP, type Gen } from "./gen.ts";
import { isNonZeroLiteral, isUnsigned, nullable } from "./nullable.ts";
import { emitAccess } from "./read_access.ts";

/**
 * Computes an integer into r0, or jumps to `onNull`. Loses r1–r5. Everything wraps at 64 bits as `core/query` does.
 *
 * @throws {CannotGenerate} for floats, texts, parameters without value, and functions that the kernel lacks
 */
export function emitNumber(g: Gen, e: Expr, onNull: Label): void {
  const { a } = g;
  const kept = g.cached.get(exprText(e));
  if (kept) {
    if (kept.nullFlag !== null) a.load(8, 1, FP, kept.nullFlag).jump("ne", 1, 0, onNull);
    a.load(8, 0, kept.base, kept.off);
    return;
  }
  switch (e.op) {
    case "lit":
      if (e.value === null) a.goto(onNull);
      else a.constant(0, literalInteger(e));
      return;
    case "param":
      throw new CannotGenerate(`the parameter $${e.name} has no value yet`);
    case "field":
      return emitAccess(g, g.access(e.name), onNull, e.name);
    case "unary":
      if (e.fn === "not") return emitTruth(g, e, onNull);
      refuseFloat(e);
      emitNumber(g, e.arg, onNull);
      a.alu("neg", 0, 0);
      return;
    case "in":
      return emitTruth(g, e, onNull);
    case "binary":
      return emitBinary(g, e, onNull);
    case "call":
      return emitCall(g, e, onNull);
  }
}

/** The value of an integer literal, 64 bits. */
export function literalInteger(e: Extract<Expr, { op: "lit" }>): bigint {
  if (typeof e.value === "string" || !isIntegerType(e.t.type)) {
    throw new CannotGenerate(`${exprText(e)} is no integer, and the kernel computes with integers only`);
  }
  return BigInt(e.value as bigint | number | boolean);
}

/** Evaluates both sides: left in r0, right in r1. */
export function emitOperands(g: Gen, left: Expr, right: Expr, onNull: Label): void {
  const { a } = g;
  if (right.op === "lit" && right.value !== null) {
    emitNumber(g, left, onNull);
    a.constant(1, literalInteger(right));
    return;
  }
  g.frame.withSlot((slot) => {
    emitNumber(g, left, onNull);
    a.store(8, FP, slot, 0);
    emitNumber(g, right, onNull);
    a.movReg(1, 0).load(8, 0, FP, slot);
  });
}

function emitBinary(g: Gen, e: Extract<Expr, { op: "binary" }>, onNull: Label): void {
  const { a } = g;
  switch (e.fn) {
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "and":
    case "or":
    case "like":
    case "~":
      return emitTruth(g, e, onNull);
    case "/":
      throw new CannotGenerate("`/` gives fractions, and the kernel computes with integers only; div(a, b) is whole");
  }
  refuseFloat(e);
  refuseFloat(e.left);
  refuseFloat(e.right);
  if (e.fn === "%") return emitDivision(g, "mod", e.left, e.right, onNull);
  emitOperands(g, e.left, e.right, onNull);
  const r1 = { r: 1 } as const;
  switch (e.fn) {
    case "+":
      a.alu("add", 0, r1);
      break;
    case "-":
      a.alu("sub", 0, r1);
      break;
    case "*":
      a.alu("mul", 0, r1);
      break;
    case "&":
      a.alu("and", 0, r1);
      break;
    case "|":
      a.alu("or", 0, r1);
      break;
    case "^":
      a.alu("xor", 0, r1);
      break;
    case "<<":
      a.alu("and", 1, 63).alu("lsh", 0, r1);
      break;
    case ">>":
      a.alu("and", 1, 63).alu(isUnsigned(e.left.t) ? "rsh" : "arsh", 0, r1);
      break;
  }
}

/**
 * `div` or `mod` towards zero. BPF divides unsigned only (signed division came with Linux 6.6): so by magnitudes, with
 * the signs put back.
 */
function emitDivision(g: Gen, fn: "div" | "mod", left: Expr, right: Expr, onNull: Label): void {
  const { a } = g;
  emitOperands(g, left, right, onNull);
  if (!isNonZeroLiteral(right)) a.jump("eq", 1, 0, onNull);
  const leftSigned = !isUnsigned(left.t);
  const rightSigned = !isUnsigned(right.t) && !isPositiveLiteral(right);
  if (!leftSigned && !rightSigned) {
    a.alu(fn, 0, { r: 1 });
    return;
  }
  // r2 is 1 when the result is negative.
  a.constant(2, 0);
  if (leftSigned) {
    const positive = a.label("positive");
    a.jump("sge", 0, 0, positive).alu("neg", 0, 0).constant(2, 1).mark(positive);
  }
  if (rightSigned) {
    const positive = a.label("positive");
    a.jump("sge", 1, 0, positive).alu("neg", 1, 0);
    if (fn === "div") a.alu("xor", 2, 1);
    a.mark(positive);
  }
  const done = a.label("divided");
  a.alu(fn, 0, { r: 1 }).jump("eq", 2, 0, done).alu("neg", 0, 0).mark(done);
}

function isPositiveLiteral(e: Expr): boolean {
  return e.op === "lit" && e.value !== null && literalInteger(e) > 0n;
}

function emitCall(g: Gen, e: Extract<Expr, { op: "call" }>, onNull: Label): void {
  const { a } = g;
  switch (e.fn) {
    case "div":
      refuseFloat(e);
      return emitDivision(g, "div", e.args[0], e.args[1], onNull);
    case "abs": {
      refuseFloat(e);
      emitNumber(g, e.args[0], onNull);
      if (isUnsigned(e.args[0].t)) return;
      const positive = a.label("positive");
      a.jump("sge", 0, 0, positive).alu("neg", 0, 0).mark(positive);
      return;
    }
    case "int":
      refuseFloat(e.args[0]);
      return emitNumber(g, e.args[0], onNull);
    case "ntohs":
    case "ntohl":
      emitNumber(g, e.args[0], onNull);
      a.toBigEndian(0, e.fn === "ntohs" ? 16 : 32);
      return;
    case "is_null":
      return emitTruth(g, e, onNull);
    case "coalesce": {
      const done = a.label("found");
      for (const arg of e.args) {
        refuseFloat(arg);
        refuseMixedSigns(e, arg);
        const next = a.label("next");
        const last = arg === e.args[e.args.length - 1];
        emitNumber(g, arg, last ? onNull : next);
        a.goto(done).mark(next);
        if (!nullable(arg, g.access)) break;
      }
      a.mark(done);
      return;
    }
    case "if": {
      const [condition, x, y] = e.args;
      refuseFloat(e);
      refuseMixedSigns(e, x);
      refuseMixedSigns(e, y);
      const yes = a.label("then"), no = a.label("else"), done = a.label("end_if");
      emitCondition(g, condition, yes, no, no);
      a.mark(yes);
      emitNumber(g, x, onNull);
      a.goto(done).mark(no);
      emitNumber(g, y, onNull);
      a.mark(done);
      return;
    }
    default:
      throw new CannotGenerate(`${e.fn}() is not computed in the kernel`);
  }
}

/** A choice between a signed and an unsigned value keeps the chosen value, which 64 bits without a sign cannot. */
function refuseMixedSigns(e: Expr, chosen: Expr): void {
  const harmless = chosen.op === "lit" && (chosen.value === null || literalInteger(chosen) >= 0n);
  if (!harmless && isUnsigned(chosen.t) !== isUnsigned(e.t)) {
    throw new CannotGenerate(`${exprText(e)} mixes signed and unsigned numbers`);
  }
}

/** A condition as 1 or 0. */
function emitTruth(g: Gen, e: Expr, onNull: Label): void {
  const { a } = g;
  const yes = a.label("true"), no = a.label("false"), done = a.label("truth");
  emitCondition(g, e, yes, no, onNull);
  a.mark(yes).constant(0, 1).goto(done).mark(no).constant(0, 0).mark(done);
}

export function refuseFloat(e: Expr): void {
  if (isFloatType(e.t.type)) {
    throw new CannotGenerate(`${exprText(e)} is a fraction, and the kernel computes with integers only`);
  }
}
