import assert from "node:assert/strict";
import fc from "fast-check";
import { record, sample, SYNTHETIC_TYPE, text, trailer } from "./_synthetic.ts";
import { RECORD } from "./abi.ts";
import { drainRings, type PerfRing, perfRing, type RecordSink } from "./ring.ts";
import { sampleLayout, u64At } from "./sample_layout.ts";

const PAGE = 4096;
const layout = sampleLayout(SYNTHETIC_TYPE);

/** A ring in plain memory, and a writer that does what the kernel does. */
function makeRing(dataBytes: number, startAt = 0): { ring: PerfRing; write(words: number[]): boolean; used(): number } {
  const buffer = new ArrayBuffer(PAGE + dataBytes);
  const control = new BigInt64Array(buffer, 0, PAGE / 8);
  control[128] = control[129] = BigInt(startAt);
  const data = new Uint32Array(buffer, PAGE);
  return {
    ring: perfRing(buffer, PAGE),
    write: (words) => {
      const head = Number(control[128]);
      if (head - Number(control[129]) + words.length * 4 > dataBytes) return false;
      words.forEach((w, i) => data[(head / 4 + i) % data.length] = w);
      control[128] = BigInt(head + words.length * 4);
      return true;
    },
    used: () => Number(control[128] - control[129]),
  };
}

interface Seen extends RecordSink {
  readonly list: string[];
}

function sink(): Seen {
  const list: string[] = [];
  return {
    list,
    sample: (words, at) => {
      const n = words[at + layout.callchain];
      const chain: number[] = [];
      for (let i = 0; i < n; i++) chain.push(words[at + layout.callchain + 2 + 2 * i]);
      list.push(`sample ${words[at + layout.pid]} ${u64At(words, at + layout.time)} ${chain.join(",")}`);
    },
    record: (r) => list.push(r.type === "comm" ? `comm ${r.comm}` : r.type),
    corrupt: () => list.push("corrupt"),
  };
}

Deno.test("drainRings() reads everything once, across the ring's end, for any sizes and positions", () => {
  const sizes = fc.array(fc.nat(30), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(sizes, fc.nat(400), (lengths, start) => {
    // Far into the life of the ring: positions beyond 2^32.
    const { ring, write, used } = makeRing(1024, 2 ** 33 + start * 8);
    const seen = sink();
    const expected: string[] = [];
    let drained = 0;
    lengths.forEach((n, i) => {
      const chain = Array.from({ length: n }, (_, k) => [i * 100 + k, 0]);
      const words = sample(i, i, 1000 + i, 1, chain);
      if (!write(words)) {
        drained += drainRings([ring], layout, seen, Infinity);
        assert.equal(used(), 0);
        assert.ok(write(words));
      }
      expected.push(`sample ${i} ${1000 + i} ${chain.map(([lo]) => lo).join(",")}`);
    });
    drained += drainRings([ring], layout, seen, Infinity);
    assert.deepEqual(seen.list, expected);
    assert.equal(drained, lengths.length);
    assert.equal(drainRings([ring], layout, seen, Infinity), 0);
  }));
});

Deno.test("drainRings() merges rings by time", () => {
  fc.assert(fc.property(fc.array(fc.nat(3), { maxLength: 80 }), (owners) => {
    const rings = [0, 1, 2, 3].map(() => makeRing(16384));
    const seen = sink();
    owners.forEach((owner, time) => rings[owner].write(sample(owner, 0, time + 1, 1, [])));
    drainRings(rings.map((r) => r.ring), layout, seen, Infinity);
    assert.deepEqual(seen.list, owners.map((owner, time) => `sample ${owner} ${time + 1} `));
  }));
});

Deno.test("drainRings() leaves what is too young for the next call", () => {
  const a = makeRing(4096), b = makeRing(4096);
  const seen = sink();
  a.write(sample(1, 1, 10, 1, []));
  a.write(record(RECORD.COMM, 0, [1, 1, ...text("late"), ...trailer(1, 1, 30)]));
  b.write(sample(2, 2, 20, 1, []));
  assert.equal(drainRings([a.ring, b.ring], layout, seen, 30), 2);
  assert.deepEqual(seen.list, ["sample 1 10 ", "sample 2 20 "]);
  b.write(sample(2, 2, 25, 1, []));
  drainRings([a.ring, b.ring], layout, seen, Infinity);
  assert.deepEqual(seen.list.slice(2), ["sample 2 25 ", "comm late"]);
});

Deno.test("drainRings() drops what cannot be records, says so, and goes on with what comes later", () => {
  for (const size of [0, 4, 12, 0xfff8]) {
    const { ring, write } = makeRing(4096);
    const seen = sink();
    write([RECORD.SAMPLE, size << 16 >>> 0, 1, 2]);
    drainRings([ring], layout, seen, Infinity);
    write(sample(3, 3, 5, 1, []));
    drainRings([ring], layout, seen, Infinity);
    assert.deepEqual(seen.list, ["corrupt", "sample 3 5 "]);
  }
});

Deno.test("perfRing() refuses data whose size is no power of two", () => {
  assert.throws(() => perfRing(new ArrayBuffer(PAGE + 3000 * 4), PAGE), RangeError);
  assert.throws(() => perfRing(new ArrayBuffer(PAGE), PAGE), RangeError);
});
