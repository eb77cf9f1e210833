import assert from "node:assert/strict";
import type { RecordedCall } from "../store/mod.ts";
import { manualClock } from "./clock.ts";
import { investigate } from "./investigate.ts";
import { replayTools } from "./replay.ts";
import { CASES } from "./testdata/cases.ts";
import { fakeTools } from "./testdata/machine.ts";

async function record(index: number): Promise<{ calls: RecordedCall[]; diagnosis: unknown }> {
  const clock = manualClock();
  const calls: RecordedCall[] = [];
  const recorder = {
    appendCall: (record: RecordedCall["record"], results: RecordedCall["results"]) =>
      void calls.push({ record, results }),
  };
  const tools = fakeTools(CASES[index].windows, clock);
  const { diagnosis } = await investigate({ tools, clock, recorder, full: true });
  return { calls, diagnosis };
}

Deno.test("a replayed investigation comes to the same diagnosis, every time", async () => {
  for (let i = 0; i < CASES.length; i++) {
    const recording = await record(i);
    const seen = recording.calls.map((c) => c.record).filter((r) => r.id.startsWith("c"));
    for (let again = 0; again < 2; again++) {
      const { tools, clock } = replayTools(recording);
      const { diagnosis } = await investigate({ tools, clock });
      assert.deepEqual(
        { ...diagnosis, tool_calls: diagnosis.tool_calls.map((c) => c.id) },
        { ...recording.diagnosis as object, tool_calls: seen.map((c) => c.id) },
        CASES[i].name,
      );
    }
  }
});

Deno.test("a call is answered by tool and target, whatever its window, frequency and number of rows", async () => {
  const { calls } = await record(0);
  const { tools, clock } = replayTools({ calls });
  const context = { signal: new AbortController().signal, progress: (): void => {} };
  const tool = (name: string): (typeof tools)[number] => tools.find((t) => t.name === name)!;
  const profile = await tool("cpu_profile").run({ pid: 0, duration_secs: 30, frequency_hz: 999 }, context);
  assert.ok(profile.functions);
  assert.ok(clock.now() > 0, "the clock moves by the recorded window");
  await assert.rejects(
    tool("cpu_profile").run({ pid: 77, duration_secs: 1 }, context),
    /not_recorded: the recording has no cpu_profile {"pid":77}; it has: .*cpu_profile {}/,
  );
  const one = await tool("list_processes").run({ filter_pid: 1200 }, context);
  assert.equal(one.processes.kind === "table" && one.processes.length, 1);
  await assert.rejects(tool("list_processes").run({ filter_pid: 4242 }, context), /no process 4242/);
});
