import assert from "node:assert/strict";
import fc from "fast-check";
import { type Batch, columnFrom, field, type Frame, quality } from "../data/mod.ts";
import { profileOf } from "./profile_of.ts";

function frame(name: string, line = 0): Frame {
  return { function: name, module: "/bin/x", file: "", line, kind: "user" };
}
type Row = readonly [stack: readonly Frame[] | null, value: unknown, comm?: string | null];

function batchOf(rows: readonly Row[]): Batch {
  return {
    length: rows.length,
    fields: [field("s", "stack"), field("n", "int"), field("comm", "string")],
    columns: [
      { kind: "object", values: rows.map((r) => r[0]) },
      columnFrom(rows.map((r) => r[1])),
      columnFrom(rows.map((r) => r[2] ?? null)),
    ],
  };
}
const SPEC = { stack: "s", value: "n", keys: ["comm"], sampleType: { name: "bytes", unit: "bytes" } } as const;
const COUNT = { ...SPEC, sampleType: { name: "calls", unit: "count" } } as const;

Deno.test("profileOf() adds up equal stacks with equal labels; frames are equal when their functions are", () => {
  const ab = [frame("a"), frame("b", 3)];
  const got = profileOf(
    batchOf([[ab, 1, "x"], [[frame("a"), frame("b", 4)], 2n ** 60n, "x"], [ab, 5, "y"], [ab, null, "y"], [
      [],
      7,
      null,
    ]]),
    SPEC,
    quality({ events: 9 }),
  );
  assert.deepEqual(got, {
    kind: "profile",
    sampleTypes: [SPEC.sampleType],
    frames: [frame("a"), frame("b", 3)],
    stacks: [
      { frames: [0, 1], values: [1 + 2 ** 60], labels: { comm: "x" } },
      { frames: [0, 1], values: [5], labels: { comm: "y" } },
      { frames: [], values: [7], labels: {} },
    ],
    quality: quality({ events: 9 }),
  });
});

Deno.test("profileOf() counts rows without a stack on [unknown] and tells of them", () => {
  const rows: Row[] = [[null, 4], [[frame("a")], 1], [null, 2]];
  const bytes = profileOf(batchOf(rows), SPEC, quality({ unwind_failures: 10 }));
  assert.equal(bytes.quality.unwind_failures, 12);
  const known = profileOf(batchOf(rows), SPEC, quality({ unwind_failures_by: { stack_collision: 2 } }));
  assert.equal(known.quality.unwind_failures, 2, "collisions are the rows without a stack: not counted twice");
  assert.deepEqual(bytes.stacks.map((s) => [bytes.frames[s.frames[0]].function, s.values[0]]), [["[unknown]", 6], [
    "a",
    1,
  ]]);
  assert.deepEqual(bytes.frames[0], { function: "[unknown]", module: "", file: "", line: 0, kind: "unknown" });
  assert.equal(profileOf(batchOf(rows), COUNT, quality()).quality.unwind_failures, 6);
  const rowsCounted = profileOf(batchOf(rows), { ...COUNT, value: null }, quality());
  assert.deepEqual(rowsCounted.stacks.map((s) => s.values[0]), [2, 1]);
  assert.equal(rowsCounted.quality.unwind_failures, 2);
});

Deno.test("profileOf() loses nothing: the sum by stack and label is that of the rows", () => {
  const names = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
  const row = fc.tuple(fc.option(names), fc.nat(100), fc.constantFrom("x", "y", null));
  fc.assert(fc.property(fc.array(row), (rows) => {
    const want = new Map<string, number>();
    for (const [stack, n, comm] of rows) {
      const key = `${comm ?? ""} ${(stack ?? ["[unknown]"]).join(";")}`;
      want.set(key, (want.get(key) ?? 0) + n);
    }
    const p = profileOf(batchOf(rows.map(([s, n, c]) => [s && s.map((f) => frame(f)), n, c])), SPEC, quality());
    const got = p.stacks.map((s): [string, number] => [
      `${s.labels.comm ?? ""} ${s.frames.map((f) => p.frames[f].function).join(";")}`,
      s.values[0],
    ]);
    assert.deepEqual(new Map(got), want);
    assert.equal(got.length, want.size);
    assert.equal(new Set(p.frames.map((f) => f.function)).size, p.frames.length);
  }));
});
