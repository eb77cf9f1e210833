import assert from "node:assert/strict";
import fc from "fast-check";
import { globOf } from "./point_kind.ts";

Deno.test("globOf() matches what the regular expression of its pattern matches", () => {
  const letters = fc.array(fc.constantFrom("a", "b", "."), { maxLength: 12 }).map((l) => l.join(""));
  const pattern = fc.array(fc.constantFrom("a", "b", ".", "*", "?"), { maxLength: 8 }).map((l) => l.join(""));
  fc.assert(
    fc.property(pattern, letters, (glob, name) => {
      const source = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      assert.equal(globOf(glob)(name), new RegExp(`^${source}$`).test(name));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("globOf() with many stars looks at no name for long", () => {
  const matches = globOf(`${"*e".repeat(40)}*z`);
  assert.equal(matches("e".repeat(2000)), false);
  assert.equal(matches(`${"e".repeat(2000)}z`), true);
});
