/**
 * Records of 32 bytes from a Worker to the main thread: through our ring, and by postMessage one by one and in batches of
 * 100. All in one run, in turn, so that what else the machine does hits all alike; medians. `deno bench -A` or
 * `deno run -A` on this file.
 *
 * @module
 */
import { alternate, median } from "../../tests/bench/measure.ts";
import { initRing, ringReader, ringSize } from "./mod.ts";

const RECORD_BYTES = 32;
/** Holds a round's records: the queue behind postMessage has no end either. */
const CAPACITY = 1 << 25;
const ROUNDS = 9;
const THROUGH_RING = 500_000;
const BY_MESSAGE = 50_000;
const BY_BATCH = 500_000;
const BATCH = 100;

const source = `
  import { ringWriter } from ${JSON.stringify(new URL("./mod.ts", import.meta.url).href)};
  let writer;
  const fill = (view, at, i) => {
    for (let k = 0; k < ${RECORD_BYTES}; k += 4) view.setUint32(at + k, i + k, true);
  };
  self.onmessage = ({ data }) => {
    if (data.ring) writer = ringWriter(data.ring);
    const { way, records } = data;
    if (way === "ring") {
      for (let i = 0; i < records; i++) {
        let at;
        while ((at = writer.reserve(${RECORD_BYTES})) < 0);
        fill(writer.view, at, i);
        writer.commit();
      }
    } else if (way === "message") {
      for (let i = 0; i < records; i++) {
        const record = new Uint8Array(${RECORD_BYTES});
        fill(new DataView(record.buffer), 0, i);
        self.postMessage(record);
      }
    } else if (way === "batch") {
      for (let i = 0; i < records; i += ${BATCH}) {
        const records = new Uint8Array(${BATCH * RECORD_BYTES});
        const view = new DataView(records.buffer);
        for (let k = 0; k < ${BATCH}; k++) fill(view, k * ${RECORD_BYTES}, i + k);
        self.postMessage(records);
      }
    } else self.postMessage("ready");
  };`;
const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
const worker = new Worker(url, { type: "module" });
const ring = new SharedArrayBuffer(ringSize(CAPACITY));
initRing(ring, CAPACITY);
const reader = ringReader(ring);
await new Promise((resolve) => {
  worker.onmessage = resolve;
  worker.postMessage({ ring });
});

let sum = 0;
let expected = 0;
/** Reads all 32 bytes, as whoever uses records does. */
function take(view: DataView, at: number): void {
  if (view.getUint32(at, true) !== expected++) throw new Error(`record ${expected - 1} is not there`);
  for (let k = 4; k < RECORD_BYTES; k += 4) sum ^= view.getUint32(at + k, true);
}

/** Millions of records a second. Looks once a millisecond, as a thread with other things to do would. */
async function throughRing(): Promise<number> {
  expected = 0;
  const visit = (at: number): void => take(reader.view, at);
  const start = performance.now();
  worker.postMessage({ way: "ring", records: THROUGH_RING });
  for (;;) {
    reader.drain(visit);
    if (expected === THROUGH_RING) break;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return THROUGH_RING / (performance.now() - start) / 1000;
}

/** Millions of records a second. */
async function byMessages(way: "message" | "batch", records: number): Promise<number> {
  expected = 0;
  const start = performance.now();
  await new Promise<void>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Uint8Array>): void => {
      const view = new DataView(data.buffer);
      for (let at = 0; at < data.length; at += RECORD_BYTES) take(view, at);
      if (expected === records) resolve();
    };
    worker.postMessage({ way, records });
  });
  return records / (performance.now() - start) / 1000;
}

const speeds = await alternate(ROUNDS, {
  ring: throughRing,
  message: () => byMessages("message", BY_MESSAGE),
  batch: () => byMessages("batch", BY_BATCH),
});
worker.terminate();
URL.revokeObjectURL(url);
if (sum === 1) console.log(""); // the records were read
const fast = median(speeds.ring);
console.log(
  `Records of ${RECORD_BYTES} bytes, Worker to main thread, medians of ${ROUNDS} rounds in turn (least to most):`,
);
for (
  const [name, values] of [
    ["our ring", speeds.ring],
    ["postMessage, one by one", speeds.message],
    [`postMessage, ${BATCH} at a time`, speeds.batch],
  ] satisfies [string, number[]][]
) {
  const speed = median(values);
  console.log(
    `${name.padEnd(28)} ${speed.toFixed(2).padStart(6)} M/s  (${Math.min(...values).toFixed(2)} to ${
      Math.max(...values).toFixed(2)
    })${values === speeds.ring ? "" : `  the ring is ${(fast / speed).toFixed(1)} times as fast`}`,
  );
}
