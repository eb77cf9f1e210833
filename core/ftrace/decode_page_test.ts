import assert from "node:assert/strict";
import { FORMAT, head, pageOf } from "./_pages.ts";
import { decodePage, type PageSink } from "./decode_page.ts";
import { TraceDataError } from "./trace_data_error.ts";

const MISSED = 1 << 31;
const STORED = 1 << 30;
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;

/** What a page holds: first word of each record, its length and time; `lost` for what is missing before. */
function read(page: DataView, originNs = 0n): unknown[] {
  const found: unknown[] = [];
  const sink: PageSink = {
    event: (p, at, length, time) => found.push([length > 0 ? p.getUint32(at, true) : null, length, time]),
    lost: (count) => found.push(["lost", count]),
  };
  const records = decodePage(page, FORMAT, originNs, sink);
  assert.equal(records, found.filter((f) => (f as unknown[])[0] !== "lost").length);
  return found;
}

Deno.test("decodePage() adds up the differences of time, short and long records alike", () => {
  const page = pageOf(1000n, [
    [head(2, 0), 11, 12],
    [head(1, 5), 21],
    // The length stands in the second word, itself included.
    [head(0, 7), 12, 31, 32],
    [head(1, 1), 41],
  ]);
  assert.deepEqual(read(page), [[11, 8, 1000], [21, 4, 1005], [31, 8, 1012], [41, 4, 1013]]);
  assert.deepEqual(read(page, 900n)[0], [11, 8, 100]);
});

Deno.test("decodePage() extends times of 27 bits, and takes absolute ones with the upper bits of the page's", () => {
  const extend = pageOf(1000n, [[head(TIME_EXTEND, 3), 2], [head(1, 4), 5]]);
  assert.deepEqual(read(extend), [[5, 4, 1000 + 2 * 2 ** 27 + 3 + 4]]);
  const high = 1n << 60n;
  const stamp = (7n << 27n) | 9n;
  const absolute = pageOf(high + 100n, [[head(1), 4], [head(TIME_STAMP, 9), 7], [head(1, 1), 5]]);
  assert.deepEqual(read(absolute, high), [[4, 4, 100], [5, 4, Number(stamp) + 1]]);
});

Deno.test("decodePage() skips discarded events with their time, and ends at padding", () => {
  const page = pageOf(0n, [
    [head(1, 1), 1],
    [head(PADDING, 10), 8, 99],
    [head(1, 1), 2],
    [head(PADDING, 0), 0, 0],
    [head(1, 1), 3],
  ]);
  assert.deepEqual(read(page), [[1, 4, 1], [2, 4, 12]]);
});

Deno.test("decodePage() tells that events are missing before a page, and how many where the kernel says it", () => {
  assert.deepEqual(read(pageOf(0n, [[head(1), 1]], MISSED | STORED, 42n)), [["lost", 42], [1, 4, 0]]);
  assert.deepEqual(read(pageOf(0n, [[head(1), 1]], MISSED)), [["lost", null], [1, 4, 0]]);
  assert.deepEqual(read(pageOf(0n, [])), []);
});

Deno.test("decodePage() answers a page that is none with a typed error that says where", () => {
  const cut: readonly [DataView, number][] = [
    [new DataView(new ArrayBuffer(8)), 0],
    [pageOf(0n, [[head(5), 1]]), 16],
    [pageOf(0n, [[head(1), 1], [head(0)]]), 24],
    [pageOf(0n, [[head(0), 3, 0]]), 16],
    [pageOf(0n, [[head(0), 4000, 0]]), 16],
    [pageOf(0n, [[head(PADDING, 1), 4000]]), 16],
    [pageOf(0n, [[head(TIME_EXTEND, 1)]]), 16],
    [pageOf(0n, [], 4000), 8],
  ];
  for (const [page, at] of cut) {
    assert.throws(() => read(page), (e) => e instanceof TraceDataError && e.offset === at, `at ${at}`);
  }
});
