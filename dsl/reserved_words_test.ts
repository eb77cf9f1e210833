import assert from "node:assert/strict";
import { RESERVED } from "../core/plugin_api/mod.ts";
import { STAGE_NAMES } from "./_vocabulary.ts";
import { AGGREGATIONS } from "./words.ts";

Deno.test("plugins can take no name of the language's own stages and aggregations", () => {
  assert.deepEqual(RESERVED.stage.toSorted(), STAGE_NAMES.toSorted());
  assert.deepEqual(RESERVED.aggregation.toSorted(), AGGREGATIONS.map((a) => a.name).toSorted());
});
