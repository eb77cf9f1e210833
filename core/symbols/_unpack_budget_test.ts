import assert from "node:assert/strict";
import { createUnpackBudget } from "./_unpack_budget.ts";

Deno.test("the budget of unpacked bytes holds over all files", () => {
  const budget = createUnpackBudget(1000);
  const kept = [new Uint8Array(600), new Uint8Array(300)];
  for (const bytes of kept) {
    assert.ok(budget.hasRoom(bytes.length));
    budget.count(bytes);
  }
  assert.ok(budget.hasRoom(100));
  assert.ok(!budget.hasRoom(101));
  assert.equal(kept.length, 2);
});
