import assert from "node:assert/strict";
import type { FieldType, Unit } from "../data/mod.ts";
import { literal, valueType } from "./build.ts";
import type { BinaryOp, ValueType } from "./expr.ts";
import { adaptLiteral, binaryType, inType, isProblem, unaryType } from "./type_rules.ts";

function t(text: string): ValueType {
  const [type, unit] = text.split(" ");
  const base = type.startsWith("u:") ? valueType(type.slice(2) as FieldType, true) : valueType(type as FieldType);
  return unit ? { ...base, unit: unit as Unit } : base;
}

function answer(left: string, op: string, right: string): string {
  const a = binaryType(op as BinaryOp, t(left), t(right));
  if (isProblem(a)) return `error: ${a.error}${a.hint ? ` | ${a.hint}` : ""}`;
  return `${a.unsigned ? "u:" : ""}${a.type}${a.type === "rate" ? ` ${a.unit}` : ""}`;
}

Deno.test.each<[string, string, string, string]>([
  ["int", "+", "int", "int"],
  ["u:int", "-", "int", "u:int"],
  ["int", "%", "u:int", "int"],
  ["u:int", ">>", "int", "u:int"],
  ["int", "/", "int", "float"],
  ["int", "*", "ratio", "float"],
  ["duration", "+", "duration", "duration"],
  ["duration", "/", "duration", "ratio"],
  ["duration", "/", "int", "duration"],
  ["int", "*", "duration", "duration"],
  ["bytes", "/", "duration", "rate bytes/s"],
  ["int", "/", "duration", "rate events/s"],
  ["rate bytes/s", "*", "duration", "bytes"],
  ["rate bytes/s", "/", "rate bytes/s", "ratio"],
  ["time", "-", "time", "duration"],
  ["time", "-", "duration", "time"],
  ["address", "+", "int", "address"],
  ["address", "-", "address", "bytes"],
  ["int", "&", "int", "int"],
  ["ratio", "<", "float", "bool"],
  ["rate hz", ">", "rate events/s", "bool"],
  ["pid", "==", "int", "bool"],
  ["ip", "like", "string", "bool"],
  ["bool", "and", "bool", "bool"],
])("binaryType(): %s %s %s is %s", (left, op, right, want) => assert.equal(answer(left, op, right), want));

Deno.test.each<[string, string, string, RegExp]>([
  ["duration", "+", "bytes", /different units/],
  ["duration", ">", "bytes", /different units/],
  ["duration", ">", "int", /Give the number a unit: 5ms/],
  ["rate bytes/s", ">", "bytes", /10MiB \/ 1s/],
  ["rate bytes/s", ">", "rate events/s", /different units/],
  ["pid", "==", "tid", /different numbers/],
  ["tid", "!=", "pid", /next_pid hold a tid/],
  ["pid", "+", "int", /no meaning/],
  ["string", "==", "int", /quotes/],
  ["string", "+", "string", /does not join/],
  ["int", "and", "bool", /needs bools/],
  ["int", "like", "string", /needs text/],
  ["string", "~", "int", /regular expression/],
  ["stack", "==", "stack", /cannot be compared/],
  ["float", "&", "int", /bits of an int/],
  ["bool", "<", "bool", /Use ==/],
  ["time", "+", "time", /no meaning/],
  ["null", "==", "int", /is_null/],
])("binaryType(): %s %s %s is refused", (left, op, right, want) => {
  const a = answer(left, op, right);
  assert.match(a, /^error/);
  assert.match(a, want);
});

Deno.test("adaptLiteral() gives zero the unit of the other side, and nothing else", () => {
  assert.deepEqual(adaptLiteral(literal(0n), t("duration")), literal(0n, "duration"));
  assert.deepEqual(adaptLiteral(literal(0n), t("ratio")), { op: "lit", value: 0, t: t("ratio") });
  assert.deepEqual(adaptLiteral(literal(5n), t("duration")), literal(5n));
  assert.deepEqual(adaptLiteral(literal(0n), t("string")), literal(0n));
});

Deno.test("unaryType() and inType()", () => {
  assert.deepEqual(unaryType("-", t("u:int")), valueType("int"));
  assert.ok(isProblem(unaryType("not", t("int"))));
  assert.deepEqual(inType(t("string"), [t("string"), t("string")]), valueType("bool"));
  assert.ok(isProblem(inType(t("string"), [t("int")])));
});
