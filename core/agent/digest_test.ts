import assert from "node:assert/strict";
import fc from "fast-check";
import { field, quality, type Result, resultsToJson, tableFromRows } from "../data/mod.ts";
import { digestLine, digestResults } from "./digest.ts";
import { atPointer, pointerToken } from "./json_pointer.ts";
import { estimateTokens } from "../render/digest/tokens.ts";

const FIELDS = [field("comm", "string"), field("pid", "pid"), field("cpu", "ratio"), field("empty", "string")];
const table = (n: number): Result =>
  tableFromRows(FIELDS, Array.from({ length: n }, (_, i) => [`p${i}`, i + 1, i / 1000, null]));

Deno.test("a digest keeps within its tokens and keeps the statistics of the rows it leaves out", () => {
  for (const level of [1, 2, 3] as const) {
    const text = digestResults({ processes: table(3000) }, level, 2000);
    assert.ok(estimateTokens(text) <= 2000, `${estimateTokens(text)}`);
    assert.match(text, /cpu sum 4498 mean 1.499 max 2.999/);
  }
  assert.equal(digestResults({ processes: table(50) }, 1, 2000).match(/^\d+: /gm)?.length, 10);
  assert.equal(digestResults({ processes: table(50) }, 2, 2000).match(/^\d+: /gm)?.length, 30);
});

Deno.test("rows and columns of a digest are those of the JSON form", () => {
  const results = { "a/b": table(5) };
  const text = digestResults(results, 1, 2000);
  const [, column] = /(\d+)=cpu/.exec(text)!;
  assert.match(text, /\/results\/a~1b\/rows: 5 rows/);
  const value = atPointer({ results: resultsToJson(results) }, `/results/${pointerToken("a/b")}/rows/3/${column}`);
  assert.equal(value, 0.003);
  assert.match(text, /^3: "p3" \| 4 \| 0.003$/m);
  assert.doesNotMatch(text, /empty/, "a column without a value is left out");
});

Deno.test("no text from the machine breaks a line or is longer than 80 characters in a digest", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), (comm) => {
    const text = digestResults({ t: tableFromRows([field("comm", "string")], [[comm]]) }, 1, 2000);
    assert.equal(text.split(/[\n\r\u2028\u2029]/).length, 2);
  }));
});

Deno.test("results that are no tables stand under their pointer, with what is wrong with them", () => {
  const q = quality({ lost_by: { ring: 3 }, notes: ["kernel symbols missing"] });
  const frames = ["main", "hot"].map((f) => ({ function: f, module: "m", file: "", line: 0, kind: "user" as const }));
  const profile: Result = {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames,
    stacks: [{ frames: [0, 1], values: [9], labels: { comm: "x" } }],
    quality: q,
  };
  const text = digestResults({ profile }, 1, 2000);
  assert.match(text, /^\/results\/profile:\n/);
  assert.match(text, /3 lost/);
  assert.match(text, /kernel symbols missing/);
  assert.match(text, /\thot\t/);
  const long: Result = { kind: "text", text: "word ".repeat(5000), quality: quality() };
  assert.ok(estimateTokens(digestResults({ long }, 3, 300)) < 400);
});

Deno.test("a call that has left the window is one line", () => {
  assert.equal(digestLine({ processes: table(9), none: table(0) }), 'processes[0]: comm="p0" pid=1');
});
