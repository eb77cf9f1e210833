import assert from "node:assert/strict";
import { type Json, resultsToJson } from "../data/mod.ts";
import { manualClock } from "./clock.ts";
import { investigate } from "./investigate.ts";
import { atPointer } from "./json_pointer.ts";
import { CASES, type MadeUpCase } from "./testdata/cases.ts";
import { fakeTools } from "./testdata/machine.ts";

async function diagnose(c: MadeUpCase): ReturnType<typeof investigate> {
  const clock = manualClock();
  return await investigate({ tools: fakeTools(c.windows, clock), clock, question: "why is it slow?" });
}

for (const c of CASES) {
  Deno.test(`the rules find: ${c.name}`, async () => {
    const { diagnosis: d, calls } = await diagnose(c);
    const shown = JSON.stringify({ ...d, quality: 0, tool_calls: 0, use_matrix: 0 }, null, 1);
    assert.equal(d.bottleneck_type, c.type, shown);
    assert.equal(d.culprit?.comm ?? null, c.culprit, shown);
    assert.ok(d.confidence >= 0.8, `${d.confidence} ${shown}`);
    assert.equal(d.ended_by, "confidence");
    assert.equal(d.severity === "info", c.culprit === null);
    if (c.fn) assert.equal(d.culprit?.function, c.fn);
    for (const words of c.says ?? []) assert.match(d.root_cause, words);
    assert.doesNotMatch(JSON.stringify(d), /\{[a-z_]+\.[a-z_]+\}/, "a template was left unfilled");

    const byId = new Map(calls.map((m) => [m.record.id, m]));
    assert.ok(d.evidence_items.length > 0);
    for (const e of d.evidence_items) {
      const made = byId.get(e.call);
      assert.equal(made?.record.tool, e.tool);
      const json = { results: resultsToJson(made!.results!) } as unknown as Json;
      assert.deepEqual(atPointer(json, e.path), e.value, `${e.id} ${e.claim}`);
    }
    const ids = new Set(d.evidence_items.map((e) => e.id));
    for (const line of d.evidence) assert.ok(ids.has(/^\[(e\d+)\] ./.exec(line)?.[1] ?? ""), line);
    for (const f of d.findings) for (const id of f.evidence) assert.ok(ids.has(id));
    for (const r of d.use_matrix) {
      for (const cell of [r.utilization, r.saturation, r.errors]) {
        if (cell.evidence !== undefined) assert.ok(ids.has(cell.evidence));
      }
    }
  });
}
