import assert from "node:assert/strict";
import { epilogueBytes } from "./_epilogues.ts";

const CASES: readonly (readonly [code: string, bytes: number])[] = [
  ["48 83 c4 08 c3 f3 0f 1e", 8], // add $8,%rsp; ret
  ["48 83 c4 78 c3 00 00 00", 120],
  ["48 81 c4 00 01 00 00 c3", 256], // add $256,%rsp; ret
  ["48 81 c4 00 01 00 00 90", -1],
  ["48 81 c4 00 00 00 80 c3", -1], // below zero
  ["48 83 c4 f8 c3 00 00 00", -1], // add $-8,%rsp
  ["48 83 ec 08 c3 00 00 00", -1], // sub
  ["48 83 c4 08 5d c3 00 00", -1], // pops another register
  ["00 00 00 00 00 00 00 00", -1],
];

for (const [code, bytes] of CASES) {
  Deno.test(`epilogueBytes() of ${code} is ${bytes}`, () => {
    assert.equal(epilogueBytes(Uint8Array.from(code.split(" "), (b) => parseInt(b, 16))), bytes);
  });
}
