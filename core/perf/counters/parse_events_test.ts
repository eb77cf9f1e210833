import assert from "node:assert/strict";
import { UsageError } from "../../data/mod.ts";
import { parseEvents } from "./parse_events.ts";

const names = (text: string): string[][] =>
  parseEvents(text).map((group) => group.map((e) => e.modifier === "" ? e.name : `${e.name}|${e.modifier}`));

Deno.test("parseEvents() reads names, groups, modifiers, tracepoints and events of sources", () => {
  assert.deepEqual(names("cycles"), [["cycles"]]);
  assert.deepEqual(names("cycles:u, page-faults"), [["cycles|u"], ["page-faults"]]);
  assert.deepEqual(names("{cycles,instructions:k},cs"), [["cycles", "instructions|k"], ["cs"]]);
  assert.deepEqual(names("sched:sched_switch"), [["sched:sched_switch"]]);
  assert.deepEqual(names("sched:sched_switch:k"), [["sched:sched_switch|k"]]);
  assert.deepEqual(names("msr/tsc/,cpu/event=0x3c,umask=1/u"), [["msr/tsc/"], ["cpu/event=0x3c,umask=1/|u"]]);
  assert.deepEqual(names("task-clock,r1a8,L1-dcache-load-misses:uk"), [["task-clock"], ["r1a8"], [
    "L1-dcache-load-misses|uk",
  ]]);
  assert.equal(parseEvents("cycles:u")[0][0].label, "cycles:u");
});

Deno.test("parseEvents() refuses what is no list", () => {
  for (
    const text of [
      "",
      ",",
      "{",
      "{}",
      "{cycles",
      "cycles}",
      "{a,{b}}",
      "a b",
      "cy$cles",
      "cycles:x:y",
      "msr/tsc",
      "a:b:c:d",
    ]
  ) {
    assert.throws(() => parseEvents(text), UsageError, text);
  }
  assert.throws(() => parseEvents(Array(65).fill("cycles").join(",")), /more than 64/);
});
