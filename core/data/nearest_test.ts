import assert from "node:assert/strict";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "./nearest.ts";

Deno.test("editDistance() counts inserted, deleted, replaced and swapped letters", () => {
  assert.equal(editDistance("filter", "filter"), 0);
  assert.equal(editDistance("fliter", "filter"), 1);
  assert.equal(editDistance("filtr", "filter"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abcdef", "uvwxyz", 2), 3);
});

Deno.test("editDistance() is a symmetric measure, at most the longer length", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(fc.property(word, word, (a, b) => {
    const d = editDistance(a, b);
    assert.equal(d, editDistance(b, a));
    assert.equal(d === 0, a === b);
    assert.ok(d >= Math.abs(a.length - b.length) && d <= Math.max(a.length, b.length));
  }));
});

Deno.test("nearest() offers typing mistakes, abbreviations and the same last part, best first", () => {
  assert.deepEqual(nearest("rrs", ["rss", "pid", "comm"]), ["rss"]);
  assert.deepEqual(nearest("cnt", ["count", "comm"]), ["count"]);
  assert.deepEqual(nearest("proc.lst", ["proc.list", "process.exec"]), ["proc.list"]);
  assert.deepEqual(nearest("process.list", ["proc.list", "disk.io"]), ["proc.list"]);
  assert.deepEqual(nearest("xyz", ["count"]), []);
  assert.deepEqual(nearest("time", ["clock_gettime", "gettimeofday", "times"]), [
    "times",
    "gettimeofday",
    "clock_gettime",
  ]);
  assert.equal(didYouMean("p9", ["p90", "p95", "p99", "sum"]), "Did you mean p90, p95 or p99?");
});
