import assert from "node:assert/strict";
import * as fc from "fast-check";
import { initRing, LAYOUT, type RingReader, ringReader, ringSize, type RingWriter, ringWriter } from "./mod.ts";

function ring(capacity: number): { writer: RingWriter; reader: RingReader; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(ringSize(capacity));
  initRing(buffer, capacity);
  return { buffer, writer: ringWriter(buffer), reader: ringReader(buffer) };
}

function drain(reader: RingReader): string[] {
  const records: string[] = [];
  reader.drain((at, length) => records.push(new TextDecoder().decode(reader.bytes.slice(at, at + length))));
  return records;
}

Deno.test("any mixture of writes and reads gives the records in order, and counts those that found it full", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(64, 128, 4096),
      fc.array(fc.oneof(fc.constant(null), fc.nat(24)), { maxLength: 300 }),
      fc.nat(0xffff_ffff),
      (capacity, steps, start) => {
        const buffer = new ArrayBuffer(ringSize(capacity));
        initRing(buffer, capacity);
        // Positions wrap at 2^32: begin anywhere.
        new Uint32Array(buffer)[LAYOUT.HEAD / 4] = start & ~7;
        new Uint32Array(buffer)[LAYOUT.TAIL / 4] = start & ~7;
        const writer = ringWriter(buffer);
        const reader = ringReader(buffer);
        const expected: string[] = [];
        let lost = 0;
        steps.forEach((step, i) => {
          if (step === null) assert.deepEqual(drain(reader), expected.splice(0));
          else {
            const record = String.fromCharCode(97 + i % 26).repeat(step);
            if (writer.write(new TextEncoder().encode(record))) expected.push(record);
            else lost++;
          }
        });
        assert.deepEqual(drain(reader), expected);
        assert.equal(reader.lost(), lost);
        assert.ok(writer.write(new Uint8Array(24)), "an empty ring takes half its capacity");
      },
    ),
  );
});

Deno.test("records start at multiples of 8 and are not visible before commit", () => {
  const { writer, reader } = ring(64);
  const at = writer.reserve(4);
  assert.equal(at % 8, 0);
  assert.equal(reader.drain(() => {}), 0);
  writer.view.setUint32(at, 0xdecafbad, true);
  writer.commit();
  assert.equal(
    reader.drain((place, length) => assert.deepEqual([reader.view.getUint32(place, true), length], [0xdecafbad, 4])),
    1,
  );
});

Deno.test("a record that throws in its visitor is not handed over again", () => {
  const { writer, reader } = ring(64);
  writer.write(new Uint8Array(1));
  writer.write(new Uint8Array(2));
  assert.throws(() => reader.drain(() => assert.fail("no")));
  const lengths: number[] = [];
  reader.drain((_, length) => lengths.push(length));
  assert.deepEqual(lengths, [2]);
});

Deno.test("wrong sizes, foreign memory and a writer's nonsense are refused", () => {
  for (const capacity of [0, 63, 65, 100, 2 ** 31]) assert.throws(() => ringSize(capacity), RangeError);
  assert.throws(() => initRing(new ArrayBuffer(100), 64), RangeError);
  assert.throws(() => ringReader(new ArrayBuffer(1000)), TypeError);
  assert.throws(() => ringReader(new ArrayBuffer(10)), TypeError);
  const { writer, reader, buffer } = ring(64);
  assert.throws(() => writer.reserve(25), RangeError);
  assert.throws(() => writer.reserve(-1), RangeError);
  writer.write(new Uint8Array(8));
  new DataView(buffer).setUint32(LAYOUT.DATA, 0x7fff_fff0, true);
  assert.throws(() => reader.drain(() => {}), RangeError);
});

Deno.test("between two threads nothing is torn, reordered or lost uncounted", async () => {
  const RECORDS = 200_000;
  const buffer = new SharedArrayBuffer(ringSize(4096));
  initRing(buffer, 4096);
  const source = `
    import { ringWriter } from ${JSON.stringify(new URL("./mod.ts", import.meta.url).href)};
    self.onmessage = ({ data: buffer }) => {
      const writer = ringWriter(buffer);
      for (let i = 0; i < ${RECORDS}; i++) {
        const length = 4 + (i % 5) * 4;
        const at = writer.reserve(length);
        if (at < 0) continue;
        for (let j = 0; j < length; j += 4) writer.view.setUint32(at + j, i, true);
        writer.commit();
      }
      self.postMessage("done");
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const reader = ringReader(buffer);
  let done = false;
  const end = new Promise<void>((resolve) =>
    worker.onmessage = (): void => {
      done = true;
      resolve();
    }
  );
  worker.postMessage(buffer);
  let last = -1;
  let seen = 0;
  const visit = (at: number, length: number): void => {
    const i = reader.view.getUint32(at, true);
    if (i <= last || length !== 4 + (i % 5) * 4) assert.fail(`record ${i} of ${length} bytes after ${last}`);
    for (let j = 4; j < length; j += 4) {
      if (reader.view.getUint32(at + j, true) !== i) assert.fail(`record ${i} is torn`);
    }
    last = i;
    seen++;
  };
  while (!done) {
    reader.drain(visit);
    await new Promise<void>((resolve) => setTimeout(resolve, 0)); // lets the Worker's message in
  }
  await end;
  reader.drain(visit);
  assert.ok(seen > 0);
  assert.equal(seen + reader.lost(), RECORDS);
  worker.terminate();
  URL.revokeObjectURL(url);
});

Deno.test("wait returns at once when there is a record, and false when the time is over", () => {
  const buffer = new SharedArrayBuffer(ringSize(64));
  initRing(buffer, 64);
  const reader = ringReader(buffer);
  assert.equal(reader.wait(1), false);
  ringWriter(buffer).write(new Uint8Array(1));
  assert.equal(reader.wait(1e9), true);
});
