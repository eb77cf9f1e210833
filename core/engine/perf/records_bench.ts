/** Events a second from the words of a ring to the aggregate: 10,000 records of sys_enter an iteration. */
import { record, u64 } from "../../perf/_synthetic.ts";
import { RECORD, SAMPLE, sampleLayout } from "../../perf/mod.ts";
import { type Expr, fieldRef, literal, type ProbeSpec, test } from "../../query/mod.ts";
import type { Format } from "../../host/mod.ts";
import { matchedSource } from "./matched_source.ts";
import { specOutput } from "./output.ts";
import { perfPoint } from "./perf_point.ts";
import { planPerf } from "./plan.ts";
import { recordAt, type SampleContext } from "./sample_reader.ts";

const COUNT = 10_000;
const COMMON = SAMPLE.IDENTIFIER | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU | SAMPLE.RAW;
const cx: SampleContext = {
  layout: sampleLayout(COMMON),
  chained: sampleLayout(COMMON | SAMPLE.CALLCHAIN),
  tasks: {
    scan: () => {},
    comm: (tid) => `task${tid}`,
    pidOf: () => null,
    space: () => ({ id: 1, mappings: [] }),
    take: () => {},
  },
  stacks: null,
  realtimeOffsetNs: 1_700_000_000_000_000_000n,
  initialNamespace: true,
  unnamed: () => {},
};
const FORMAT: Format = { id: 1, fields: [{ name: "id", type: "long", offset: 8, size: 8, signed: true }] };

const records: number[][] = [];
for (let i = 0; i < COUNT; i++) {
  const tid = 100 + i % 16;
  records.push(record(RECORD.SAMPLE, 0, [
    ...u64(5),
    100,
    tid,
    ...u64(1e9 + i * 1000),
    1,
    0,
    68,
    ...[1, tid, i % 300, 0],
    ...new Array(13).fill(0),
  ]));
}
const size = records[0].length;
const words = Uint32Array.from(records.flat());

const id = fieldRef("args.id", "int");
const comm = fieldRef("comm", "string");

function run(steps: ProbeSpec["steps"], output: ProbeSpec["output"]): () => void {
  const spec: ProbeSpec = {
    source: { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] },
    steps,
    output,
    includeSelf: true,
  };
  const events = { problem: null, format: () => FORMAT, names: () => [] };
  const plan = planPerf(spec, (point) => perfPoint(point, () => events));
  const source = matchedSource(plan, cx);
  const out = specOutput(spec, source.fields);
  const use = { side: 0, probe: 0 };
  return () => {
    for (let at = 0; at < words.length; at += size) source.add(use, words, at, recordAt(words, at, cx, false));
    out.push(source.take());
    out.take();
  };
}

const count = { name: "n", fn: "count", args: [] };
const by = (...keys: Expr[]): ProbeSpec["output"] => ({
  kind: "aggregate",
  keys: keys.map((expr, i) => ({ name: `k${i}`, expr })),
  aggregates: [count],
  maxKeys: 1000,
});

Deno.bench(`${COUNT} events: count`, run([], by()));
Deno.bench(`${COUNT} events: count by comm`, run([], by(comm)));
Deno.bench(
  `${COUNT} events: filter that rejects`,
  run([{ kind: "filter", expr: test("==", id, literal(-5n)) }], by()),
);
Deno.bench(
  `${COUNT} events: histogram by comm`,
  run([], {
    kind: "aggregate",
    keys: [{ name: "comm", expr: comm }],
    aggregates: [{ name: "h", fn: "hist", args: [id] }],
    maxKeys: 1000,
  }),
);
Deno.bench(
  `${COUNT} events: stream of five fields`,
  run([], {
    kind: "stream",
    fields: [comm, id, fieldRef("pid", "pid"), fieldRef("tid", "tid"), fieldRef("time", "time")].map((expr) => ({
      name: (expr as { name: string }).name,
      expr,
    })),
    ringBytes: 0,
  }),
);
