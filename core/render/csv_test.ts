import assert from "node:assert/strict";
import { field, quality, tableFromRows } from "../data/mod.ts";
import { resultToCsv } from "./csv.ts";
import { cpuProfile, cpuSeries } from "./data_for_test.ts";

Deno.test("resultToCsv() quotes by RFC 4180 and leaves null empty", () => {
  const t = tableFromRows([field("name", "string"), field("d", "duration")], [[`a,"b"\nc`, 12], [null, null]]);
  assert.equal(resultToCsv(t), `name,d\n"a,""b""\nc",12\n,\n`);
});

Deno.test("resultToCsv() keeps 64-bit integers exact and disarms formulas", () => {
  const t = tableFromRows([field("n", "int"), field("s", "string")], [[2n ** 63n - 1n, "=1+1"], [5, "-x"]]);
  assert.equal(resultToCsv(t), "n,s\n9223372036854775807,'=1+1\n5,'-x\n");
});

Deno.test("resultToCsv() folds stacks, root first", () => {
  const frame = { module: "/usr/bin/x", file: "", line: 0, kind: "user" } as const;
  const stack = [{ ...frame, function: "main" }, { ...frame, function: "a;b" }, { ...frame, function: "" }];
  const t = tableFromRows([field("ustack", "stack"), field("n", "int")], [[stack, 1], [null, 2]]);
  assert.equal(resultToCsv(t), "ustack,n\nmain;a:b;[x],1\n,2\n");
});

Deno.test("resultToCsv() writes every kind of result", () => {
  assert.match(resultToCsv(cpuProfile()), /^comm,pid,stack,samples,cpu\n[^,]+,\d+,.*;run_job;matrix_multiply,371,/);
  assert.match(resultToCsv(cpuSeries()), /^name,t_ns,v\nusage,0,0\.\d+\n/);
  const q = quality();
  const h = { kind: "histogram", unit: "ns", buckets: [{ min: 1, max: 2, count: 3 }], quality: q } as const;
  assert.equal(resultToCsv(h), "min,max,count\n1,2,3\n");
  assert.equal(resultToCsv({ kind: "text", text: "a\nb", quality: q }), "text\na\nb\n");
});
