import assert from "node:assert/strict";
import { UnsupportedError, UsageError } from "../data/mod.ts";
import { testProfile } from "./_testing.ts";
import type { CpuSampler, CpuSampleRequest } from "./sampler.ts";
import { chooseSampler } from "./samplers.ts";

function request(over: Partial<CpuSampleRequest> = {}): CpuSampleRequest {
  const { signal } = new AbortController();
  return { pid: 1, frequencyHz: 99, durationNs: 1e9, kernel: true, user: true, signal, ...over };
}

const works = (name: string) => (): Promise<CpuSampler> =>
  Promise.resolve(() => Promise.resolve(testProfile([[name, 1]])));
const refuses = (why: string) => (): Promise<CpuSampler> =>
  Promise.resolve(() => Promise.reject(new UnsupportedError(why, "Do something")));

Deno.test("chooseSampler() takes the one that is named, else the first that the machine allows, with a note", async () => {
  const samplers = { perf: refuses("no perf"), bpf: works("bpf"), signal: works("signal") };
  const chosen = await chooseSampler(samplers)(request());
  assert.equal(chosen.frames[0].function, "bpf");
  assert.deepEqual(chosen.quality.notes, ["Sampled by bpf instead: no perf"]);
  const named = await chooseSampler(samplers)(request({ sampler: "signal" }));
  assert.equal(named.frames[0].function, "signal");
  const first = await chooseSampler({ perf: works("perf"), bpf: works("bpf") })(request());
  assert.deepEqual([first.frames[0].function, first.quality.notes], ["perf", []]);
});

Deno.test("chooseSampler() tells the first refusal, and a name that is not there", async () => {
  const samplers = { perf: refuses("no perf"), bpf: refuses("no bpf"), ptrace: works("ptrace") };
  const isFirst = (e: unknown): boolean => e instanceof UnsupportedError && e.message === "no perf";
  await assert.rejects(chooseSampler(samplers)(request({ pid: 0 })), isFirst);
  await assert.rejects(chooseSampler(samplers)(request({ unwind: "lbr" })), isFirst);
  await assert.rejects(chooseSampler(samplers)(request({ sampler: "signal" })), UsageError);
});
