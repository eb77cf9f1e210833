/** The ring between two threads: nothing is torn, reordered, or lost uncounted. */
import assert from "node:assert/strict";
import { initRing, type RingMode, ringReader, ringSize, ringWriter } from "../../core/ring/mod.ts";
import { check } from "./_pattern.ts";
import type { WriteTask } from "./_write_in_worker.ts";

const RECORDS = 2_000_000;

for (
  const [name, mode, capacity, retry] of [
    ["drop, a writer that gives up", "drop", 1 << 20, false],
    ["drop, a writer that tries again", "drop", 65_536, true],
    ["overwrite", "overwrite", 1 << 20, false],
    ["overwrite, in a ring of 1 KiB, which the writer overruns all the time", "overwrite", 1024, false],
  ] satisfies [string, RingMode, number, boolean][]
) {
  Deno.test(`two threads, ${RECORDS / 1e6} million records: ${name}`, () => {
    const ring = new SharedArrayBuffer(ringSize(capacity));
    const control = new SharedArrayBuffer(12);
    initRing(ring, capacity, mode);
    const reader = ringReader(ring);
    const worker = new Worker(new URL("./_write_in_worker.ts", import.meta.url), { type: "module" });
    worker.postMessage({ ring, control, records: RECORDS, retry } satisfies WriteTask);
    const words = new Int32Array(control);
    let last = -1;
    let read = 0;
    const visit = (at: number, length: number): void => {
      const i = check(reader.view, at, length);
      if (i <= last) throw new Error(`record ${i} came after ${last}`);
      last = i;
    };
    const until = performance.now() + 120_000;
    try {
      while (Atomics.load(words, 0) === 0 && performance.now() < until) read += reader.drain(visit);
      read += reader.drain(visit);
    } finally {
      worker.terminate();
    }
    const [, attempts, published] = words;
    console.log(`  ${read} read, ${reader.lost()} lost, ${reader.overwritten()} overwritten`);
    assert.equal(read + reader.overwritten(), published);
    assert.equal(published + reader.lost(), attempts);
    assert.ok(read > 0);
    if (retry) assert.equal(read, RECORDS);
    if (mode === "overwrite") assert.equal(last, RECORDS - 1, "the youngest is still there");
  });
}

Deno.test("wait() misses no wakeup: a thread that gets each record only when it waits for it", async () => {
  const ROUNDS = 3000;
  const [there, back] = [0, 1].map(() => {
    const ring = new SharedArrayBuffer(ringSize(64));
    initRing(ring, 64);
    return ring;
  });
  const source = `
    import { ringReader, ringWriter } from ${JSON.stringify(new URL("../../core/ring/mod.ts", import.meta.url).href)};
    self.onmessage = ({ data: [there, back] }) => {
      const reader = ringReader(there);
      const writer = ringWriter(back);
      for (let n = 0; n < ${ROUNDS};) {
        if (!reader.wait(60_000)) return self.postMessage("asleep after " + n);
        n += reader.drain(() => writer.write(new Uint8Array(4)));
      }
      self.postMessage("all");
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const end = new Promise((resolve) => worker.onmessage = ({ data }): void => resolve(data));
  worker.postMessage([there, back]);
  const writer = ringWriter(there);
  const reader = ringReader(back);
  const record = new Uint8Array(4);
  try {
    for (let i = 0; i < ROUNDS; i++) {
      writer.write(record);
      const until = performance.now() + 30_000;
      while (reader.drain(() => {}) === 0) assert.ok(performance.now() < until, `no answer to record ${i}`);
    }
    assert.equal(await end, "all");
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});
