import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cell, cellAt, columnFrom, type Field } from "../data/mod.ts";
import { fieldRef, literal, valueType } from "./build.ts";
import { compileExpr } from "./compile_expr.ts";
import type { Expr, ValueType } from "./expr.ts";
import { callType, onlyAtSource, SCALARS } from "./scalars.ts";
import { adaptLiteral, binaryType, inType, isProblem } from "./type_rules.ts";

function call(fn: string, ...args: Expr[]): Extract<Expr, { op: "call" }> {
  const t = callType(fn, args.map((a) => a.t));
  assert.ok(!isProblem(t), isProblem(t) ? t.error : "");
  return { op: "call", fn, args, t };
}

/** The function of one column. */
function values(fn: string, cells: readonly Cell[], t: ValueType): Cell[] {
  const field: Field = { name: "x", type: t.type as Field["type"], unit: t.unit, unsigned: t.unsigned };
  const column = compileExpr(call(fn, { op: "field", name: "x", t }), [field])({
    length: cells.length,
    fields: [field],
    columns: [columnFrom(cells, t.unsigned)],
  });
  return cells.map((_, i) => cellAt(column, i));
}

const INT = valueType("int");
const word = fc.oneof(
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.integer({ min: 0, max: 0xffff }).map(BigInt),
);

Deno.test("ntohs() and ntohl() are what a DataView reads in network order, of the low bits", () => {
  fc.assert(fc.property(fc.array(fc.option(word), { minLength: 1, maxLength: 20 }), (cells) => {
    const swapped = (bits: 16 | 32) => (v: bigint | null): number | null => {
      if (v === null) return null;
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, v), true);
      return bits === 16 ? view.getUint16(0) : view.getUint32(0);
    };
    assert.deepEqual(values("ntohs", cells, INT), cells.map(swapped(16)));
    assert.deepEqual(values("ntohl", cells, INT), cells.map(swapped(32)));
  }));
});

Deno.test("ip() of a number is the address whose bytes lie in memory, also above 2^53 and below 0", () => {
  fc.assert(fc.property(fc.array(fc.option(word), { minLength: 1, maxLength: 20 }), (cells) => {
    const want = cells.map((v) => {
      if (v === null) return null;
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, v), true);
      return [0, 1, 2, 3].map((i) => view.getUint8(i)).join(".");
    });
    assert.deepEqual(values("ip", cells, INT), want);
  }));
});

Deno.test("ip() of a text is its one spelling, null where it is no address; of an address itself", () => {
  const texts = ["0:0::1", "::ffff:10.0.0.1", "10.0.0.1", "no", "", null, "10.0.0.256"];
  const want = ["::1", "10.0.0.1", "10.0.0.1", null, null, null, null];
  assert.deepEqual(values("ip", texts, valueType("string")), want);
  assert.deepEqual(values("ip", ["::1", null], valueType("ip")), ["::1", null]);
});

Deno.test("an address of the network compares with one that is written in any spelling", () => {
  const daddr = fieldRef("daddr", "ip");
  const other = adaptLiteral(literal("0:0:0:0:0:FFFF:10.0.0.1"), daddr.t);
  assert.deepEqual([other.op === "lit" && other.value, other.t.type], ["10.0.0.1", "ip"]);
  assert.deepEqual(binaryType("==", daddr.t, other.t), valueType("bool"));
  assert.deepEqual(inType(daddr.t, [other.t, valueType("string")]), valueType("bool"));
  assert.equal(adaptLiteral(literal("10.0.0"), daddr.t).t.type, "string");
});

Deno.test("what has no meaning as an address, a number in network order or code is refused", () => {
  const refused: readonly (readonly [string, ...ValueType[]])[] = [
    ["ip", valueType("duration")],
    ["ip", valueType("address")],
    ["ntohs", valueType("string")],
    ["ntohl", valueType("bytes")],
    ["ksym", valueType("string")],
    ["usym", valueType("address"), valueType("tid")],
  ];
  for (const [fn, ...args] of refused) {
    const t = callType(fn, args);
    assert.ok(isProblem(t) && t.hint !== "", fn);
  }
});

Deno.test("names of code and texts behind pointers are for engines; what they compute there is not computed here", () => {
  const address = fieldRef("a", "address"), number = fieldRef("n", "int");
  assert.ok(onlyAtSource(call("ksym", address)) && onlyAtSource(call("usym", number)));
  assert.ok(onlyAtSource(call("str", address)) && !onlyAtSource(call("str", number)));
  assert.ok(onlyAtSource(call("str", { ...number, t: { ...number.t, bare: true } })), "a register may be a pointer");
  assert.ok(!onlyAtSource(call("ip", number)));
  assert.throws(() => SCALARS.get("ksym")!.evaluate([], valueType("string"), 1), TypeError);
});
