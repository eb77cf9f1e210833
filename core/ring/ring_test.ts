import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  initRing,
  LAYOUT,
  type RingMode,
  type RingReader,
  ringReader,
  ringShape,
  ringSize,
  type RingWriter,
  ringWriter,
} from "./mod.ts";

function ring(capacity: number, mode?: RingMode): { writer: RingWriter; reader: RingReader; buffer: ArrayBuffer } {
  const buffer = new ArrayBuffer(ringSize(capacity));
  initRing(buffer, capacity, mode);
  return { buffer, writer: ringWriter(buffer), reader: ringReader(buffer) };
}

function drain(reader: RingReader): string[] {
  const records: string[] = [];
  reader.drain((at, length) => records.push(new TextDecoder().decode(reader.bytes.slice(at, at + length))));
  return records;
}

function setCount(buffer: ArrayBuffer, at: number, value: number): void {
  new BigInt64Array(buffer)[at / 8] = BigInt(value);
}

const capacities = fc.constantFrom(64, 128, 4096);
/** null reads, a number writes a record of that many bytes. */
const steps = fc.array(fc.oneof(fc.constant(null), fc.nat(24)), { maxLength: 300 });
/** Counts are 64 bits wide: begin anywhere, and often where the lower half is about to overflow. */
const starts = fc.oneof(
  fc.nat(2 ** 31),
  fc.nat(64).map((n) => 2 ** 32 - 8 * n),
  fc.nat(64).map((n) => 2 ** 40 - 8 * n),
);

Deno.test("drop: any mixture of writes and reads gives the records in order, and counts those that found it full", () => {
  fc.assert(
    fc.property(capacities, steps, starts, (capacity, steps, start) => {
      const buffer = new ArrayBuffer(ringSize(capacity));
      initRing(buffer, capacity);
      for (const at of [LAYOUT.HEAD, LAYOUT.TAIL]) setCount(buffer, at, start - start % 8);
      setCount(buffer, LAYOUT.LOST, 2 ** 32 - 3);
      const writer = ringWriter(buffer);
      const reader = ringReader(buffer);
      const expected: string[] = [];
      let lost = 2 ** 32 - 3;
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
      assert.equal(reader.overwritten(), 0);
      assert.ok(writer.write(new Uint8Array(24)), "an empty ring takes half its capacity");
    }),
  );
});

Deno.test("overwrite: what is read is what lies in the last `capacity` bytes; the rest is counted", () => {
  fc.assert(
    fc.property(capacities, steps, starts, fc.nat(8), fc.boolean(), (capacity, steps, start, inVisit, again) => {
      start -= start % 8;
      const buffer = new ArrayBuffer(ringSize(capacity));
      initRing(buffer, capacity, "overwrite");
      for (const at of [LAYOUT.HEAD, LAYOUT.TAIL, LAYOUT.BEGIN]) setCount(buffer, at, start);
      for (const at of [LAYOUT.FIRST, LAYOUT.READ]) setCount(buffer, at, 2 ** 32 - 5);
      let writer = ringWriter(buffer);
      let reader = ringReader(buffer);
      // The model: every record ever, and where it begins.
      const published: { start: number; text: string }[] = [];
      let end = start;
      let read = 0; // of the records published, those before this one are done with
      let handed = 0;
      let counted = 0; // by earlier readers
      const write = (length: number): void => {
        const text = String.fromCharCode(97 + published.length % 26).repeat(length);
        assert.ok(writer.write(new TextEncoder().encode(text)));
        const size = 8 + Math.ceil(length / 8) * 8;
        const toEnd = capacity - end % capacity;
        const at = size <= toEnd ? end : end + toEnd;
        published.push({ start: at, text });
        end = at + size;
      };
      const readAll = (): void => {
        const before = published.length;
        let visits = 0;
        reader.drain((at, length) => {
          // A writer that goes on meanwhile takes away what has not been copied, never what is at hand.
          if (visits++ < inVisit) write(length);
          const text = new TextDecoder().decode(reader.bytes.slice(at, at + length));
          while (read < before && published[read].text !== text) read++;
          assert.ok(read < before, `${text} is none of those that were there`);
          read++;
          handed++;
        });
      };
      for (const step of steps) {
        if (step !== null) write(step);
        else {
          const whole = published.filter((r, i) => i >= read && r.start >= end - capacity).length;
          const before = handed;
          readAll();
          if (inVisit === 0) assert.equal(handed - before, whole);
        }
        if (again && step === null) {
          counted += reader.overwritten();
          writer = ringWriter(buffer);
          reader = ringReader(buffer);
        }
      }
      inVisit = 0;
      const rest = published.slice(read).filter((r) => r.start >= end - capacity).map((r) => r.text);
      assert.deepEqual(drain(reader), rest);
      handed += rest.length;
      assert.equal(handed + counted + reader.overwritten(), published.length);
      assert.equal(reader.lost(), 0);
    }),
    { numRuns: 500 },
  );
});

Deno.test("overwrite: a ring emptied by a record that was never published still counts what was there", () => {
  const { writer, reader } = ring(64, "overwrite");
  writer.write(new Uint8Array(0));
  writer.write(new Uint8Array(24));
  // 40 bytes are used; this one needs 32 in one piece, so it goes to the start, and takes both away.
  writer.reserve(24);
  assert.deepEqual([drain(reader), reader.overwritten()], [[], 2]);
  writer.commit();
  assert.deepEqual([drain(reader).length, reader.overwritten()], [1, 2]);
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
  writer.write(new Uint8Array([65]));
  assert.deepEqual(drain(reader), ["A"], "the next drain goes on behind the nonsense");
});

Deno.test("overwrite: a writer's nonsense is refused by reader and next writer, and never read beyond the ring", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 192, maxLength: 192 }), fc.array(fc.nat(47)), (bytes, damage) => {
    const { writer, reader, buffer } = ring(128, "overwrite");
    for (let i = 0; i < 9; i++) writer.write(bytes.subarray(i * 8, i * 8 + i));
    // Words of the data and of the writer's positions.
    damage.forEach((at, i) => {
      const word = at < 32 ? LAYOUT.DATA + at * 4 : LAYOUT.HEAD + (at % 8) * 4;
      new DataView(buffer).setUint8(word, bytes[i % bytes.length]);
    });
    for (
      const use of [
        () => void reader.drain((at, length) => assert.ok(at >= 0 && at + length <= reader.bytes.length)),
        () => void ringWriter(buffer).write(new Uint8Array(40)),
      ]
    ) {
      try {
        use();
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }
  }));
});

Deno.test("a ring may begin within its memory, and says what it is", () => {
  const buffer = new ArrayBuffer(64 + ringSize(128));
  assert.throws(() => initRing(buffer, 128, "drop", 8), RangeError);
  assert.throws(() => initRing(buffer, 128, "drop", 128), RangeError);
  initRing(buffer, 128, "overwrite", 64);
  assert.deepEqual(ringShape(buffer, 64), { capacity: 128, mode: "overwrite" });
  assert.throws(() => ringShape(buffer), TypeError);
  ringWriter(buffer, 64).write(new TextEncoder().encode("here"));
  assert.deepEqual(drain(ringReader(buffer, 64)), ["here"]);
  new DataView(buffer).setUint32(64 + LAYOUT.CAPACITY, 100, true);
  assert.throws(() => ringReader(buffer, 64), TypeError);
});

Deno.test("ring.h names the same bytes as layout.ts", () => {
  const header = Deno.readTextFileSync(new URL("./ring.h", import.meta.url));
  for (const [name, value] of Object.entries(LAYOUT)) {
    const found = header.match(new RegExp(`SONDE_RING_${name}(?: = | UINT32_C\\()(0x[0-9a-f]+|[0-9]+)`));
    assert.equal(Number(found?.[1]), value, name);
  }
});

Deno.test("wait returns at once when there is a record, and false when the time is over", () => {
  const buffer = new SharedArrayBuffer(ringSize(64));
  initRing(buffer, 64);
  const reader = ringReader(buffer);
  assert.equal(reader.wait(1), false);
  ringWriter(buffer).write(new Uint8Array(1));
  assert.equal(reader.wait(1e9), true);
});
