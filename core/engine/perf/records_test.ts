import assert from "node:assert/strict";
import fc from "fast-check";
import { recordsOf } from "../../data/mod.ts";
import type { Format, FormatField, TraceEvents } from "../../host/mod.ts";
import { record, u64 } from "../../perf/_synthetic.ts";
import { RECORD, SAMPLE, sampleLayout } from "../../perf/mod.ts";
import { type Expr, fieldRef, isIntegerType, literal, type ProbeSpec, test, valueType } from "../../query/mod.ts";
import { matchedSource } from "./matched_source.ts";
import { specOutput } from "./output.ts";
import { perfPoint } from "./perf_point.ts";
import { planPerf } from "./plan.ts";
import { recordAt, type SampleContext } from "./sample_reader.ts";
import { taskName } from "./tasks.ts";

const COMMON = SAMPLE.IDENTIFIER | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU | SAMPLE.RAW;
const cx: SampleContext = {
  layout: sampleLayout(COMMON),
  chained: sampleLayout(COMMON | SAMPLE.CALLCHAIN),
  tasks: {
    scan: () => {},
    comm: (tid) => tid === 7 ? null : `task ${tid}`,
    pidOf: (tid) => tid + 1000,
    space: () => ({ id: 1, mappings: [] }),
    take: () => {},
  },
  stacks: null,
  realtimeOffsetNs: 1_700_000_000_123_456_789n,
  initialNamespace: true,
  unnamed: () => {},
};

/** A tracepoint with fields of every kind, one of them packed. */
const FORMAT: Format = {
  id: 99,
  fields: [
    number("u8", "unsigned char", 8, 1, false),
    number("s8", "char", 9, 1, true),
    number("s16", "short", 10, 2, true),
    number("u32", "unsigned int", 12, 4, false),
    number("s32", "int", 16, 4, true),
    number("packed", "long", 21, 8, true),
    number("p16", "short", 31, 2, true),
    number("u64", "unsigned long", 40, 8, false),
    number("s64", "long", 48, 8, true),
    number("fixed", "char[8]", 56, 8, false),
    number("located", "__data_loc char[]", 64, 4, false),
    number("list", "int[4]", 68, 16, true),
  ],
};
const FIXED_BYTES = 84;

function number(name: string, type: string, offset: number, size: number, signed: boolean): FormatField {
  return { name, type, offset, size, signed };
}

const EVENTS: TraceEvents = {
  problem: null,
  format: (category, name) => category === "syscalls" ? null : name === "all" ? FORMAT : null,
  names: () => [],
};

interface Sample {
  readonly tid: number;
  readonly time: number;
  readonly cpu: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly located: string;
}

const anySample: fc.Arbitrary<Sample> = fc.record({
  tid: fc.constantFrom(0, 7, 40, 41, -1),
  time: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
  cpu: fc.nat(3),
  // Few different values, so that keys meet again; and all that bytes can be.
  bytes: fc.uint8Array({ minLength: FIXED_BYTES, maxLength: FIXED_BYTES }).chain((all) =>
    fc.constantFrom(all, all.map((b) => b & 1), all.map((b) => b & 0x80))
  ),
  text: fc.constantFrom("", "a", "abc", "12345678"),
  located: fc.constantFrom("", "/bin/sh", "a longer text than others"),
});

/** The sample as the kernel writes it. @param chain entries of a call chain, or null */
function wordsOf(s: Sample, chain: number | null): Uint32Array {
  const bytes = new Uint8Array(Math.ceil((FIXED_BYTES + s.located.length + 1 + 4) / 8) * 8 - 4);
  bytes.set(s.bytes);
  const v = new DataView(bytes.buffer);
  // trace_entry: type, flags, preemption, the thread in the initial namespace.
  v.setInt32(4, s.tid === -1 ? 40 : s.tid, true);
  bytes.fill(0, 56, 64);
  new TextEncoder().encodeInto(s.text, bytes.subarray(56));
  v.setUint32(64, (s.located.length + 1) << 16 | FIXED_BYTES, true);
  new TextEncoder().encodeInto(s.located, bytes.subarray(FIXED_BYTES));
  const frames = chain === null ? [] : [...u64(chain), ...Array.from({ length: 2 * chain }, (_, i) => i)];
  return Uint32Array.from(record(RECORD.SAMPLE, 0, [
    ...u64(5),
    s.tid < 0 ? 0xffff_ffff : s.tid + (s.tid > 0 ? 1000 : 0),
    s.tid >>> 0,
    ...u64(s.time),
    s.cpu,
    0,
    ...frames,
    bytes.length,
    ...new Uint32Array(bytes.buffer),
  ]));
}

/** The same sample read with a DataView: an independent decoder. */
function valuesOf(s: Sample): Record<string, bigint | string | null> {
  const v = new DataView(s.bytes.buffer, s.bytes.byteOffset);
  const tid = s.tid === -1 ? 40 : s.tid;
  return {
    "args.u8": BigInt(v.getUint8(8)),
    "args.s8": BigInt(v.getInt8(9)),
    "args.s16": BigInt(v.getInt16(10, true)),
    "args.u32": BigInt(v.getUint32(12, true)),
    "args.s32": BigInt(v.getInt32(16, true)),
    "args.packed": v.getBigInt64(21, true),
    "args.p16": BigInt(v.getInt16(31, true)),
    "args.u64": v.getBigUint64(40, true),
    "args.s64": v.getBigInt64(48, true),
    "args.fixed": s.text,
    "args.located": s.located,
    tid: BigInt(tid),
    pid: BigInt(tid === 0 ? 0 : tid + 1000),
    cpu: BigInt(s.cpu),
    ktime: BigInt(s.time),
    time: BigInt(s.time) + cx.realtimeOffsetNs,
    comm: tid === 0 ? `swapper/${s.cpu}` : tid === 7 ? null : `task ${tid}`,
    probe: "tracepoint:test:all",
  };
}

const TYPES: Readonly<Record<string, Expr>> = Object.fromEntries(
  [
    ...FORMAT.fields.filter((x) => !x.type.includes("[")).map((x) => fieldRef(`args.${x.name}`, "int", !x.signed)),
    fieldRef("args.fixed", "string"),
    fieldRef("args.located", "string"),
    fieldRef("tid", "tid"),
    fieldRef("pid", "pid"),
    fieldRef("cpu", "int"),
    fieldRef("ktime", "duration"),
    fieldRef("time", "time"),
    fieldRef("comm", "string"),
    fieldRef("probe", "string"),
  ].map((e) => [(e as { name: string }).name, e]),
);
const NUMBERS = Object.keys(TYPES).filter((name) => isIntegerType(TYPES[name].t.type));
const KEYS = Object.keys(TYPES).filter((name) => !["args.packed", "args.u64", "args.s64"].includes(name));

/** Runs a spec over samples that come in parts. */
function run(spec: ProbeSpec, samples: readonly Sample[], parts: number, chain: number | null) {
  const plan = planPerf(spec, (point) => perfPoint(point, () => EVENTS));
  const source = matchedSource(plan, cx);
  const output = specOutput(spec, source.fields);
  samples.forEach((s, i) => {
    const words = wordsOf(s, chain);
    const raw = recordAt(words, 0, cx, chain !== null);
    assert.ok(raw > 0);
    source.add({ side: 0, probe: 0 }, words, 0, raw);
    if (i % parts === 0) output.push(source.take());
  });
  output.push(source.take());
  return { output, batch: output.finish(1e9).batch };
}

function spec(steps: ProbeSpec["steps"], output: ProbeSpec["output"]): ProbeSpec {
  return {
    source: { kind: "event", probes: [{ kind: "tracepoint", category: "test", name: "all" }] },
    steps,
    output,
    includeSelf: true,
  };
}

const plain = (v: unknown): unknown => typeof v === "number" ? BigInt(v) : v;

Deno.test("fields of records are read as a DataView reads them, before a call chain or behind one", () => {
  const fields = Object.entries(TYPES).map(([name, expr]) => ({ name, expr }));
  fc.assert(fc.property(
    fc.array(anySample, { maxLength: 20 }),
    fc.integer({ min: 1, max: 8 }),
    fc.option(fc.nat(5)),
    (samples, parts, chain) => {
      const { batch } = run(spec([], { kind: "stream", fields, ringBytes: 0 }), samples, parts, chain);
      const rows = recordsOf(batch).map((r) => Object.fromEntries(Object.entries(r).map(([k, v]) => [k, plain(v)])));
      const order = fields.map((x) => x.name);
      assert.deepEqual(
        rows,
        samples.map(valuesOf).map((v) => Object.fromEntries(order.map((name) => [name, v[name]]))),
      );
    },
  ));
});

Deno.test("random specs answer what the same filters and aggregates give over the values one by one", () => {
  const OPS = ["==", "!=", "<", ">="] as const;
  const filter = fc.record({ name: fc.constantFrom(...NUMBERS), op: fc.constantFrom(...OPS), pick: fc.nat() });
  fc.assert(fc.property(
    fc.array(anySample, { minLength: 1, maxLength: 40 }),
    fc.array(filter, { maxLength: 2 }),
    fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 3 }),
    fc.constantFrom(...NUMBERS),
    fc.integer({ min: 1, max: 8 }),
    (samples, filters, keys, measured, parts) => {
      let kept = samples.map(valuesOf);
      const steps = filters.map(({ name, op, pick }): ProbeSpec["steps"][number] => {
        const at = valuesOf(samples[pick % samples.length])[name] as bigint;
        kept = kept.filter((v) => {
          const x = v[name] as bigint;
          return op === "==" ? x === at : op === "!=" ? x !== at : op === "<" ? x < at : x >= at;
        });
        const value: Expr = { op: "lit", value: at, t: TYPES[name].t };
        return { kind: "filter", expr: test(op, TYPES[name], value) };
      });
      // What is derived is found again under its name, and is not asked of the probe.
      const doubled: Expr = {
        op: "binary",
        fn: "+",
        left: TYPES[measured],
        right: literal(0n),
        t: TYPES[measured].t,
      };
      const derived = { op: "field", name: "derived", t: TYPES[measured].t } as const;
      const { batch, output } = run(
        spec([...steps, { kind: "derive", derived: { name: "derived", expr: doubled } }], {
          kind: "aggregate",
          keys: keys.map((name) => ({ name, expr: TYPES[name] })),
          aggregates: [
            { name: "n", fn: "count", args: [] },
            { name: "lo", fn: "min", args: [derived] },
            { name: "hi", fn: "max", args: [derived] },
          ],
          maxKeys: 1000,
        }),
        samples,
        parts,
        null,
      );
      const groups = new Map<string, { key: unknown[]; values: bigint[] }>();
      if (keys.length === 0) groups.set("", { key: [], values: [] });
      for (const v of kept) {
        const key = keys.map((k) => v[k]);
        const text = key.map((k) => k === null ? "null" : `=${k}`).join("\0");
        const group = groups.get(text) ?? { key, values: [] };
        group.values.push(v[measured] as bigint);
        groups.set(text, group);
      }
      const want = [...groups.values()].map(({ key, values }) => [
        ...key,
        BigInt(values.length),
        values.length ? values.reduce((a, b) => a < b ? a : b) : null,
        values.length ? values.reduce((a, b) => a > b ? a : b) : null,
      ]);
      const got = recordsOf(batch).map((r) => Object.values(r).map(plain));
      assert.deepEqual(got, want);
      assert.equal(output.rows, kept.length);
    },
  ));
});

Deno.test("a sample that is shorter than it says is not read", () => {
  const whole = wordsOf({ tid: 1, time: 1, cpu: 0, bytes: new Uint8Array(FIXED_BYTES), text: "", located: "" }, 2);
  for (let words = 3; words <= whole.length; words++) {
    const cut = whole.slice(0, words);
    cut[1] = words * 4 << 16;
    assert.equal(recordAt(cut, 0, cx, true) > 0, words === whole.length, `${words} words`);
  }
  const huge = whole.slice();
  huge[cx.chained.callchain + 1] = 0x1000;
  assert.equal(recordAt(huge, 0, cx, true), -1);
});

Deno.test("planPerf() refuses fields whose kind is not what the spec takes them for, and lists of numbers", () => {
  const ask = (e: Expr): void =>
    void planPerf(
      spec([], { kind: "stream", fields: [{ name: "x", expr: e }], ringBytes: 0 }),
      (point) => perfPoint(point, () => EVENTS),
    );
  assert.throws(() => ask(fieldRef("args.fixed", "int")), /"args.fixed" of tracepoint:test:all is text, not int/);
  assert.throws(() => ask(fieldRef("args.u8", "string")), /is number, not string/);
  assert.throws(() => ask(fieldRef("args.list", "int")), /has no field "args.list"/);
  assert.throws(() => ask({ op: "param", name: "p", t: valueType("int") }), /parameter \$p has no value/);
});

Deno.test("taskName() takes what workers do off their names, and keeps what tasks call themselves", () => {
  const read = (text: string): string => taskName(new TextEncoder().encode(text));
  assert.equal(read("kworker/0:1-events\n"), "kworker/0:1");
  assert.equal(read("kworker/u8:2+events_unbound\n"), "kworker/u8:2");
  assert.equal(read("kworker/1:1H-kblockd\n"), "kworker/1:1H");
  assert.equal(read("kworker/R-netns\n"), "kworker/R-netns");
  assert.equal(read("kworker/R-writeback\n"), "kworker/R-write");
  assert.equal(read("rcu_tasks_rude_kthread\n"), "rcu_tasks_rude_");
  assert.equal(read("my-app+x\n"), "my-app+x");
  assert.equal(read("two\nlines\n\n"), "two\nlines\n");
});
