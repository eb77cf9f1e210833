import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePidStat, parseState } from "./parse_pid_stat.ts";

const UNITS = { ticksPerSecond: 100, pageSize: 4096 };
const encoder = new TextEncoder();

/** A record as fs/proc/array.c writes it, with the fields after the comm numbered from 3. */
function record(comm: string, fields: Record<number, string | number> = {}): string {
  const after = Array.from({ length: 50 }, (_, i) => fields[i + 3] ?? (i === 0 ? "S" : 0));
  return `42 (${comm}) ${after.join(" ")}\n`;
}

function parse(text: string): ReturnType<typeof parsePidStat> {
  const bytes = encoder.encode(text);
  return parsePidStat(bytes, bytes.length, UNITS);
}

Deno.test("parsePidStat() takes every field from its place in proc_pid_stat(5)", () => {
  const fields = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [i + 4, i + 4]));
  assert.deepEqual(parse(record("x", { 3: "R", ...fields })), {
    pid: 42,
    comm: "x",
    state: "R",
    ppid: 4,
    flags: 9,
    minorFaults: 10,
    childMinorFaults: 11,
    majorFaults: 12,
    childMajorFaults: 13,
    userNs: 14e7,
    systemNs: 15e7,
    childUserNs: 16e7,
    childSystemNs: 17e7,
    priority: 18,
    nice: 19,
    threads: 20,
    startTicks: 22,
    virtualBytes: 23,
    rss: 24 * 4096,
    processor: 39,
    blockIoDelayNs: 42e7,
    kernelThread: false,
  });
});

Deno.test("parsePidStat() keeps a comm with parentheses, spaces, newlines, backslashes and escape sequences", () => {
  for (
    const comm of ["a b", ") R 1 (", "((", "))", "x) Z 1 1", "a\nb", "\\n", "\\", "\x1b[31m", "", "é", "名前", "\x01"]
  ) {
    assert.equal(parse(record(comm))?.comm, comm, JSON.stringify(comm));
  }
});

Deno.test("parsePidStat() gives back any comm the kernel may hold", () => {
  fc.assert(fc.property(fc.string({ maxLength: 15, unit: "binary" }), (comm) => {
    fc.pre(!comm.includes("\0") && !/[\ud800-\udfff]/.test(comm));
    assert.equal(parse(record(comm, { 3: "D" }))?.comm, comm);
    assert.equal(parse(record(comm, { 3: "D" }))?.state, "D");
  }));
});

Deno.test("parsePidStat() reads negative, large and 64-bit fields", () => {
  const stat = parse(record("x", { 18: -100, 19: -20, 23: 2 ** 53 - 1, 25: "18446744073709551615" }));
  assert.equal(stat?.priority, -100);
  assert.equal(stat?.nice, -20);
  assert.equal(stat?.virtualBytes, 2 ** 53 - 1);
  assert.equal(stat?.rss, 0);
});

Deno.test("parsePidStat() tells kernel threads by their flag", () => {
  assert.equal(parse(record("kworker/0:1-events", { 9: 0x04208060 }))?.kernelThread, true);
});

Deno.test("parsePidStat() answers null for bytes that are no whole record", () => {
  for (const text of ["", "42", "42 (x", "42 (x)", "42 (x) S 1 2 3", "no ) such ( thing", "\0\0\0"]) {
    assert.equal(parse(text), null, JSON.stringify(text));
  }
  const whole = encoder.encode(record("x"));
  for (let cut = 0; cut < whole.length; cut++) {
    const stat = parsePidStat(whole.subarray(0, cut), cut, UNITS);
    assert.ok(stat === null || stat.pid === 42);
  }
});

Deno.test("parsePidStat() ignores what an earlier, longer file left in the buffer", () => {
  const buffer = new Uint8Array(4096).fill(0x29);
  const bytes = encoder.encode(record("x", { 4: 7 }));
  buffer.set(bytes);
  assert.equal(parsePidStat(buffer, bytes.length, UNITS)?.comm, "x");
  assert.equal(parsePidStat(buffer, bytes.length, UNITS)?.ppid, 7);
});

Deno.test("parseState() finds the letter after the last parenthesis", () => {
  const bytes = encoder.encode(record(") R (", { 3: "D" }));
  assert.equal(parseState(bytes, bytes.length), "D");
  assert.equal(parseState(bytes, 4), null);
});
