import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { sha256Base64 } from "./sha256.ts";

Deno.test("sha256Base64() agrees with node:crypto for texts of any length", () => {
  const expected = (text: string): string => createHash("sha256").update(text).digest("base64");
  for (let n = 0; n < 200; n++) assert.equal(sha256Base64("x".repeat(n)), expected("x".repeat(n)), `${n}`);
  fc.assert(fc.property(fc.string({ unit: "binary-ascii", maxLength: 300 }), (s) => sha256Base64(s) === expected(s)));
  assert.equal(sha256Base64("数据库".repeat(5000)), expected("数据库".repeat(5000)));
});
