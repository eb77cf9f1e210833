import assert from "node:assert/strict";
import { planOf } from "./_testing.ts";

const RECIPE = `recipe r "t?"
param w: duration = 1s "d"
let a = collect proc.list
expect count(a) > 0
collect tracepoint:syscalls:sys_enter_openat for $w | aggregate count() by comm
let b = a | limit 1
when count(b) == 1 {
  collect process.exec for $w
  let c = collect proc.list
  show a
}
let d = collect proc.list
save d to "d.csv"
ask "why?"
`;

Deno.test("a plan starts pipelines together, ends the phase before a when, and keeps the order of the rest", async () => {
  const { steps, shown, recipe, title } = await planOf(RECIPE);
  const text = (list: typeof steps): unknown[] =>
    list.map((s) => {
      switch (s.kind) {
        case "phase":
          return s.pipelines.map((p) => p.name);
        case "derived":
          return s.pipeline.name;
        case "when":
          return { then: text(s.then.steps), shown: s.then.shown };
        default:
          return s.kind;
      }
    });
  assert.deepEqual(text(steps), [
    ["a", "result"],
    "expect",
    "b",
    { then: [["result_2", "c"]], shown: ["a"] },
    ["d"],
    "save",
    "ask",
  ]);
  assert.deepEqual(shown, ["a", "result", "b", "d"]);
  assert.deepEqual([recipe, title], ["r", "t?"]);
});

Deno.test("a plan is plain data: nothing but bigint keeps it from being JSON", async () => {
  const plan = await planOf(RECIPE);
  const text = JSON.stringify(plan, (_, v) => typeof v === "bigint" ? { bigint: `${v}` } : v);
  const back = JSON.parse(text, (_, v) => typeof v?.bigint === "string" ? BigInt(v.bigint) : v);
  assert.deepEqual(back, plan);
});

Deno.test("unnamed pipelines take the names that are free", async () => {
  const { shown } = await planOf("let result_2 = collect proc.list\ncollect proc.list\ncollect proc.list");
  assert.deepEqual(shown, ["result_2", "result", "result_3"]);
});
