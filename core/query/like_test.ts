import assert from "node:assert/strict";
import fc from "fast-check";
import { compileLike } from "./like.ts";

/** The same pattern as a JavaScript expression. */
function reference(pattern: string): RegExp {
  let out = "";
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "\\" && i + 1 < pattern.length) out += pattern[++i].replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
    else if (c === "%") out += "[^]*";
    else if (c === "_") out += "[^]";
    else out += c.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
  }
  return new RegExp(`^${out}$`, "u");
}

Deno.test("compileLike() agrees with the same pattern as a regular expression", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "%", "_", "\\", ".", "🦕"), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "%", "_", "\\", ".", "🦕", "\n"), maxLength: 10 });
  fc.assert(
    fc.property(pattern, text, (p, t) => assert.equal(compileLike(p)(t), reference(p).test(t), JSON.stringify([p, t]))),
    { numRuns: 3000 },
  );
});

Deno.test("compileLike() needs no more than text × pattern steps", () => {
  const matches = compileLike("%a".repeat(50) + "b");
  assert.equal(matches("a".repeat(5000)), false);
});
