import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { getAffinity, setAffinity, SysError } from "../sys/mod.ts";
import { PERF_TYPE, SW } from "./abi.ts";
import { openSampler, type SamplerOptions } from "./open_sampler.ts";
import type { RecordSink } from "./ring.ts";

const OPTIONS: SamplerOptions = {
  event: { type: PERF_TYPE.SOFTWARE, config: SW.CPU_CLOCK, excludeIdle: true },
  frequencyHz: 997,
  cpus: [0],
  tids: null,
  ringBytes: 64 << 10,
  pageSize: 4096,
};

/** Opens a sampler; null, with a printed reason, where the machine does not permit it. */
function tryOpen(options: Partial<SamplerOptions>): ReturnType<typeof openSampler> | null {
  try {
    return openSampler({ ...OPTIONS, ...options });
  } catch (error) {
    if (!(error instanceof SysError) || !["EACCES", "EPERM"].includes(error.code)) throw error;
    skip(`perf_event_open: ${error.code}`);
    return null;
  }
}

/** Tests do not run in the first thread. */
const ownThreads = (): number[] => [...Deno.readDirSync("/proc/self/task")].map((e) => Number(e.name));
const openFiles = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
const mappings = (): number =>
  Deno.readTextFileSync("/proc/self/maps").split("\n").filter((l) => l.includes("perf_event")).length;

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

Deno.test("a sampler of this process sees it run, with its pid and call chains", () => {
  using sampler = tryOpen({ cpus: [0, 1], tids: ownThreads() });
  if (!sampler) return;
  busy(100);
  sampler.stop();
  let samples = 0;
  const sink: RecordSink = {
    sample: (words, at) => {
      samples++;
      assert.equal(words[at + sampler.layout.pid], Deno.pid);
      assert.ok(words[at + sampler.layout.callchain] >= 2);
    },
    record: () => {},
    corrupt: () => assert.fail("corrupt"),
  };
  sampler.drain(sink, true);
  assert.ok(samples > 5, `${samples}`);
  assert.equal(sampler.ended(), false);
  assert.equal(sampler.drain(sink, true), 0);
});

Deno.test("a sampler counts what a full ring lost", () => {
  using sampler = tryOpen({ cpus: getAffinity(0), tids: ownThreads(), ringBytes: 4096 });
  if (!sampler) return;
  // Each CPU has a ring: what one has lost is told there, and only while we run there.
  const cpus = getAffinity(0);
  using stack = new DisposableStack();
  stack.defer(() => setAffinity(0, cpus));
  setAffinity(0, cpus.slice(0, 1));
  busy(200);
  let lost = 0;
  const sink: RecordSink = {
    sample: () => {},
    record: (r) => r.type === "lost" && (lost += r.count),
    corrupt: () => assert.fail("corrupt"),
  };
  sampler.drain(sink, true);
  // The kernel tells of losses with the first record that fits again.
  busy(20);
  sampler.stop();
  sampler.drain(sink, true);
  assert.ok(lost > 0);
});

Deno.test("openSampler() says ESRCH for a thread that is gone, EINVAL for a wrong frequency, and leaks nothing", () => {
  const before = [openFiles(), mappings()];
  const probe = tryOpen({});
  if (!probe) return;
  probe[Symbol.dispose]();
  const code = (options: Partial<SamplerOptions>): string => {
    try {
      openSampler({ ...OPTIONS, ...options })[Symbol.dispose]();
      return "";
    } catch (error) {
      assert.ok(error instanceof SysError);
      return error.code;
    }
  };
  assert.equal(code({ tids: [4194303] }), "ESRCH");
  assert.equal(code({ frequencyHz: 1e9 }), "EINVAL");
  assert.equal(code({ event: { type: 99, config: 0 } }), "ENOENT");
  assert.deepEqual([openFiles(), mappings()], before);
});

Deno.test("ended() turns true when the watched process has ended", async () => {
  const child = new Deno.Command("cat", { stdin: "piped", stdout: "null" }).spawn();
  using sampler = tryOpen({ cpus: [0, 1], tids: [child.pid] });
  if (sampler) {
    assert.equal(sampler.ended(), false);
  }
  await child.stdin.close();
  await child.status;
  if (sampler) assert.equal(sampler.ended(), true);
});
