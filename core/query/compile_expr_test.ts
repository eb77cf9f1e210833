import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, cellAt, columnFrom, type Field, type FieldType, UsageError } from "../data/mod.ts";
import { compileExpr, compileFilter } from "./compile_expr.ts";
import { calculate, fieldRef, literal, valueType } from "./build.ts";
import type { BinaryOp, Bindings, Expr, ValueType } from "./expr.ts";
import { compileRegex, loadRegex } from "./regex.ts";
import { binaryType, isProblem } from "./type_rules.ts";
import { callType } from "./scalars.ts";

function batchOf(columns: Record<string, { t: ValueType; values: unknown[] }>): Batch {
  const names = Object.keys(columns);
  const fields: Field[] = names.map((name) => {
    const { t } = columns[name];
    return { name, type: t.type as FieldType, unit: t.unit, unsigned: t.unsigned };
  });
  return {
    length: columns[names[0]].values.length,
    fields,
    columns: names.map((name) => columnFrom(columns[name].values, columns[name].t.unsigned)),
  };
}

function binary(fn: BinaryOp, left: Expr, right: Expr): Expr {
  const t = binaryType(fn, left.t, right.t);
  assert.ok(!isProblem(t), isProblem(t) ? t.error : "");
  return { op: "binary", fn, left, right, t };
}

function call(fn: string, ...args: Expr[]): Expr {
  const t = callType(fn, args.map((a) => a.t));
  assert.ok(!isProblem(t), isProblem(t) ? t.error : "");
  return { op: "call", fn, args, t };
}

function cells(expr: Expr, batch: Batch, bindings: Bindings = {}): Cell[] {
  const column = compileExpr(expr, batch.fields, bindings)(batch);
  return Array.from({ length: batch.length }, (_, i) => cellAt(column, i));
}

const INT = valueType("int"), U64 = valueType("int", true), BOOL = valueType("bool");
const x = fieldRef("x", "int"), y = fieldRef("y", "int");

/** Integers at and around the borders where representations change. */
function interesting(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const edges = [0n, 1n << 31n, 1n << 32n, 1n << 52n, 1n << 53n, 1n << 62n, 1n << 63n, 1n << 64n]
    .flatMap((e) => [e - 2n, e - 1n, e, e + 1n, -e - 1n, -e, -e + 1n])
    .filter((e) => e >= min && e <= max);
  return fc.oneof(
    fc.bigInt({ min, max }),
    fc.constantFrom(...edges),
    fc.bigInt({ min: min < 0n ? -1000n : 0n, max: 1000n }),
  );
}
const MIN = -(1n << 63n), MAX = (1n << 63n) - 1n, UMAX = (1n << 64n) - 1n;

/** The definition of each operator, on exact integers. */
function reference(op: string, a: bigint, b: bigint, t: ValueType): bigint | null {
  const wrap = (v: bigint): bigint => t.unsigned ? BigInt.asUintN(64, v) : BigInt.asIntN(64, v);
  switch (op) {
    case "+":
      return wrap(a + b);
    case "-":
      return wrap(a - b);
    case "*":
      return wrap(a * b);
    case "%":
      return b === 0n ? null : wrap(a % b);
    case "div":
      return b === 0n ? null : wrap(a / b);
    case "&":
      return wrap(a & b);
    case "|":
      return wrap(a | b);
    case "^":
      return wrap(a ^ b);
    case "<<":
      return wrap(a << BigInt.asUintN(6, b));
    default:
      return wrap(a >> BigInt.asUintN(6, b));
  }
}

for (const op of ["+", "-", "*", "%", "div", "&", "|", "^", "<<", ">>"]) {
  Deno.test(`integers: ${op} is exact in 64 bits for all mixes of signs, widths and constants`, () => {
    const side = fc.boolean().chain((unsigned) =>
      fc.array(unsigned ? interesting(0n, UMAX) : interesting(MIN, MAX), { minLength: 3, maxLength: 3 })
        .map((values) => ({ t: unsigned ? U64 : INT, values }))
    );
    fc.assert(
      fc.property(side, side, fc.boolean(), fc.boolean(), (left, right, constLeft, constRight) => {
        const batch = batchOf({ x: left, y: right });
        const l: Expr = constLeft
          ? { op: "lit", value: left.values[0], t: left.t }
          : { op: "field", name: "x", t: left.t };
        const r: Expr = constRight ? { op: "param", name: "p", t: right.t } : { op: "field", name: "y", t: right.t };
        const expr = op === "div" ? call("div", l, r) : binary(op as BinaryOp, l, r);
        const want = left.values.map((_, i) =>
          reference(op, left.values[constLeft ? 0 : i], right.values[constRight ? 0 : i], expr.t)
        );
        const got = cells(expr, batch, { p: right.values[0] }).map((c) => c === null ? null : BigInt(c as number));
        assert.deepEqual(got, want);
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("integers: no result is minus zero", () => {
  const batch = batchOf({ x: { t: INT, values: [-4, 0, -4] }, y: { t: INT, values: [2, -5, 5] } });
  for (const e of [binary("%", x, y), binary("*", x, y), call("div", y, x), call("abs", x)]) {
    for (const c of cells(e, batch)) assert.ok(!Object.is(c, -0));
  }
});

Deno.test("comparisons go by value across signs and widths", () => {
  const ops: BinaryOp[] = ["==", "!=", "<", "<=", ">", ">="];
  const truth = (op: BinaryOp, a: bigint, b: bigint): boolean =>
    ({ "==": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b } as Record<string, boolean>)[
      op
    ];
  fc.assert(fc.property(
    fc.array(fc.tuple(interesting(MIN, MAX), interesting(0n, UMAX)), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...ops),
    (rows, op) => {
      const batch = batchOf({
        x: { t: INT, values: rows.map((r) => r[0]) },
        y: { t: U64, values: rows.map((r) => r[1]) },
      });
      assert.deepEqual(
        cells(binary(op, x, fieldRef("y", "int", true)), batch),
        rows.map(([a, b]) => truth(op, a, b) ? 1 : 0),
      );
    },
  ));
});

Deno.test("/ is always a float and null for a divisor of 0", () => {
  const batch = batchOf({ x: { t: INT, values: [7, -7, 1, 0] }, y: { t: INT, values: [2, 2, 0, 0] } });
  assert.deepEqual(cells(binary("/", x, y), batch), [3.5, -3.5, null, null]);
});

Deno.test("comparing null gives null, and a filter takes null as false", () => {
  const batch = batchOf({ x: { t: INT, values: [1, null, 3] }, y: { t: INT, values: [1, 1, null] } });
  assert.deepEqual(cells(binary("==", x, y), batch), [1, null, null]);
  assert.deepEqual(Array.from(compileFilter(binary("!=", x, y), batch.fields)(batch)), []);
  assert.deepEqual(Array.from(compileFilter(binary("==", x, y), batch.fields)(batch)), [0]);
});

Deno.test("and, or and not are three-valued", () => {
  const values = [1, 0, null];
  const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
  const batch = batchOf({
    p: { t: BOOL, values: pairs.map((r) => r[0]) },
    q: { t: BOOL, values: pairs.map((r) => r[1]) },
  });
  const p = fieldRef("p", "bool"), q = fieldRef("q", "bool");
  const and = pairs.map(([a, b]) => a === 0 || b === 0 ? 0 : a === null || b === null ? null : 1);
  const or = pairs.map(([a, b]) => a === 1 || b === 1 ? 1 : a === null || b === null ? null : 0);
  assert.deepEqual(cells(binary("and", p, q), batch), and);
  assert.deepEqual(cells(binary("or", p, q), batch), or);
  const not: Expr = { op: "unary", fn: "not", arg: p, t: BOOL };
  assert.deepEqual(cells(not, batch), pairs.map(([a]) => a === null ? null : 1 - a));
});

Deno.test("in: null among the list makes a miss null, a hit stays true", () => {
  const batch = batchOf({ x: { t: INT, values: [1, 2, null, 2n ** 60n] } });
  const isIn = (list: Expr[]): Expr => ({ op: "in", arg: x, list, t: BOOL });
  assert.deepEqual(cells(isIn([literal(1n), literal(2n ** 60n)]), batch), [1, 0, null, 1]);
  assert.deepEqual(cells(isIn([literal(1n), literal(null)]), batch), [1, null, null, null]);
  const small = batchOf({ x: { t: INT, values: [1, 2, null] } });
  assert.deepEqual(cells(isIn([literal(1n), literal(5n)]), small), [1, 0, null]);
});

Deno.test("text: comparisons, in and like work on dictionary-coded columns with nulls", () => {
  const t = valueType("string");
  const batch = batchOf({
    s: { t, values: ["nginx", null, "node", "nginx"] },
    u: { t, values: ["nginx", "a", null, "x"] },
  });
  const s = fieldRef("s", "string"), u = fieldRef("u", "string");
  assert.deepEqual(cells(binary("==", s, literal("nginx")), batch), [1, null, 0, 1]);
  assert.deepEqual(cells(binary("<", s, u), batch), [0, null, null, 1]);
  assert.deepEqual(cells({ op: "in", arg: s, list: [literal("node"), literal("x")], t: BOOL }, batch), [0, null, 1, 0]);
  assert.deepEqual(cells(binary("like", s, literal("n%x")), batch), [1, null, 0, 1]);
});

Deno.test("a column of nulls only can stand for any type", () => {
  const batch = batchOf({ s: { t: valueType("string"), values: [null, null] }, x: { t: INT, values: [null, null] } });
  const s = fieldRef("s", "string");
  assert.deepEqual(cells(binary("==", s, literal("a")), batch), [null, null]);
  assert.deepEqual(cells(binary("like", s, literal("a%")), batch), [null, null]);
  assert.deepEqual(cells(call("lower", s), batch), [null, null]);
  assert.deepEqual(cells(call("coalesce", x, literal(4n)), batch), [4, 4]);
});

Deno.test("an empty batch gives empty columns, whatever their representation", () => {
  const batch = batchOf({ s: { t: valueType("string"), values: [] }, x: { t: INT, values: [] } });
  const s = fieldRef("s", "string");
  for (
    const e of [binary("==", s, literal("a")), binary("like", s, literal("a%")), call("str", x), binary("+", x, x)]
  ) {
    assert.deepEqual(cells(e, batch), []);
  }
});

Deno.test("~ is RE2: unanchored, linear on patterns that explode elsewhere, clear on a bad pattern", async () => {
  await loadRegex();
  const t = valueType("string");
  const batch = batchOf({ s: { t, values: ["a".repeat(40) + "b", "xab", null] } });
  const s = fieldRef("s", "string");
  assert.deepEqual(cells(binary("~", s, literal("^(a+)+$")), batch), [0, 0, null]);
  assert.deepEqual(cells(binary("~", s, literal("ab")), batch), [1, 1, null]);
  assert.throws(() => compileRegex("(a"), UsageError);
});

Deno.test("units: bytes a duration is a rate per second, a rate for a duration an amount again", () => {
  const bytes = fieldRef("b", "bytes"), time = fieldRef("d", "duration");
  const batch = batchOf({
    b: { t: valueType("bytes"), values: [1000, 5] },
    d: { t: valueType("duration"), values: [500_000_000, 0] },
  });
  const rate = binary("/", bytes, time);
  assert.deepEqual(rate.t, { type: "rate", unit: "bytes/s" });
  assert.deepEqual(cells(rate, batch), [2000, null]);
  const amount = binary("*", rate, time);
  assert.equal(amount.t.type, "bytes");
  assert.deepEqual(cells(amount, batch), [1000, null]);
});

Deno.test("units: a duration divided or scaled stays a whole number of nanoseconds", () => {
  const d = fieldRef("d", "duration");
  const batch = batchOf({ d: { t: valueType("duration"), values: [5, 2n ** 60n] } });
  assert.deepEqual(cells(binary("/", d, literal(2n)), batch), [3, 2 ** 59]);
  assert.deepEqual(cells(binary("*", d, literal(0.5, "ratio")), batch), [3, 2 ** 59]);
});

Deno.test("scalar functions: values, nulls and types", () => {
  const t = valueType("string");
  const batch = batchOf({
    s: { t, values: ["/usr/bin/Node", "a/", "", "日本", null] },
    x: { t: INT, values: [-5, 8, 0, 2n ** 62n, null] },
  });
  const s = fieldRef("s", "string");
  assert.deepEqual(cells(call("basename", s), batch), ["Node", "a", "", "日本", null]);
  assert.deepEqual(cells(call("dirname", s), batch), ["/usr/bin", ".", ".", ".", null]);
  assert.deepEqual(cells(call("lower", s), batch), ["/usr/bin/node", "a/", "", "日本", null]);
  assert.deepEqual(cells(call("len", s), batch), [13, 2, 0, 2, null]);
  assert.deepEqual(cells(call("abs", x), batch), [5n, 8n, 0n, 2n ** 62n, null]);
  assert.deepEqual(cells(call("log2", x), batch), [null, 3, null, 62, null]);
  assert.deepEqual(cells(call("str", x), batch), ["-5", "8", "0", "4611686018427387904", null]);
  assert.deepEqual(cells(call("is_null", x), batch), [0, 0, 0, 0, 1]);
  assert.deepEqual(cells(call("greatest", x, literal(1n)), batch), [1n, 8n, 1n, 2n ** 62n, null]);
  assert.deepEqual(cells(call("least", x, literal(1n)), batch).map(Number), [-5, 1, 0, 1, 0]);
  assert.deepEqual(cells(call("if", binary(">", x, literal(0n)), literal("up"), literal("down")), batch), [
    "down",
    "up",
    "down",
    "up",
    "down",
  ]);
});

Deno.test("compileExpr() names what is missing", () => {
  assert.throws(() => compileExpr(x, []), /no field "x"/);
  assert.throws(() => compileExpr({ op: "param", name: "p", t: INT }, []), /parameter \$p/);
});

Deno.test("constants beyond 2^53 are no rows over no rows", () => {
  const sum = calculate("+", literal(1n << 60n), literal(1n), "int");
  assert.deepEqual(compileExpr(sum, [])({ length: 0, fields: [], columns: [] }), {
    kind: "big",
    values: new BigInt64Array(0),
  });
});
