import assert from "node:assert/strict";
import * as fc from "fast-check";
import { claimRing, initRingGroup, LAYOUT, ringGroupReader, ringGroupSize, type RingMode, ringSize } from "./mod.ts";

function group(rings: number, capacity: number, mode?: RingMode, more = 0): ArrayBuffer {
  const buffer = new ArrayBuffer(ringGroupSize(rings, capacity) + more);
  initRingGroup(buffer, rings, capacity, mode);
  return buffer;
}

const modes = fc.constantFrom<RingMode>("drop", "overwrite");

Deno.test("a group hands over every record of every ring once, merged by key or ring by ring", () => {
  const owners = fc.array(fc.nat(4), { maxLength: 120 });
  fc.assert(fc.property(modes, owners, fc.nat(130), fc.boolean(), (mode, owners, until, merged) => {
    const buffer = group(5, 8192, mode);
    const writers = Array.from({ length: 5 }, (_, i) => claimRing(buffer, i + 1)!);
    // Keys repeat now and then.
    owners.forEach((owner, i) => {
      const at = writers[owner].reserve(8);
      writers[owner].view.setUint32(at, i - i % 3, true);
      writers[owner].view.setUint32(at + 4, i, true);
      writers[owner].commit();
    });
    const reader = ringGroupReader(buffer);
    const seen: [ring: number, key: number, i: number][] = [];
    const visit = (ring: number, at: number): void => {
      const { view } = reader.rings[ring];
      seen.push([ring, view.getUint32(at, true), view.getUint32(at + 4, true)]);
    };
    const key = (ring: number, at: number): number => reader.rings[ring].view.getUint32(at, true);
    if (merged) {
      const early = reader.drainMerged(key, visit, until);
      assert.equal(early, owners.filter((_, i) => i - i % 3 < until).length);
      assert.equal(early + reader.drainMerged(key, visit), owners.length);
      assert.deepEqual(seen.map(([, key]) => key), owners.map((_, i) => i - i % 3));
    } else assert.equal(reader.drain(visit), owners.length);
    for (let ring = 0; ring < 5; ring++) {
      const own = owners.flatMap((owner, i) => owner === ring ? [i] : []);
      assert.deepEqual(seen.filter(([r]) => r === ring).map(([, , i]) => i), own);
    }
    assert.equal(reader.drain(visit), 0);
  }));
});

Deno.test("records that wait for a later call may be overwritten, and are counted then", () => {
  const buffer = group(2, 64, "overwrite");
  const [a, b] = [claimRing(buffer, 1)!, claimRing(buffer, 2)!];
  const reader = ringGroupReader(buffer);
  const seen: number[] = [];
  const key = (ring: number, at: number): number => reader.rings[ring].view.getUint8(at);
  const visit = (ring: number, at: number): void => void seen.push(key(ring, at));
  a.write(new Uint8Array([5]));
  b.write(new Uint8Array([1]));
  assert.equal(reader.drainMerged(key, visit, 3), 1);
  for (let i = 6; i < 30; i++) a.write(new Uint8Array([i]));
  // The record at hand was copied; of those behind it four are left.
  reader.drainMerged(key, visit);
  assert.deepEqual(seen, [1, 5, 26, 27, 28, 29]);
  assert.equal(reader.overwritten(), 20);
});

Deno.test("rings are claimed once, given back, and claimed again with their records", () => {
  const buffer = group(2, 64, "drop", 4096);
  const first = claimRing(buffer, 7)!;
  assert.deepEqual([first.ring, claimRing(buffer, 8)?.ring, claimRing(buffer, 9)], [0, 1, null]);
  const reader = ringGroupReader(buffer);
  assert.equal(reader.rings.length, 2, "memory behind the group is no ring");
  assert.deepEqual(reader.rings.map((ring) => ring.owner()), [7, 8]);
  first.write(new Uint8Array(1));
  first.release();
  assert.equal(reader.rings[0].owner(), 0);
  const again = claimRing(buffer, 10)!;
  again.write(new Uint8Array(2));
  first.release();
  assert.equal(reader.rings[0].owner(), 10, "a second release takes nothing from the new owner");
  const lengths: number[] = [];
  reader.drain((_ring, _at, length) => lengths.push(length));
  assert.deepEqual(lengths, [1, 2]);
});

Deno.test("loss and damage of one ring leave the others alone", () => {
  const buffer = group(2, 64);
  const [a, b] = [claimRing(buffer, 1)!, claimRing(buffer, 2)!];
  const reader = ringGroupReader(buffer);
  for (let i = 0; i < 10; i++) a.write(new Uint8Array(8));
  assert.equal(reader.lost(), 6);
  b.write(new Uint8Array(3));
  new DataView(buffer).setUint32(LAYOUT.DATA, 0x7fff_0000, true);
  assert.throws(() => reader.drain(() => {}), { name: "RangeError", message: /^Ring 0 of 2: / });
  const seen: number[] = [];
  reader.drain((ring, _at, length) => void seen.push(ring, length));
  assert.deepEqual(seen, [1, 3]);
});

Deno.test("no group, no rings, no owner: refused", () => {
  assert.throws(() => initRingGroup(new ArrayBuffer(1000), 0, 64), RangeError);
  assert.throws(() => initRingGroup(new ArrayBuffer(ringSize(64)), 2, 64), RangeError);
  assert.throws(() => ringGroupReader(new ArrayBuffer(1000)), TypeError);
  for (const owner of [0, -1, 1.5, 2 ** 31]) assert.throws(() => claimRing(group(1, 64), owner), RangeError);
});
