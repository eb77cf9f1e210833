import assert from "node:assert/strict";
import { record, u64 } from "../perf/_synthetic.ts";
import { CONTEXT, RECORD, SAMPLE, samplePartsReader } from "../perf/mod.ts";
import { lbrChain } from "./_lbr_chain.ts";

const marker = (value: number): number[] => [value >>> 0, 0xffffffff];
const kernel = (low: number): number[] => [low, 0xffffffff];

/** A sample with that chain and those branches (from, to). */
function chainOf(chain: number[][], branches: [number, number][]): number[][] {
  const words = Uint32Array.from(record(RECORD.SAMPLE, 0, [
    ...u64(chain.length),
    ...chain.flat(),
    ...u64(branches.length),
    ...branches.flatMap(([from, to]) => [...u64(from), ...u64(to), 0, 0]),
  ]));
  const parts = samplePartsReader({ sampleType: SAMPLE.CALLCHAIN | SAMPLE.BRANCH_STACK });
  assert.ok(parts.locate(words, 0));
  const out = new Uint32Array(64);
  const n = lbrChain(words, parts, out);
  return Array.from({ length: n / 2 }, (_, i) => [out[i * 2], out[i * 2 + 1]]);
}

Deno.test("lbrChain() puts the calls that have not returned behind the leaf, and keeps the kernel's part", () => {
  const chain = [marker(CONTEXT.KERNEL), kernel(7), marker(CONTEXT.USER), u64(0x1000), u64(0x9999)];
  assert.deepEqual(chainOf(chain, [[0x20_ffff_ffff, 0xf00], [0x3000, 0x2000], [0, 0]]), [
    marker(CONTEXT.KERNEL),
    kernel(7),
    marker(CONTEXT.USER),
    u64(0x1000),
    u64(0x21_0000_0000),
    u64(0x3001),
  ]);
});

Deno.test("lbrChain() of a thread of the kernel is the kernel's chain", () => {
  const chain = [marker(CONTEXT.KERNEL), kernel(7)];
  assert.deepEqual(chainOf(chain, [[0x3000, 0x2000]]), chain);
});
