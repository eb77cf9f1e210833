import { initRing, ringReader, ringSize, ringWriter } from "./mod.ts";

const CAPACITY = 1 << 20;
const buffer = new SharedArrayBuffer(ringSize(CAPACITY));
initRing(buffer, CAPACITY);
const writer = ringWriter(buffer);
const reader = ringReader(buffer);
let sum = 0;
const visit = (at: number): void => {
  sum += reader.view.getUint32(at, true);
};

Deno.bench("10,000 records of 32 bytes written and read", () => {
  for (let i = 0; i < 10_000; i++) {
    const at = writer.reserve(32);
    writer.view.setUint32(at, i, true);
    writer.commit();
  }
  reader.drain(visit);
  if (sum < 0) throw new Error("never");
});
