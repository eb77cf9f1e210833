import assert from "node:assert/strict";
import fc from "fast-check";
import { field, type Frame, quality, type Result, tableFromRows } from "../../data/mod.ts";
import type { RenderOptions } from "../options.ts";
import {
  cpuProfile,
  cpuSeries,
  diagnosis,
  healthyDiagnosis,
  HOSTILE,
  hostileDiagnosis,
  latencyHistogram,
  latencyTable,
  processList,
  systemMetrics,
} from "../data_for_test.ts";
import { displayWidth } from "../width.ts";
import { renderDiagnosis } from "./diagnosis.ts";
import { renderQuality } from "./quality.ts";
import { renderResult } from "./result.ts";
import { renderTable } from "./table.ts";
import { renderUseMatrix } from "./use_matrix.ts";

const plain = (width: number, lang: "en" | "zh" = "en"): RenderOptions => ({ color: false, width, lang });
const stripped = (text: string): string => text.replace(/\x1b\[[\d;]*m/g, "");
const results: [string, Result][] = [
  ...Object.entries({ ...systemMetrics(), ...processList() }),
  ["profile", cpuProfile()],
  ["latency", latencyHistogram()],
  ["usage", cpuSeries()],
  ["latencies", latencyTable()],
];

for (const [name, result] of results) {
  Deno.test(`renderResult() keeps ${name} inside 40 to 160 columns, in both languages`, () => {
    for (const width of [40, 80, 100, 160]) {
      for (const lang of ["en", "zh"] as const) {
        for (const line of renderResult(name, result, plain(width, lang)).split("\n")) {
          assert.ok(displayWidth(line) <= Math.max(width, 56), `${displayWidth(line)} > ${width}: ${line}`);
        }
      }
    }
  });

  Deno.test(`renderResult() of ${name} says the same with and without colour, and obeys no name`, () => {
    const colored = renderResult(name, result, { color: true, width: 120, lang: "en" });
    assert.doesNotMatch(stripped(colored), /[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
    if (name === "profile") return; // its flame graph draws boxes by colour or by brackets
    const words = (s: string): string => s.replace(/\s+/g, " ");
    assert.equal(words(stripped(colored)), words(renderResult(name, result, plain(120))));
  });
}

Deno.test("renderTable() names the columns that do not fit", () => {
  const table = processList().processes;
  assert.equal(table.kind, "table");
  const text = renderTable(table as never, plain(60));
  const head = text.split("\n")[0];
  const below = text.split("\n").slice(7).join(" ");
  for (const f of table.kind === "table" ? table.fields : []) {
    assert.ok(head.includes(f.name) || below.includes(f.name), f.name);
  }
});

Deno.test("renderTable() aligns numbers right, puts units in the header, marks null and cut rows", () => {
  const t = tableFromRows(
    [field("name", "string"), field("cpu", "ratio"), field("io", "rate", undefined, "bytes/s"), field("n", "int")],
    [["a", 0.5, 2048, 1], ["b", 0, null, 1234], ["c", 0, 0, 0]],
  );
  assert.equal(
    renderTable(t, { ...plain(80), maxRows: 2 }),
    ["name  cpu %   io/s      n", "a      50.0  2 KiB      1", "b         0      -  1,234", "… 1 more rows"].join("\n"),
  );
});

Deno.test("renderTable() keeps the first column and the one that sorts the rows where little fits", () => {
  const fields = ["name", "device_and_partition", "c", "total"].map((n) => field(n, n === "name" ? "string" : "int"));
  const t = tableFromRows(fields, [["the_first_of_all", 7, 1, 300], ["second", 7, 2, 200], ["third", 8, 1, 100]]);
  assert.deepEqual(renderTable(t, plain(40)).split("\n"), [
    "name              c  total",
    "the_first_of_all  1    300",
    "second            2    200",
    "third             1    100",
    "not shown: device_and_partition",
  ]);
});

Deno.test("renderTable() survives any cells", () => {
  const cell = fc.option(fc.string({ unit: "binary" }));
  fc.assert(fc.property(fc.array(fc.tuple(cell, fc.option(fc.double())), { minLength: 1, maxLength: 5 }), (rows) => {
    const text = renderTable(tableFromRows([field("s", "string"), field("f", "float")], rows), plain(60));
    assert.ok(text.split("\n").length <= rows.length + 3);
  }));
});

const frame = (name: string, kind: "user" | "kernel" = "user"): Frame => ({
  function: name,
  module: kind === "user" ? "/usr/lib/libc.so.6" : "[kernel.kallsyms]",
  file: "",
  line: 0,
  kind,
});

Deno.test("renderTable() draws stacks below their row, leaf first, a frame a line", () => {
  const t = tableFromRows([field("comm", "string"), field("kstack", "stack"), field("count", "int")], [
    ["bash", [frame("entry", "kernel"), frame("vfs_read", "kernel")], 5],
    ["cat", [frame("main"), frame("read"), frame("")], 3],
    ["idle", null, 1],
  ]);
  assert.equal(
    renderTable(t, plain(80)),
    [
      "comm  count",
      "bash      5",
      "    vfs_read",
      "    entry",
      "",
      "cat       3",
      "    [libc.so.6]",
      "    read  libc.so.6",
      "    main  libc.so.6",
      "",
      "idle      1",
      "    kstack  -",
    ].join("\n"),
  );
});

Deno.test("renderTable() names stacks where there are several, or nothing else", () => {
  const both = tableFromRows([field("kstack", "stack"), field("ustack", "stack")], [
    [[frame("entry", "kernel")], [frame("main")]],
  ]);
  assert.equal(
    renderTable(both, plain(80)),
    ["    kstack", "    entry", "    ustack", "    main  libc.so.6"].join("\n"),
  );
  const deep = tableFromRows([field("ustack", "stack")], [[Array.from({ length: 60 }, (_, i) => frame(`f${i}`))]]);
  const lines = renderTable(deep, plain(80)).split("\n");
  assert.deepEqual([lines.length, lines[1], lines.at(-1)], [50, "    f59  libc.so.6", "    … 12 more frames"]);
});

Deno.test("renderTable() draws the histograms of a few rows as bars below them, and of many as shapes", () => {
  const cell = {
    kind: "histogram",
    unit: "bytes",
    buckets: [{ min: 1024, max: 2048, count: 1 }, { min: 2048, max: 4096, count: 8 }],
  };
  const fields = [field("comm", "string"), field("hist_size", "histogram")];
  const few = renderTable(tableFromRows(fields, [["bash", cell], ["cat", cell]]), plain(60)).split("\n");
  assert.deepEqual(few.slice(0, 3), ["comm", "bash", "    hist_size"]);
  assert.match(few[3], /^ {4}1 KiB – 2 KiB {2}1 ▕█+/);
  assert.match(few[4], /^ {4}2 KiB – 4 KiB {2}8 ▕█{10,}/);
  const many = renderTable(tableFromRows(fields, Array.from({ length: 13 }, () => ["bash", cell])), plain(60));
  assert.equal(many.split("\n")[1], "bash  1 KiB ▁█ 4 KiB");
});

Deno.test("renderTable() lists one row of many columns as pairs, its stacks below", () => {
  const t = tableFromRows(
    [field("pid", "pid"), field("comm", "string"), field("n", "int"), field("ustack", "stack")],
    [[1, "init", 5, [frame("main")]]],
  );
  assert.match(renderTable(t, plain(80)), /^pid .*\n(.*\n)? {4}ustack\n {4}main {2}libc\.so\.6$/);
});

Deno.test("renderQuality() shows window, events, loss and cost in one line", () => {
  const cost = { cpu_ns: 12e6, probe_ns: 0, ratio: 0.004, estimated: false };
  assert.equal(
    renderQuality(quality({ events: 12_345, duration_ns: 3e9, cost }), plain(100)),
    "3 s · 12,345 events · 0 lost · cost 0.4 % of one CPU",
  );
});

Deno.test("renderQuality() warns of all that is not perfect, each note on its line", () => {
  const q = quality({
    events: 100,
    duration_ns: 1e9,
    lost_by: { ring: 5, map_full: 1 },
    sampling: 0.1,
    estimated: true,
    truncated: 2,
    unwind_failures: 3,
    notes: ["one", "two\x1b[0m"],
  });
  const text = renderQuality(q, { color: true, width: 200, lang: "en" });
  for (
    const part of [
      "6 lost (ring 5, map_full 1)",
      "estimated from 10 % of the events",
      "2 truncated",
      "3 stacks incomplete",
    ]
  ) {
    assert.ok(text.includes(`\x1b[33m${part}\x1b[39m`), part);
  }
  assert.deepEqual(stripped(text).split("\n").slice(1), ["· one", "· two\\x1b[0m"]);
});

Deno.test("renderQuality() says nothing about a perfect snapshot", () => {
  assert.equal(renderQuality(quality(), plain(80)), "");
});

Deno.test("renderUseMatrix() marks ok, bad and not measured with why", () => {
  const text = renderUseMatrix(diagnosis().use_matrix, plain(160));
  assert.match(text, /^cpu +✗ 98 % of 2 CPUs +✗ 2\.1 tasks wait, pressure 52 % +· no machine check log$/m);
  assert.match(text, /^memory +✓ 34 % of 8 GiB used/m);
});

Deno.test("renderUseMatrix() joins resources of one sort that say the same, and no others", () => {
  const [, memory, , network] = diagnosis().use_matrix;
  const rows = [memory, network, { ...network, resource: "network lo" }, { ...network, resource: "disk vdb" }];
  const names = renderUseMatrix(rows, plain(160)).split("\n").slice(1).map((line) => line.split("  ")[0]);
  assert.deepEqual(names, ["memory", "network eth0, lo", "disk vdb"]);
});

Deno.test("renderDiagnosis() begins with severity, bottleneck, confidence and culprit", () => {
  const lines = renderDiagnosis(diagnosis(), plain(80)).split("\n");
  assert.match(lines[0], /^● CRITICAL {2}CPU-bound +confident, 92 %$/);
  assert.equal(lines[1], "  matmul · pid 4211 · in matrix_multiply · matmul.c:41");
});

Deno.test("renderDiagnosis() gives every claim, the command that repeats it, advice, rivals and what is not known", () => {
  const text = renderDiagnosis(diagnosis(), plain(200)).replace(/\s+/g, " ");
  for (const e of diagnosis().evidence) assert.ok(text.includes(e.replace(/^\[\w+\] /, "")), e);
  for (const id of ["c1", "c2", "c3"]) {
    assert.ok(text.includes(`$ ${diagnosis().tool_calls.find((c) => c.id === id)!.command}`), id);
  }
  for (
    const part of ["1. Profile matrix_multiply", "5.2 %", "more runnable tasks", "no hardware counters.", "3 lost"]
  ) {
    assert.ok(text.includes(part), part);
  }
});

Deno.test("renderDiagnosis() in short shows verdict and matrix, not the commands", () => {
  const text = renderDiagnosis(diagnosis(), { ...plain(100), short: true });
  assert.match(text, /CPU-bound/);
  assert.match(text, /pressure 52 %|pressure/);
  assert.doesNotMatch(text, /\$ sonde tool/);
});

Deno.test("renderDiagnosis() of a healthy machine and of an undecided one does not claim a bottleneck", () => {
  assert.match(renderDiagnosis(healthyDiagnosis(), plain(80)), /^● OK {2}No problem found +almost certain, 95 %/);
  const undecided = { ...diagnosis(), severity: "warning", bottleneck_type: "unknown", confidence: 0.4 } as const;
  const text = renderDiagnosis(undecided, plain(80));
  assert.match(text, /^● WARNING {2}Undecided +uncertain, 40 %/);
  assert.match(text, /Explanations considered\n +92 %/);
});

Deno.test("renderDiagnosis() obeys no name from the machine", () => {
  for (const short of [false, true]) {
    const text = stripped(renderDiagnosis(hostileDiagnosis(), { color: true, width: 100, lang: "zh", short }));
    assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
    assert.ok(text.includes("evil\\x1b[2J"));
    assert.ok(HOSTILE.length > 10);
  }
});
