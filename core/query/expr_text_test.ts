import assert from "node:assert/strict";
import { fieldRef, literal, valueType } from "./build.ts";
import type { BinaryOp, Expr } from "./expr.ts";
import { exprText } from "./expr_text.ts";

const a = fieldRef("a", "int"), b = fieldRef("b", "int"), c = fieldRef("c", "int");
const INT = valueType("int"), BOOL = valueType("bool");
const bin = (fn: BinaryOp, left: Expr, right: Expr): Expr => ({ op: "binary", fn, left, right, t: INT });

Deno.test("exprText() writes no more parentheses than needed", () => {
  assert.equal(exprText(bin("*", bin("+", a, b), c)), "(a + b) * c");
  assert.equal(exprText(bin("+", bin("*", a, b), c)), "a * b + c");
  assert.equal(exprText(bin("-", a, bin("-", b, c))), "a - (b - c)");
  assert.equal(exprText(bin("-", bin("-", a, b), c)), "a - b - c");
  assert.equal(exprText(bin("==", bin("==", a, b), c)), "(a == b) == c");
  assert.equal(exprText(bin("and", bin("or", a, b), bin("==", a, c))), "(a or b) and a == c");
  assert.equal(exprText({ op: "unary", fn: "not", arg: bin("==", a, b), t: BOOL }), "not a == b");
  assert.equal(exprText({ op: "unary", fn: "not", arg: bin("and", a, b), t: BOOL }), "not (a and b)");
  assert.equal(exprText(bin("*", { op: "unary", fn: "-", arg: a, t: INT }, b)), "-a * b");
  assert.equal(exprText({ op: "in", arg: a, list: [b, literal(3n)], t: BOOL }), "a in (b, 3)");
});

Deno.test("exprText() writes literals with their units", () => {
  assert.equal(exprText(literal(1_500_000n, "duration")), "1500us");
  assert.equal(exprText(literal(60_000_000_000n, "duration")), "1m");
  assert.equal(exprText(literal(0n, "duration")), "0ns");
  assert.equal(exprText(literal(4096n, "bytes")), "4KiB");
  assert.equal(exprText(literal(0.07, "ratio")), "7%");
  assert.equal(exprText(literal(255n, "address")), "0xff");
  assert.equal(exprText(literal(2, "float")), "2.0");
  assert.equal(exprText(literal('say "hi"\n')), '"say \\"hi\\"\\n"');
  assert.equal(exprText({ op: "param", name: "tid", t: INT }), "$tid");
});

Deno.test("exprText() writes rates with their unit", () => {
  const rate = (value: number, unit: "hz" | "bytes/s" | "events/s"): string =>
    exprText({ op: "lit", value, t: { type: "rate", unit } });
  assert.deepEqual(
    [rate(99, "hz"), rate(10 << 20, "bytes/s"), rate(1.5, "bytes/s"), rate(100, "events/s")],
    ["99hz", "10MiB/s", "1.5B/s", "100/s"],
  );
});
