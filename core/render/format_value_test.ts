import assert from "node:assert/strict";
import { type Cell, field, type FieldType, type Unit } from "../data/mod.ts";
import { formatValue } from "./format_value.ts";

const cases: [FieldType, Cell, string, Unit?][] = [
  ["duration", 0, "0 s"],
  ["duration", 850, "850 ns"],
  ["duration", 1000, "1 µs"],
  ["duration", 12_345_678, "12.3 ms"],
  ["duration", 999_999, "1.00 ms"],
  ["duration", 3_000_000_000, "3 s"],
  ["duration", 3_000_412_345, "3.00 s"],
  ["duration", 59_999_999_999, "1m00s"],
  ["duration", 125e9, "2m05s"],
  ["duration", 11_520e9, "3h12m"],
  ["duration", 187_200e9, "2d04h"],
  ["duration", -1500, "-1.50 µs"],
  ["bytes", 0, "0 B"],
  ["bytes", 512, "512 B"],
  ["bytes", 4096, "4 KiB"],
  ["bytes", 1_299_227_607, "1.21 GiB"],
  ["bytes", 1023.9 * 1024, "1.00 MiB"],
  ["bytes", 18_446_744_073_709_551_615n, "16 EiB"],
  ["rate", 3400, "3.4k/s"],
  ["rate", 0.25, "0.25/s"],
  ["rate", 1536, "1.50 KiB/s", "bytes/s"],
  ["float", 99, "99 Hz", "hz"],
  ["float", 2.4e9, "2.40 GHz", "hz"],
  ["float", 54.25, "54.3 °C", "celsius"],
  ["ratio", 0.97, "97 %"],
  ["ratio", 0.004, "0.4 %"],
  ["ratio", 0.996, "99.6 %"],
  ["ratio", 0.99999, ">99.9 %"],
  ["ratio", 0.00001, "<0.1 %"],
  ["ratio", 2.134, "213 %"],
  ["ratio", 0, "0 %"],
  ["int", 1_234_567, "1,234,567"],
  ["int", 9_223_372_036_854_775_807n, "9,223,372,036,854,775,807"],
  ["int", -1234, "-1,234"],
  ["float", 4.215, "4.21"],
  ["float", 1234.5, "1,235"],
  ["float", NaN, "-"],
  ["pid", 4211, "4211"],
  ["bool", 1, "yes"],
  ["address", 0xffff_ffff_8120_0000n, "0xffffffff81200000"],
  ["address", -1n, "0xffffffffffffffff"],
  ["time", 1_767_323_045_678_000_000n, "2026-01-02 03:04:05.678Z"],
  ["string", "a\nb", "a\\nb"],
  ["string", null, "-"],
];

for (const [type, cell, expected, unit] of cases) {
  Deno.test(`formatValue() writes ${type} ${String(cell)} as ${expected}`, () => {
    assert.equal(formatValue(cell, field("x", type, undefined, unit)), expected);
  });
}

Deno.test("formatValue() separates the thousands of amounts, not of numbers that name something", () => {
  const text = (name: string, unit?: Unit): string => formatValue(54321, field(name, "int", undefined, unit));
  assert.deepEqual(["port", "local_port", "sport", "inode", "uid"].map((name) => text(name)), Array(5).fill("54321"));
  assert.deepEqual([text("ports"), text("support"), text("ports", "count")], Array(3).fill("54,321"));
});

Deno.test("formatValue() writes a stack leaf first and a histogram as range and shape", () => {
  const frame = { module: "", file: "", line: 0, kind: "user" } as const;
  const stack = [{ ...frame, function: "main" }, { ...frame, function: "leaf" }];
  assert.equal(formatValue(stack, field("stack", "stack")), "leaf ← main");
  const stripped = [{ ...frame, function: "main" }, { ...frame, function: "", module: "/usr/lib/libx.so" }];
  assert.equal(formatValue(stripped, field("stack", "stack")), "[libx.so] ← main");
  const buckets = [{ min: 1024, max: 2048, count: 1 }, { min: 2048, max: 4096, count: 8 }];
  assert.equal(formatValue({ kind: "histogram", unit: "bytes", buckets }, field("h", "histogram")), "1 KiB ▁█ 4 KiB");
});
