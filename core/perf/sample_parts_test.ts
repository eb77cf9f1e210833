import assert from "node:assert/strict";
import fc from "fast-check";
import { record, u64 } from "./_synthetic.ts";
import { BRANCH, FORMAT, RECORD, SAMPLE } from "./abi.ts";
import { samplePartsReader } from "./sample_parts.ts";

const FIXED = [
  SAMPLE.IDENTIFIER,
  SAMPLE.IP,
  SAMPLE.TID,
  SAMPLE.TIME,
  SAMPLE.ADDR,
  SAMPLE.ID,
  SAMPLE.STREAM_ID,
  SAMPLE.CPU,
  SAMPLE.PERIOD,
];
const MASK = 0xff01ff;

/** A sample of any type, and where its parts were put, counted from its header. */
interface Made {
  readonly type: number;
  readonly branchType: number;
  readonly format: number;
  readonly words: number[];
  readonly expected: Record<string, number>;
}

const anySample: fc.Arbitrary<Made> = fc.record({
  type: fc.integer({ min: 0, max: (1 << 25) - 1 }),
  format: fc.integer({ min: 0, max: FORMAT.LOST * 2 - 1 }),
  counters: fc.nat(4),
  branchType: fc.constantFrom(0, BRANCH.HW_INDEX, BRANCH.COUNTERS, BRANCH.HW_INDEX | BRANCH.COUNTERS),
  chain: fc.nat(20),
  raw: fc.nat(8),
  branches: fc.nat(8),
  abi: fc.constantFrom(0, 1, 2),
  stack: fc.constantFrom(0, 8, 64, 4096),
  real: fc.nat(64),
  aux: fc.constantFrom(0, 8, 24),
}).map(({ type, branchType, format, counters, chain, raw, branches, abi, stack, real, aux }) => {
  const expected: Record<string, number> = {};
  const body: number[] = [];
  const on = (flag: number): boolean => (type & flag) !== 0;
  const put = (n: number): number => {
    for (let i = 0; i < n; i++) body.push(0xdead);
    return 2 + body.length - n;
  };
  put(FIXED.filter(on).length * 2);
  if (on(SAMPLE.READ)) {
    const told = (...flags: number[]): number => flags.filter((f) => (format & f) !== 0).length;
    const times = told(FORMAT.TOTAL_TIME_ENABLED, FORMAT.TOTAL_TIME_RUNNING);
    const each = 1 + told(FORMAT.ID, FORMAT.LOST);
    if (format & FORMAT.GROUP) {
      body.push(...u64(counters));
      expected.read = put((times + counters * each) * 2) - 2;
    } else expected.read = put((each + times) * 2);
  }
  if (on(SAMPLE.CALLCHAIN)) {
    body.push(...u64(chain));
    Object.assign(expected, { chain: put(chain * 2), chainEntries: chain });
  }
  if (on(SAMPLE.RAW)) {
    body.push(raw * 8 + 4);
    Object.assign(expected, { raw: put(raw * 2 + 1), rawBytes: raw * 8 + 4 });
  }
  if (on(SAMPLE.BRANCH_STACK)) {
    body.push(...u64(branches));
    if (branchType & BRANCH.HW_INDEX) expected.branchIndex = put(2);
    Object.assign(expected, { branches: put(branches * 6), branchEntries: branches });
    if (branchType & BRANCH.COUNTERS) put(branches * 2);
  }
  if (on(SAMPLE.REGS_USER)) {
    body.push(...u64(abi));
    Object.assign(expected, { regsUserAbi: abi }, abi ? { regsUser: put(17 * 2) } : {});
  }
  if (on(SAMPLE.STACK_USER)) {
    body.push(...u64(stack));
    if (stack) {
      Object.assign(expected, { stackAsked: stack, stack: put(stack / 4), stackBytes: Math.min(stack, real * 8) });
      body.push(...u64(Math.min(stack, real * 8)));
    }
  }
  if (on(SAMPLE.WEIGHT) || on(SAMPLE.WEIGHT_STRUCT)) expected.weight = put(2);
  if (on(SAMPLE.DATA_SRC)) expected.dataSource = put(2);
  if (on(SAMPLE.TRANSACTION)) expected.transaction = put(2);
  if (on(SAMPLE.REGS_INTR)) {
    body.push(...u64(abi));
    Object.assign(expected, { regsIntrAbi: abi }, abi ? { regsIntr: put(2 * 2) } : {});
  }
  if (on(SAMPLE.PHYS_ADDR)) expected.physicalAddress = put(2);
  if (on(SAMPLE.CGROUP)) expected.cgroup = put(2);
  if (on(SAMPLE.DATA_PAGE_SIZE)) expected.dataPageSize = put(2);
  if (on(SAMPLE.CODE_PAGE_SIZE)) expected.codePageSize = put(2);
  if (on(SAMPLE.AUX)) {
    body.push(...u64(aux));
    Object.assign(expected, { aux: put(aux / 4), auxBytes: aux });
  }
  return { type, branchType, format, words: record(RECORD.SAMPLE, 0, body), expected };
});

const readerOf = ({ type, branchType, format }: Made) =>
  samplePartsReader({
    sampleType: type,
    readFormat: format,
    sampleRegsUser: MASK,
    sampleRegsIntr: 0x180n,
    branchSampleType: branchType,
  });

Deno.test("samplePartsReader() finds every part of a sample of any type, wherever it lies in the ring", () => {
  fc.assert(fc.property(anySample, fc.nat(9), (made, before) => {
    const at = before * 2;
    const { locate, ...nothing } = readerOf(made);
    const parts = readerOf(made);
    assert.ok(parts.locate(Uint32Array.from([...new Array(at).fill(7), ...made.words, 9, 9]), at));
    const { locate: _, ...found } = parts;
    const moved = Object.fromEntries(
      Object.entries(made.expected).map(([k, v]) => [k, /Entries|Bytes|Asked|Abi/.test(k) ? v : v + at]),
    );
    assert.deepEqual(found, { ...nothing, ...moved });
    assert.ok(typeof locate === "function");
  }));
});

Deno.test("samplePartsReader() points outside of no record, however its sizes and counts were damaged", () => {
  fc.assert(
    fc.property(anySample, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 0xffffffff }))), (made, hits) => {
      const words = Uint32Array.from(made.words);
      for (const [where, value] of hits) if (words.length > 2) words[2 + where % (words.length - 2)] = value;
      const p = readerOf(made);
      p.locate(words, 0);
      const within = (at: number, length: number): boolean => at < 0 || (at >= 2 && at + length <= words.length);
      assert.ok(within(p.chain, p.chainEntries * 2) && within(p.branches, p.branchEntries * 6));
      assert.ok(within(p.raw, p.rawBytes / 4) && within(p.stack, p.stackBytes / 4) && within(p.aux, p.auxBytes / 4));
      assert.ok(within(p.regsUser, 34) && within(p.regsIntr, 4) && within(p.weight, 2) && within(p.cgroup, 2));
      assert.ok(within(p.read, 2) && within(p.branchIndex, 2));
      assert.ok(p.stackBytes <= p.stackAsked);
    }),
  );
});
