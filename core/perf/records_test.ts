import assert from "node:assert/strict";
import fc from "fast-check";
import { record, sample, SYNTHETIC_TYPE, text, trailer, u64 } from "./_synthetic.ts";
import { MISC, RECORD, SAMPLE } from "./abi.ts";
import { readRecord, recordTime } from "./records.ts";
import { sampleLayout } from "./sample_layout.ts";

const layout = sampleLayout(SYNTHETIC_TYPE);
const read = (words: number[]) => readRecord(Uint32Array.from(words), 0, layout);
const end = trailer(10, 11, 12345678901234);

Deno.test("sampleLayout() orders fields as perf_event_open(2) lists them", () => {
  const l = sampleLayout(SAMPLE.IDENTIFIER | SAMPLE.TIME | SAMPLE.CALLCHAIN | SAMPLE.ID | SAMPLE.IP | SAMPLE.CPU);
  assert.deepEqual([l.ip, l.pid, l.time, l.cpu, l.period, l.callchain], [4, -1, 6, 10, -1, 12]);
  assert.deepEqual([l.trailer, l.trailerTime], [8, 8]);
  assert.throws(() => sampleLayout(SAMPLE.READ), RangeError);
});

Deno.test("readRecord() reads COMM with any bytes for a name, and whether it came from an exec", () => {
  for (const comm of ["", "a", "15 characters!!", "a b;c\n\x1b[31m"]) {
    assert.deepEqual(read(record(RECORD.COMM, MISC.COMM_EXEC, [10, 11, ...text(comm), ...end])), {
      type: "comm",
      pid: 10,
      tid: 11,
      comm,
      exec: true,
    });
  }
  assert.equal(read(record(RECORD.COMM, 0, [10, 10, ...text("x"), ...end]))?.type, "comm");
});

Deno.test("readRecord() reads MMAP2 with an inode, and with a build id instead", () => {
  const head = [10, 11, ...u64(0x7f1234567000), ...u64(0x2000), ...u64(0x1000)];
  const tail = [5, 2, ...text("/usr/lib/libc.so.6"), ...end];
  const common = { type: "mmap", pid: 10, tid: 11, start: 0x7f1234567000, length: 0x2000, offset: 0x1000 };
  assert.deepEqual(read(record(RECORD.MMAP2, 2, [...head, 254, 1, ...u64(99), ...u64(7), ...tail])), {
    ...common,
    major: 254,
    minor: 1,
    inode: 99,
    buildId: "",
    path: "/usr/lib/libc.so.6",
  });
  const id = [20, 0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d, 0x14131211];
  assert.deepEqual(read(record(RECORD.MMAP2, MISC.MMAP_BUILD_ID, [...head, ...id, ...tail])), {
    ...common,
    major: 0,
    minor: 0,
    inode: 0,
    buildId: "0102030405060708090a0b0c0d0e0f1011121314",
    path: "/usr/lib/libc.so.6",
  });
});

Deno.test("readRecord() reads FORK, EXIT, LOST, LOST_SAMPLES and THROTTLE", () => {
  const task = [20, 10, 21, 11, ...u64(5), ...end];
  const expected = { pid: 20, parentPid: 10, tid: 21, parentTid: 11 };
  assert.deepEqual(read(record(RECORD.FORK, 0, task)), { type: "fork", ...expected });
  assert.deepEqual(read(record(RECORD.EXIT, 0, task)), { type: "exit", ...expected });
  assert.deepEqual(read(record(RECORD.LOST, 0, [...u64(1), ...u64(5e9), ...end])), {
    type: "lost",
    count: 5e9,
    by: "ring",
  });
  assert.deepEqual(read(record(RECORD.LOST_SAMPLES, 0, [...u64(3), ...end])), {
    type: "lost",
    count: 3,
    by: "hardware",
  });
  assert.deepEqual(read(record(RECORD.THROTTLE, 0, [...u64(0), ...u64(0), ...u64(0), ...end])), { type: "throttle" });
  assert.equal(read(record(99, 0, [...end])), null);
});

Deno.test("recordTime() finds the time of samples and in the trailer of other records", () => {
  const s = sample(1, 1, 98765432109876, 1, []);
  assert.equal(recordTime(Uint32Array.from(s), 0, layout), 98765432109876);
  const c = record(RECORD.COMM, 0, [10, 11, ...text("abc"), ...end]);
  assert.equal(recordTime(Uint32Array.from(c), 0, layout), 12345678901234);
});

Deno.test("readRecord() answers a record or null for any bytes, and reads nothing behind their end", () => {
  const type = fc.constantFrom(...Object.values(RECORD));
  fc.assert(fc.property(type, fc.array(fc.nat(0xffffffff), { maxLength: 40 }), fc.nat(0xffff), (t, body, misc) => {
    const even = body.length % 2 === 0 ? body : body.slice(1);
    const words = record(t, misc & 0xffff, even);
    // No slack behind the record: text longer than the record would have to read undefined.
    const got = readRecord(Uint32Array.from(words), 0, layout);
    assert.ok(got === null || typeof got.type === "string");
    recordTime(Uint32Array.from(words), 0, layout);
  }));
});
