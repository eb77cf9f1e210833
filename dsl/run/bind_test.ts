import assert from "node:assert/strict";
import { type Expr, literal, valueType } from "../../core/query/mod.ts";
import { bindExpr } from "./bind.ts";

Deno.test("bindExpr() computes what is constant, and null keeps the type of its expression", () => {
  const div = (b: bigint): Expr => ({
    op: "call",
    fn: "div",
    args: [literal(4096n, "bytes"), literal(b)],
    t: valueType("bytes"),
  });
  assert.deepEqual(bindExpr(div(2n), {}), { op: "lit", value: 2048n, t: valueType("bytes") });
  assert.deepEqual(bindExpr(div(0n), {}), { op: "lit", value: null, t: valueType("bytes") });
});
