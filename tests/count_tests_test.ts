import assert from "node:assert/strict";
import { countTests, type TestCounts } from "./count_tests.ts";

function count(text: string): TestCounts {
  const counter = countTests();
  text.split("\n").forEach(counter.read);
  return counter.counts();
}

Deno.test("a test that says why it skips is skipped and not passed, ignored ones are skipped, steps count once", () => {
  const counts = count(`running 4 tests from ./a_test.ts
one ... ok (1ms)
two ...
------- output -------
SKIPPED: no PMU here
----- output end -----
two ... ok (1ms)
three ... ignored (0ms)
four ...
  step ... ok (1ms)
  other ...
------- output -------
SKIPPED: first half
SKIPPED: second half
----- output end -----
  other ... ok (1ms)
four ... ok (3ms)

ok | 3 passed (2 steps) | 0 failed | 1 ignored (9ms)`);
  assert.deepEqual(counts, {
    passed: 1,
    failed: 0,
    failures: [],
    skipped: [
      "./a_test.ts: two: no PMU here",
      "./a_test.ts: three: ignored",
      "./a_test.ts: four: first half",
      "./a_test.ts: four: second half",
    ],
    complete: true,
  });
});

Deno.test("failures are counted, and a run that was cut off is known", () => {
  const text = `a ... FAILED (1ms)

 ERRORS 

a => ./a_test.ts:1:6
error: AssertionError: two

2 !== 1

    at file:///a_test.ts:1:9

 FAILURES 

a => ./a_test.ts:1:6

FAILED | 2 passed | 1 failed (1s)`;
  assert.deepEqual(count(text), {
    passed: 2,
    failed: 1,
    failures: ["a => ./a_test.ts:1:6\n    error: AssertionError: two\n    2 !== 1\n        at file:///a_test.ts:1:9"],
    skipped: [],
    complete: true,
  });
  assert.equal(count("running 2 tests from ./a_test.ts\none ... ok (1ms)\ntwo ...").complete, false);
});

Deno.test("Deno prints what is counted here", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(
      `${dir}/x_test.ts`,
      `Deno.test("good", () => {}); Deno.test("skips", () => console.log("SKIPPED: because"));
       Deno.test.ignore("ignored", () => {}); Deno.test("bad", () => { throw new Error("x"); });`,
    );
    const { stdout } = new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", `${dir}/x_test.ts`],
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).outputSync();
    const { passed, failed, failures, skipped, complete } = count(new TextDecoder().decode(stdout));
    assert.deepEqual([passed, failed, skipped.length, complete], [1, 1, 2, true]);
    assert.match(failures.join(), /^bad => \S+\n +error: Error: x\n/);
    assert.match(skipped[0], /x_test\.ts: skips: because$/);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
