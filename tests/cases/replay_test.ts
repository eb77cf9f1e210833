/**
 * Recordings of the loads (`deno task cases --record`), investigated again by the rules: no root, no load, the same
 * answer every time. Made on a machine with two CPUs and Linux 6.18; a new one replaces the old under its case's name.
 */
import assert from "node:assert/strict";
import { investigate, replayTools } from "../../core/agent/mod.ts";
import { type Diagnosis, type Json, resultsToJson } from "../../core/data/mod.ts";
import { readRecording } from "../../core/store/mod.ts";
import { CASES } from "./cases.ts";
import { type Answers, looseEvidence, score } from "./score.ts";

const DIR = new URL("../fixtures/recordings/", import.meta.url);

async function replay(path: string): Promise<{ diagnosis: Diagnosis; answers: Answers }> {
  const { tools, clock } = replayTools(await readRecording(path));
  const { diagnosis, calls } = await investigate({ tools, clock, question: "" });
  const answers = calls.map(({ record, results }): [string, Json] => [
    record.id,
    { schema: 1, tool: record.tool, args: record.args, results: results === null ? null : resultsToJson(results) },
  ]);
  return { diagnosis, answers: new Map(answers) };
}

for (const { name } of Deno.readDirSync(DIR)) {
  const c = CASES.find((c) => name.startsWith(`${c.name}.`));
  Deno.test(`replayed: ${name} is diagnosed rightly, with every claim found in what was recorded`, async () => {
    assert.ok(c, `no case for ${name}`);
    const path = new URL(name, DIR).pathname;
    const { diagnosis: d, answers } = await replay(path);
    const s = score(c, d, answers);
    assert.deepEqual(s.claimProblems, []);
    assert.deepEqual(looseEvidence(d), []);
    assert.ok(s.right, JSON.stringify([d.bottleneck_type, d.severity, d.culprit, d.root_cause, s.unsaid]));
    const again = await replay(path);
    assert.deepEqual({ ...again.diagnosis, quality: 0, elapsed_s: 0 }, { ...d, quality: 0, elapsed_s: 0 });
  });
}
