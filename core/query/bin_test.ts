import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, type Cell, cellAt, columnFrom, type FieldType } from "../data/mod.ts";
import { fieldRef, literal, valueType } from "./build.ts";
import { compileExpr } from "./compile_expr.ts";
import type { Expr } from "./expr.ts";
import { callType } from "./scalars.ts";
import { isProblem } from "./type_rules.ts";

/** bin(x, size) over columns of these values. */
function bins(type: FieldType, values: readonly unknown[], size: Expr | readonly unknown[], unsigned = false): Cell[] {
  const x = fieldRef("x", type, unsigned);
  const sizes = Array.isArray(size) ? size : null;
  const s = sizes ? fieldRef("size", type === "time" ? "duration" : type) : size as Expr;
  const t = callType("bin", [x.t, s.t]);
  assert.ok(!isProblem(t));
  assert.equal(t.type, type);
  const fields = [{ name: "x", type, unit: x.t.unit, unsigned }, { name: "size", type, unit: null }];
  const batch: Batch = {
    length: values.length,
    fields,
    columns: [columnFrom(values, unsigned), columnFrom(sizes ?? values.map(() => 1))],
  };
  const column = compileExpr({ op: "call", fn: "bin", args: [x, s], t }, fields)(batch);
  return values.map((_, i) => cellAt(column, i));
}

Deno.test("bin() of integers is the greatest multiple of the size that is not above them, exact at 64 bits", () => {
  const int = fc.oneof(fc.bigInt({ min: -(1n << 62n), max: 1n << 62n }), fc.bigInt({ min: -100n, max: 100n }));
  const size = fc.oneof(fc.bigInt({ min: -3n, max: 1n << 62n }), fc.bigInt({ min: -3n, max: 20n }));
  fc.assert(fc.property(fc.array(fc.tuple(int, size), { minLength: 1, maxLength: 8 }), (rows) => {
    const got = bins("int", rows.map((r) => r[0]), rows.map((r) => r[1]));
    rows.forEach(([x, s], i) => {
      if (s <= 0n) return assert.equal(got[i], null);
      const b = BigInt(got[i] as number | bigint);
      assert.ok(b % s === 0n && b <= x && x < b + s, `${x} ${s} ${b}`);
    });
  }));
  assert.deepEqual(bins("int", [-(2 ** 53 - 1)], literal(2n ** 52n + 1n)), [-(2n ** 53n + 2n)]);
  assert.deepEqual(bins("int", [2n ** 64n - 1n], literal(10n), true), [2n ** 64n - 6n]);
});

Deno.test("bin() of times, durations and sizes keeps their type; null where either is, and without a size above 0", () => {
  const at = 1_700_000_000_123_456_789n;
  assert.deepEqual(bins("time", [at, null], literal(1_000_000_000n, "duration")), [1_700_000_000_000_000_000n, null]);
  assert.deepEqual(bins("duration", [0, 9, 10, -1], literal(10n, "duration")), [0, 0, 10, -10]);
  assert.deepEqual(bins("bytes", [4095, 4097], literal(4096n, "bytes")), [0, 4096]);
  assert.deepEqual(bins("int", [5, 5, 5], [0, -1, null]), [null, null, null]);
});

Deno.test("bin() of fractions: decimals fall into the bin they are written as, others below or at themselves", () => {
  assert.deepEqual(bins("float", [0.29, 0.3, 0.31, -0.01, 0.7], literal(0.1, "float")), [0.2, 0.3, 0.3, -0.1, 0.7]);
  const hundredths = Array.from({ length: 201 }, (_, i) => (i - 100) / 100);
  assert.deepEqual(bins("ratio", hundredths, literal(0.01, "ratio")), hundredths.map((v) => v + 0));
  assert.deepEqual(bins("float", [7.5, -7.5], literal(2n)), [6, -8]);
  assert.deepEqual(bins("rate", [150, NaN], literal(100, "rate")), [100, NaN]);
  const double = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(fc.property(double, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (x, size) => {
    const [b] = bins("float", [x], literal(size, "float")) as number[];
    const slack = 1e-12 * Math.max(Math.abs(x), size);
    assert.ok(b <= x + slack && x < b + size + slack, `${x} ${size} ${b}`);
    // A bin is its own start.
    assert.deepEqual(bins("float", [b], literal(size, "float")), [b]);
  }));
});

Deno.test("bin() refuses sizes of another unit and what has no amount", () => {
  const error = (x: FieldType, size: FieldType): string => {
    const t = callType("bin", [valueType(x), valueType(size)]);
    return isProblem(t) ? `${t.error}. ${t.hint}` : "";
  };
  assert.equal(
    error("time", "int"),
    '"bin" of time needs a size in duration, here is int. Give the size a unit: bin(x, 10ms)',
  );
  assert.equal(
    error("duration", "int"),
    '"bin" of duration needs a size in duration, here is int. Give the size a unit: bin(x, 10ms)',
  );
  assert.match(error("int", "float"), /needs a size in int, here is float/);
  assert.match(error("time", "time"), /needs a size in duration/);
  assert.match(error("pid", "int"), /"bin" does not take pid\. It is bin\(x, size\)/);
  assert.match(error("string", "int"), /does not take string/);
  assert.match(error("bool", "bool"), /does not take bool/);
  const rates = callType("bin", [valueType("rate"), { type: "rate", unit: "bytes/s" }]);
  assert.ok(isProblem(rates) && /no bins of rate \(bytes\/s\)/.test(rates.error));
});
