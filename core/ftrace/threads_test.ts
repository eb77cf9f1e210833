import assert from "node:assert/strict";
import { limitToThreads } from "./limit_to_threads.ts";
import { missedCalls } from "./missed_calls.ts";
import { ownThreads } from "./own_threads.ts";

Deno.test("threads that start while a tracer is limited to their process are listed; endless ones end the look", () => {
  const file = Deno.makeTempFileSync();
  try {
    const looks = [["1", "2", "3"], ["1", "3", "4"], ["1", "3", "4"]];
    limitToThreads(file, ["1", "2"], () => looks.shift()!);
    assert.equal(Deno.readTextFileSync(file), "1\n2\n3\n4\n");
    assert.deepEqual(looks, []);
    let next = 10;
    limitToThreads(file, ["1"], () => [String(next++)]);
    assert.match(Deno.readTextFileSync(file), /^1\n10\n11\n/);
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("a thread of ours that starts later is known as ours; each is looked for once", () => {
  const looks = [[1, 2], [1, 2, 3], [1, 2, 3]];
  let n = 0;
  const own = ownThreads({ threads: () => looks[n++] });
  assert.deepEqual([1, 3, 9, 3, 9, 2].map(own), [true, true, false, true, false, true]);
  assert.equal(n, 3);
});

Deno.test("missedCalls() reads the kernel's lines, which have no group, and leaves others' out", () => {
  const line = (name: string, hits: number, misses: number): string =>
    `  ${name.padEnd(44)} ${String(hits).padStart(15)} ${String(misses).padStart(15)}\n`;
  const text = line("sonde_1_2_p1_0", 10, 3) + line("sonde_1_2_p1_1", 0, 4) + line("sonde_1_2_p2_0", 10, 100) +
    line("a_name_that_is_longer_than_the_room_that_it_has_here", 7, 5);
  assert.equal(missedCalls(text, new Set(["sonde_1_2_p1_0", "sonde_1_2_p1_1"])), 7);
  assert.equal(missedCalls("", new Set(["e"])), 0);
});
