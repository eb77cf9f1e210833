import { initRing, type RingMode, ringReader, ringSize, ringWriter } from "./mod.ts";

const RECORDS = 10_000;
let sum = 0;

function bench(name: string, mode: RingMode, capacity: number, read: boolean): void {
  const buffer = new SharedArrayBuffer(ringSize(capacity));
  initRing(buffer, capacity, mode);
  const writer = ringWriter(buffer);
  const reader = ringReader(buffer);
  const visit = (at: number): void => {
    sum += reader.view.getUint32(at, true);
  };
  Deno.bench(`${RECORDS} records of 32 bytes, ${name}`, () => {
    for (let i = 0; i < RECORDS; i++) {
      const at = writer.reserve(32);
      writer.view.setUint32(at, i, true);
      writer.commit();
    }
    if (read) reader.drain(visit);
    if (sum < 0) throw new Error("never");
  });
}

bench("drop: written and read", "drop", 1 << 20, true);
bench("overwrite: written and read", "overwrite", 1 << 20, true);
bench("overwrite: written over older ones, never read", "overwrite", 1 << 16, false);
