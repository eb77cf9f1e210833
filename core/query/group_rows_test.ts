import assert from "node:assert/strict";
import { type Batch, columnFrom, field } from "../data/mod.ts";
import { fieldRef } from "./build.ts";
import { groupRows } from "./group_rows.ts";

Deno.test("groupRows() lists the rows of each combination in the order in which they came; null is a value", () => {
  const batch: Batch = {
    length: 5,
    fields: [field("s", "string"), field("n", "int")],
    columns: [columnFrom(["a", null, "a", "b", null]), columnFrom([1, 2, 1, 1, 2])],
  };
  const keys = [fieldRef("s", "string"), fieldRef("n", "int")];
  assert.deepEqual(groupRows(batch, keys).map((rows) => [...rows]), [[0, 2], [1, 4], [3]]);
  assert.deepEqual(groupRows(batch, []).map((rows) => [...rows]), [[0, 1, 2, 3, 4]]);
});
