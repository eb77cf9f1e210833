import assert from "node:assert/strict";
import { type Diagnosis, quality } from "../../core/data/mod.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { looseEvidence, score } from "./score.ts";

const c: Case = {
  name: "x",
  doc: "",
  expected: { type: "cpu_bound", culprits: ["pricer"], functions: ["price"], says: [/spins/] },
  decoys: [],
  start: () => Promise.resolve(),
};
const right: Diagnosis = {
  severity: "warning",
  bottleneck_type: "cpu_bound",
  root_cause: "pricer spins",
  evidence: ["[e1] pricer uses 99 % of a CPU"],
  recommendations: [],
  confidence: 0.9,
  culprit: { pid: 7, comm: "pricer", function: "price" },
  findings: [],
  evidence_items: [
    {
      id: "e1",
      claim: "",
      tool: "list_processes",
      call: "c1",
      path: "/results/processes/rows/0/1",
      value: 0.99,
      unit: "ratio",
    },
  ],
  use_matrix: [],
  quality: quality(),
  rounds: 1,
  tool_calls: [],
  elapsed_s: 1,
  ended_by: "confidence",
  not_known: [],
  question: "",
  driver: "rules",
};
const answers = new Map([["c1", { schema: 1, results: { processes: { rows: [["pricer", 0.99]] } } }]]);

Deno.test("score(): a diagnosis that is right in everything", () => {
  const s = score(c, right, answers);
  assert.deepEqual([s.right, s.claims, s.claimsFound, s.functionRight], [true, 1, 1, true]);
  assert.ok(Math.abs(s.brier - 0.01) < 1e-9);
});

Deno.test("score(): wrong culprit, function and words are told apart; being sure of them costs most", () => {
  const s = score(c, { ...right, culprit: { pid: 8, comm: "reporter" }, root_cause: "?" }, answers);
  assert.deepEqual([s.typeRight, s.culpritRight, s.functionRight, s.right], [true, false, false, false]);
  assert.deepEqual(s.unsaid, ["/spins/"]);
  assert.ok(Math.abs(s.brier - 0.81) < 1e-9);
});

Deno.test("score(): a claim counts only when its value stands where it says", () => {
  const claim = right.evidence_items[0];
  const wrong = [{ ...claim, value: 0.98 }, { ...claim, path: "/results/none" }, { ...claim, call: "c9" }];
  const s = score(c, { ...right, evidence_items: wrong.map((e, i) => ({ ...e, id: `e${i}` })) }, answers);
  assert.deepEqual([s.claims, s.claimsFound], [3, 0]);
  assert.match(s.claimProblems[0], /is 0.99, not 0.98/);
  assert.match(s.claimProblems[1], /nothing stands at/);
  assert.match(s.claimProblems[2], /no recorded call c9/);
});

Deno.test("score(): healthy means info, unknown, nobody", () => {
  const healthy: Case = { ...c, expected: { type: "unknown", culprits: null, says: [] } };
  const d: Diagnosis = { ...right, severity: "info", bottleneck_type: "unknown", culprit: null };
  assert.equal(score(healthy, d, answers).right, true);
  assert.equal(score(healthy, { ...d, severity: "warning" }, answers).right, false);
  assert.equal(score(healthy, { ...d, culprit: right.culprit }, answers).right, false);
});

Deno.test("looseEvidence() finds lines without an evidence item", () => {
  assert.deepEqual(looseEvidence({ ...right, evidence: [...right.evidence, "just so", "[e7] no such item"] }), [
    "just so",
    "[e7] no such item",
  ]);
});

Deno.test("every case has its own name, and no decoy is a culprit", () => {
  assert.equal(new Set(CASES.map((c) => c.name)).size, CASES.length);
  for (const { decoys, expected } of CASES) {
    for (const d of decoys) assert.ok(!expected.culprits?.includes(d));
  }
});
