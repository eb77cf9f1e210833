import type { BinaryOp, Expr } from "../../core/query/mod.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { isTextType } from "../../core/query/type_classes.ts";
import type { JumpOp, Label, Reg, Width } from "../asm/mod.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { FP, type Gen, type Place } from "./gen.ts";
import { isUnsigned, nullable } from "./nullable.ts";
import { emitNumber, emitOperands, literalInteger, refuseFloat } from "./numbers.ts";
import { emitIpComparison, isIp, withIp } from "./addresses.ts";
import { emitText, textBytes, textSource } from "./texts.ts";
import { type Access, COMM_BYTES, type NameTable } from "./access.ts";
import { compileLike } from "../../core/query/like.ts";
import { specialField } from "./layout.ts";

const encoder = new TextEncoder();

/**
 * Decides a condition: control goes to one of three places and never past. Loses r0–r5.
 *
 * Null is control flow too, so it costs nothing where it leads to the same place as false.
 */
export function emitCondition(g: Gen, e: Expr, yes: Label, no: Label, onNull: Label): void {
  const { a } = g;
  if (e.op === "unary" && e.fn === "not") return emitCondition(g, e.arg, no, yes, onNull);
  if (e.op === "in") return emitIn(g, e, yes, no, onNull);
  if (e.op === "call" && e.fn === "is_null") return emitIsNull(g, e.args[0], yes, no);
  if (e.op === "binary") {
    switch (e.fn) {
      case "and":
        return emitAnd(g, e.left, e.right, yes, no, onNull);
      case "or":
        // By De Morgan: `x or y` is `not (not x and not y)`, for null as well.
        return emitAnd(g, not(e.left), not(e.right), no, yes, onNull);
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
        if (nameOf(g, e.left)) return emitNameComparison(g, e.fn, e.left, e.right, yes, no, onNull);
        if (nameOf(g, e.right)) return emitNameComparison(g, e.fn, e.right, e.left, yes, no, onNull);
        if (isIp(e.left) || isIp(e.right)) return emitIpComparison(g, e.fn, e.left, e.right, yes, no, onNull);
        return isText(e.left) || isText(e.right)
          ? emitTextComparison(g, e.fn, e.left, e.right, yes, no, onNull)
          : emitComparison(g, e.fn, e.left, e.right, yes, no, onNull);
      case "like":
        if (nameOf(g, e.left)) return emitNameComparison(g, e.fn, e.left, e.right, yes, no, onNull);
        return emitLike(g, e.left, e.right, yes, no, onNull);
      case "~":
        throw new CannotGenerate("regular expressions (~) are not matched in the kernel");
    }
  }
  emitNumber(g, e, onNull);
  a.jump("ne", 0, 0, yes).goto(no);
}

function not(e: Expr): Expr {
  return { op: "unary", fn: "not", arg: e, t: e.t };
}

function emitAnd(g: Gen, left: Expr, right: Expr, yes: Label, no: Label, onNull: Label): void {
  const { a } = g;
  const next = a.label("and");
  if (!nullable(left, g.access) || onNull === no) {
    emitCondition(g, left, next, no, onNull);
    a.mark(next);
    emitCondition(g, right, yes, no, onNull);
    return;
  }
  if (onNull === yes) {
    emitCondition(g, left, next, no, next);
    a.mark(next);
    emitCondition(g, right, yes, no, onNull);
    return;
  }
  // Null on the left: false if the right is false, else null. A flag remembers it.
  g.frame.withSlot((flag) => {
    const leftNull = a.label("left_null"), rightTrue = a.label("right_true");
    a.storeImm(8, FP, flag, 0);
    emitCondition(g, left, next, no, leftNull);
    a.mark(leftNull).storeImm(8, FP, flag, 1).mark(next);
    emitCondition(g, right, rightTrue, no, onNull);
    a.mark(rightTrue).load(8, 0, FP, flag).jump("ne", 0, 0, onNull).goto(yes);
  });
}

const SIGNED: Readonly<Record<string, JumpOp>> = {
  "==": "eq",
  "!=": "ne",
  "<": "slt",
  "<=": "sle",
  ">": "sgt",
  ">=": "sge",
};
const UNSIGNED: Readonly<Record<string, JumpOp>> = {
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};

/** Compares by value, whatever the signs: -1 is less than 2^64 - 1. */
function emitComparison(g: Gen, fn: BinaryOp, left: Expr, right: Expr, yes: Label, no: Label, onNull: Label): void {
  const { a } = g;
  refuseFloat(left);
  refuseFloat(right);
  const l = signOf(left), r = signOf(right);
  if (right.op === "lit" && right.value !== null && (r === "any" || r === l)) {
    const value = literalInteger(right);
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) {
      emitNumber(g, left, onNull);
      a.jump((l === "unsigned" ? UNSIGNED : SIGNED)[fn], 0, Number(value), yes).goto(no);
      return;
    }
  }
  emitOperands(g, left, right, onNull);
  const less = fn === "<" || fn === "<=" || fn === "!=";
  const greater = fn === ">" || fn === ">=" || fn === "!=";
  if (l === "signed" && r === "unsigned") a.jump("slt", 0, 0, less ? yes : no);
  else if (l === "unsigned" && r === "signed") a.jump("slt", 1, 0, greater ? yes : no);
  const signed = l === "signed" && r !== "unsigned" || r === "signed" && l !== "unsigned";
  a.jump((signed ? SIGNED : UNSIGNED)[fn], 0, { r: 1 }, yes).goto(no);
}

/** How a value's 64 bits are to be read; `any` when both ways give the same. */
function signOf(e: Expr): "signed" | "unsigned" | "any" {
  if (e.op === "lit" && e.value !== null) {
    const value = literalInteger(e);
    return value < 0n ? "signed" : value > 0x7fff_ffff_ffff_ffffn ? "unsigned" : "any";
  }
  return isUnsigned(e.t) ? "unsigned" : "signed";
}

function emitIn(g: Gen, e: Extract<Expr, { op: "in" }>, yes: Label, no: Label, onNull: Label): void {
  const { a } = g;
  const constants = e.list.every((item) => item.op === "lit" && item.value !== null);
  if (!constants || isText(e.arg)) {
    const tests = e.list.map((item): Expr => ({ op: "binary", fn: "==", left: e.arg, right: item, t: e.t }));
    if (tests.length === 0) return emitIsNull(g, e.arg, onNull, no);
    const any = tests.reduce((x, y): Expr => ({ op: "binary", fn: "or", left: x, right: y, t: e.t }));
    return emitCondition(g, any, yes, no, onNull);
  }
  refuseFloat(e.arg);
  emitNumber(g, e.arg, onNull);
  const sign = signOf(e.arg);
  for (const item of e.list) {
    const value = literalInteger(item as Extract<Expr, { op: "lit" }>);
    // A value that the other side cannot have, though its bits may be the same.
    if (value < 0n && sign === "unsigned" || value > 0x7fff_ffff_ffff_ffffn && sign === "signed") continue;
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) a.jump("eq", 0, Number(value), yes);
    else a.constant(1, value).jump("eq", 0, { r: 1 }, yes);
  }
  a.goto(no);
}

function emitIsNull(g: Gen, e: Expr, yes: Label, no: Label): void {
  const special = specialField(e, [g.access]);
  if (special?.kind === "stack" || (special?.kind === "name" && special.table.kind === "container")) {
    throw new CannotGenerate(`whether there is a ${exprText(e)} is known afterwards`);
  }
  if (!nullable(e, g.access)) return void g.a.goto(no);
  if (isIp(e)) withIp(g, e, yes, () => {});
  else if (special?.kind === "symbol" && e.op === "call") { for (const arg of e.args) emitNumber(g, arg, yes); }
  else if (!special && isText(e)) withText(g, e, yes, () => {});
  else emitNumber(g, e, yes);
  g.a.goto(no);
}

/** The access of a text that the kernel knows by number; null for any other expression. */
function nameOf(g: Gen, e: Expr): Extract<Access, { kind: "name" }> | null {
  const special = specialField(e, [g.access]);
  return special?.kind === "name" ? special : null;
}

/** Compares by the numbers of the texts that are meant. */
function emitNameComparison(g: Gen, fn: BinaryOp, e: Expr, to: Expr, yes: Label, no: Label, onNull: Label): void {
  const { a } = g;
  const { table } = nameOf(g, e)!;
  if (to.op !== "lit") throw new CannotGenerate(`${exprText(e)} is compared with constants in the kernel`);
  if (to.value === null) return void a.goto(onNull);
  const text = String(to.value);
  const numbers = fn === "like" ? likeNumbers(table, text) : g.machine.numbersOf(table, text);
  if (numbers === null || (fn !== "==" && fn !== "!=" && fn !== "like")) {
    throw new CannotGenerate(`${exprText(e)} is compared by number in the kernel, with == only where that is known`);
  }
  const [same, other] = fn === "!=" ? [no, yes] : [yes, no];
  emitNumber(g, e, onNull);
  for (const n of numbers) a.constant(1, n).jump("eq", 0, { r: 1 }, same);
  a.goto(other);
}

function likeNumbers(table: NameTable, pattern: string): bigint[] | null {
  if (table.kind !== "listed") return null;
  const matches = compileLike(pattern);
  return [...table.names].filter(([, text]) => matches(text)).map(([n]) => n);
}

function isText(e: Expr): boolean {
  return isTextType(e.t.type);
}

function emitTextComparison(g: Gen, fn: BinaryOp, left: Expr, right: Expr, yes: Label, no: Label, onNull: Label): void {
  if (fn !== "==" && fn !== "!=") throw new CannotGenerate(`texts are not ordered (${fn}) in the kernel`);
  if (left.op === "lit" && right.op !== "lit") return emitTextComparison(g, fn, right, left, yes, no, onNull);
  const [same, other] = fn === "==" ? [yes, no] : [no, yes];
  withText(g, left, onNull, (place, bytes) => {
    if (right.op === "lit" && typeof right.value === "string") emitPrefix(g, place, bytes, right.value, true, other);
    else if (right.op === "lit") g.a.goto(onNull);
    else withText(g, right, onNull, (place2, bytes2) => emitSame(g, place, bytes, place2, bytes2, other));
    g.a.goto(same);
  });
}

/** `like` with a constant beginning: equality, or a prefix. Other patterns are matched by the caller. */
function emitLike(g: Gen, left: Expr, right: Expr, yes: Label, no: Label, onNull: Label): void {
  const pattern = right.op === "lit" && typeof right.value === "string" ? right.value : null;
  const [, fixed, rest] = pattern?.match(/^([^%_\\]*)(%*)$/) ?? [];
  if (fixed === undefined) {
    throw new CannotGenerate(`of like patterns the kernel matches "text" and "text%", not ${exprText(right)}`);
  }
  withText(g, left, onNull, (place, bytes) => {
    emitPrefix(g, place, bytes, fixed, rest === "", no);
    g.a.goto(yes);
  });
}

/** Has a text in memory while `use` runs. */
function withText(g: Gen, e: Expr, onNull: Label, use: (place: Place, bytes: number) => void): void {
  const kept = g.cached.get(exprText(e));
  if (kept) {
    if (kept.nullFlag !== null) g.a.load(8, 1, FP, kept.nullFlag).jump("ne", 1, 0, onNull);
    return use(kept, kept.textBytes);
  }
  const bytes = textBytes(textSource(e, g.access));
  if (bytes > 2 * COMM_BYTES) throw new CannotGenerate(`${exprText(e)} is too long to be computed here`);
  const off = g.frame.alloc(bytes);
  emitText(g, e, { base: FP, off }, bytes, onNull);
  use({ base: FP, off }, bytes);
  g.frame.free(off, bytes);
}

/** Jumps to `other` unless the text begins with `text`, and ends there when `whole`. */
function emitPrefix(g: Gen, place: Place, bytes: number, text: string, whole: boolean, other: Label): void {
  const { a } = g;
  const want = encoder.encode(whole ? `${text}\0` : text);
  // A NUL inside cannot be in a text of the kernel; neither can what is longer than its buffer.
  if (want.length > bytes || text.includes("\0")) return void a.goto(other);
  const view = new DataView(want.buffer, want.byteOffset, want.byteLength);
  for (let at = 0; at < want.length;) {
    const width = ([8, 4, 2, 1] as const).find((w) => at + w <= want.length)!;
    a.load(width, 0, place.base as Reg, place.off + at);
    emitJumpUnless(g, readWord(view, at, width), width, other);
    at += width;
  }
}

function readWord(view: DataView, at: number, width: Width): bigint {
  switch (width) {
    case 8:
      return view.getBigUint64(at, true);
    case 4:
      return BigInt(view.getUint32(at, true));
    case 2:
      return BigInt(view.getUint16(at, true));
    case 1:
      return BigInt(view.getUint8(at));
  }
}

function emitJumpUnless(g: Gen, value: bigint, width: Width, other: Label): void {
  if (width < 8 && value <= 0x7fff_ffffn) g.a.jump("ne", 0, Number(value), other);
  else g.a.constant(1, value).jump("ne", 0, { r: 1 }, other);
}

function emitSame(g: Gen, x: Place, xBytes: number, y: Place, yBytes: number, other: Label): void {
  const { a } = g;
  const [long, longBytes, short, shortBytes] = xBytes >= yBytes ? [x, xBytes, y, yBytes] : [y, yBytes, x, xBytes];
  for (let at = 0; at < longBytes; at += 8) {
    a.load(8, 0, long.base, long.off + at);
    if (at < shortBytes) a.load(8, 1, short.base, short.off + at).jump("ne", 0, { r: 1 }, other);
    else a.jump("ne", 0, 0, other);
  }
}
