import type { Expr } from "../../core/query/mod.ts";
import { HELPER } from "../asm/mod.ts";
import { emitBucketIndex, emitBucketStart, FIRST_BUCKET } from "./buckets.ts";
import { emitCount, FP, type Gen, MAP } from "./gen.ts";
import type { Struct } from "./layout.ts";
import { emitNumber } from "./numbers.ts";
import { emitRecord } from "./stream.ts";

/** The highest rows that are wanted. */
export interface Highest {
  readonly record: Struct;
  readonly by: Expr;
  /** How many. */
  readonly count: number;
}

/**
 * Sends the event as a record when its value reaches the threshold. That rises in two ways, of which neither loses a row,
 * whatever the order in which events come: here, once as many as are wanted were seen in one bucket, to the bucket's
 * beginning; and to the lowest value among the rows that the session has. What finds the ring full is counted, and the
 * highest value of it kept: when that is below what is known in the end, nothing is missing.
 */
export function emitHighest(g: Gen, { record, by, count }: Highest): void {
  const { a } = g;
  const sent = a.label("sent");
  const value = g.frame.alloc(8);
  emitNumber(g, by, g.end);
  a.store(8, FP, value, 0);
  emitWord(g, MAP.threshold);
  a.load(8, 1, 0, 0).load(8, 2, FP, value).jump("lt", 2, { r: 1 }, g.end);
  g.frame.scope(() => emitRise(g, value, count));
  emitRecord(g, record);
  a.jump("eq", 0, 0, sent);
  emitCount(g, "ring");
  emitWord(g, MAP.missed);
  // One more than the value: 0 is for none.
  a.load(8, 2, FP, value).alu("add", 2, 1).load(8, 1, 0, 0).jump("le", 2, { r: 1 }, sent).store(8, 0, 0, 2);
  a.mark(sent);
}

/** Counts the value in its bucket, and raises the threshold when that has all that are wanted. */
function emitRise(g: Gen, value: number, count: number): void {
  const { a } = g;
  const done = a.label("risen");
  const start = g.frame.alloc(8);
  a.load(8, 1, FP, value);
  emitBucketIndex(g, true);
  a.jump("lt", 0, FIRST_BUCKET, done).alu("sub", 0, FIRST_BUCKET);
  const key = g.frame.alloc(8);
  a.store(4, FP, key, 0);
  emitBucketStart(g);
  a.store(8, FP, start, 1);
  a.map(1, MAP.levels).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem).jump("eq", 0, 0, done);
  a.constant(2, 1).atomicAdd(0, 0, 2).load(8, 1, 0, 0).jump("lt", 1, count, done);
  emitWord(g, MAP.threshold);
  // Another CPU may write at the same time: a threshold that is too low for a while lets more through, no more.
  a.load(8, 1, 0, 0).load(8, 2, FP, start).jump("le", 2, { r: 1 }, done).store(8, 0, 0, 2);
  a.mark(done);
}

/** The address of a map's one word in r0. */
function emitWord(g: Gen, map: string): void {
  const { a } = g;
  g.frame.withSlot((key) => {
    a.storeImm(4, FP, key, 0).map(1, map).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem);
  });
  a.jump("eq", 0, 0, g.end);
}
