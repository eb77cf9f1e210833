import assert from "node:assert/strict";
import { createStackTable } from "../../core/profile/stack_table.ts";
import type { RingReader } from "../ring/ring_reader.ts";
import { KEY, SPILL } from "./program.ts";
import { createSpilledSamples } from "./spilled_samples.ts";

/** A ring of samples in user code, each with a stack of so many frames. */
function ringOf(depths: readonly number[]): RingReader {
  const bytes = new Uint8Array(depths.length * SPILL.BYTES);
  const view = new DataView(bytes.buffer);
  depths.forEach((depth, i) => {
    const at = i * SPILL.BYTES;
    view.setUint32(at + KEY.TGID, 7, true);
    view.setInt32(at + KEY.KERNEL, -1, true);
    view.setInt32(at + KEY.USER, depth * 8, true);
    const user = at + SPILL.STACKS + SPILL.STACK_BYTES;
    for (let f = 0; f < depth; f++) view.setBigUint64(user + f * 8, BigInt(0x1000 + f), true);
  });
  return {
    bytes,
    words: new Uint32Array(bytes.buffer),
    pending: () => bytes.length,
    drain: (visit) => {
      depths.forEach((_, i) => visit(i * SPILL.BYTES, SPILL.BYTES));
      return depths.length;
    },
    [Symbol.dispose]: () => {},
  };
}

Deno.test("createSpilledSamples() counts stacks that are alike, and what its table has no room for", () => {
  // Two words each for the context and for every frame: there is room for stacks of one and of two frames.
  const spilled = createSpilledSamples(ringOf([1, 2, 1, 100, 2, 1, 100]), createStackTable(10));
  spilled.drain();
  const seen: [pid: number, words: number, count: number][] = [];
  spilled.each(({ pid }, { words, count }) => seen.push([pid, words.length, count]));
  assert.deepEqual(seen, [[7, 4, 3], [7, 6, 2]]);
  assert.equal(spilled.full, 2);
});
