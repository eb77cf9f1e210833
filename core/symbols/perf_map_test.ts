import assert from "node:assert/strict";
import { parsePerfMap } from "./perf_map.ts";

const parse = (text: string) => parsePerfMap(new TextEncoder().encode(text));

Deno.test("find() reads START SIZE NAME, with names that hold spaces", () => {
  const map = parse("7f0000001000 20 LazyCompile:~hot /app/x y.js:3\n0x7f0000002000 0x10 other\n");
  assert.equal(map.length, 2);
  assert.equal(map.find(0x7f000000101f)?.name, "LazyCompile:~hot /app/x y.js:3");
  assert.equal(map.find(0x7f0000001020), null);
  assert.equal(map.find(0x7f0000002000)?.name, "other");
});

Deno.test("find() believes the last of entries that cover an address: runtimes reuse memory", () => {
  const map = parse("1000 100 old\n2000 10 b\n1080 10 inner\n1000 80 new\n");
  assert.equal(map.find(0x1000)?.name, "new");
  assert.equal(map.find(0x1085)?.name, "inner");
  assert.equal(map.find(0x1090)?.name, "old");
});

Deno.test("parsePerfMap() skips what is no entry, and a last line that is being written", () => {
  const map = parse("zz 10 a\n1000 0 empty\n\n1000\n1000 10\n12345678123456789 10 long\n3000 10 ok\n4000 1");
  assert.equal(map.length, 1);
  assert.equal(map.find(0x3005)?.name, "ok");
});

Deno.test("parsePerfMap() looks at each byte a few times, however many lines have no space", () => {
  let looked = 0;
  const bytes = new Uint8Array(200_000).fill(10);
  const indexOf = bytes.indexOf;
  bytes.indexOf = (value: number, from = 0): number => {
    const found = indexOf.call(bytes, value, from);
    looked += (found < 0 ? bytes.length : found) - from + 1;
    return found;
  };
  assert.equal(parsePerfMap(bytes).length, 0);
  assert.ok(looked < 5 * bytes.length, `${looked} looks at ${bytes.length} bytes`);
});

Deno.test("parsePerfMap() takes bytes that are no text", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  parsePerfMap(bytes).find(5);
});

Deno.test("a perf map with more entries than are kept says so", () => {
  const bytes = new TextEncoder().encode("1000 10 a\n2000 10 b\n3000 10 c\n");
  assert.deepEqual([2, 3, 4].map((most) => parsePerfMap(bytes, most)).map((m) => [m.length, m.isCut]), [
    [2, true],
    [3, false],
    [3, false],
  ]);
});
