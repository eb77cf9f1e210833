import { type Argument, emitAddOne, emitFindOrCreate } from "./aggregate.ts";
import { HELPER } from "../asm/mod.ts";
import { FP, type Gen, type Place } from "./gen.ts";
import type { BucketSet } from "./layout.ts";
import { isUnsigned } from "./nullable.ts";

/** `core/query/quantile_layout.ts`: the exponent's bias and the number of mantissa bits. */
const BIAS = 1023;
const MANTISSA_BITS = 6;
/** In the word with the CPU (65536 of them are enough for all) the bits above are the number of the set. */
export const SET_SHIFT = 16;

/** One value to be counted. */
export interface BucketOf {
  readonly map: string;
  /** The aggregate's key, with room for the two words behind its `keyBytes`. */
  readonly key: Place;
  readonly keyBytes: number;
  /** Number of the set. */
  readonly number: number;
  readonly set: BucketSet;
  readonly arg: Argument;
}

/** Counts a value in its bucket: sparse, as an entry keyed (key…, CPU and set, index). */
export function emitBucket(g: Gen, { map, key, keyBytes, number, set, arg }: BucketOf): void {
  const { a } = g;
  const next = a.label("next_bucket");
  if (arg.nullFlag !== null) a.load(8, 1, FP, arg.nullFlag).jump("ne", 1, 0, next);
  a.load(8, 1, FP, arg.slot);
  if (set.linear) emitLinearIndex(g, set.linear, isUnsigned(set.arg.t));
  else emitBucketIndex(g, isUnsigned(set.arg.t));
  a.store(4, key.base, key.off + keyBytes + 4, 0).call(HELPER.get_smp_processor_id);
  a.alu("or", 0, number << SET_SHIFT).store(4, key.base, key.off + keyBytes, 0);
  emitFindOrCreate(g, map, key, 8, "buckets_full");
  emitAddOne(g, 0);
  a.mark(next);
}

/** The index of r1 among buckets of equal width in r0: -1 below them, their number above. Loses r1 and r2. */
function emitLinearIndex(g: Gen, { min, max, step }: NonNullable<BucketSet["linear"]>, unsigned: boolean): void {
  const { a } = g;
  const done = a.label("index"), notBelow = a.label("not_below"), inside = a.label("inside");
  const buckets = (max - min + step - 1n) / step;
  // Of an unsigned value every negative bound lies below.
  if (!unsigned || min > 0n) {
    a.constant(2, min).jump(unsigned ? "ge" : "sge", 1, { r: 2 }, notBelow).constant(0, -1).goto(done).mark(notBelow);
  }
  if (!unsigned || max > 0n) {
    a.constant(2, max).jump(unsigned ? "lt" : "slt", 1, { r: 2 }, inside);
    a.constant(0, buckets).goto(done).mark(inside);
    // The difference is not negative and fits 64 bits: an unsigned division will do.
    a.constant(2, min).movReg(0, 1).alu("sub", 0, { r: 2 }).constant(2, step).alu("div", 0, { r: 2 });
  } else a.constant(0, buckets);
  a.mark(done);
}

/** Indexes of values that are not negative are below this, less {@linkcode FIRST_BUCKET}. */
export const POSITIVE_BUCKETS = 64 << MANTISSA_BITS;
/** The index of the bucket that begins at 1. */
export const FIRST_BUCKET = BIAS << MANTISSA_BITS;

/** The least value of the bucket whose index, less {@linkcode FIRST_BUCKET}, is r0, in r1. Loses r0 and r2. */
export function emitBucketStart(g: Gen): void {
  const { a } = g;
  const small = a.label("small_bucket"), done = a.label("bucket_start");
  // (2^6 + m) × 2^e / 2^6
  a.movReg(1, 0).alu("and", 1, (1 << MANTISSA_BITS) - 1).alu("or", 1, 1 << MANTISSA_BITS);
  a.movReg(2, 0).alu("rsh", 2, MANTISSA_BITS).alu("and", 2, 63);
  a.jump("lt", 2, MANTISSA_BITS, small).alu("sub", 2, MANTISSA_BITS).alu("lsh", 1, { r: 2 }).goto(done);
  a.mark(small).movReg(0, 2).constant(2, MANTISSA_BITS).alu("sub", 2, { r: 0 }).alu("and", 2, 63).alu("rsh", 1, {
    r: 2,
  });
  a.mark(done);
}

/** The index of the bucket of r1 in r0: `((e + 1023) << 6) | m`, negated for negative values, 0 for 0. Loses r1–r5. */
export function emitBucketIndex(g: Gen, unsigned: boolean): void {
  const { a } = g;
  const done = a.label("index"), small = a.label("small"), mantissa = a.label("mantissa");
  a.constant(0, 0).jump("eq", 1, 0, done);
  // r5 remembers the sign; the magnitude of -2^63 is 2^63, as it should be.
  a.constant(5, 0);
  if (!unsigned) {
    const positive = a.label("positive");
    a.jump("sgt", 1, 0, positive).constant(5, 1).alu("neg", 1, 0).mark(positive);
  }
  // r2 = e = floor(log2 r1), by halving.
  a.constant(2, 0).movReg(4, 1);
  for (const step of [32, 16, 8, 4, 2, 1]) {
    const lower = a.label("lower");
    a.movReg(3, 4).alu("rsh", 3, step).jump("eq", 3, 0, lower).alu("add", 2, step).movReg(4, 3).mark(lower);
  }
  // r1 = the bits behind the leading one: the six highest of them.
  a.jump("le", 2, MANTISSA_BITS, small);
  a.movReg(3, 2).alu("sub", 3, MANTISSA_BITS).alu("and", 3, 63).alu("rsh", 1, { r: 3 }).goto(mantissa);
  a.mark(small).constant(3, MANTISSA_BITS).alu("sub", 3, { r: 2 }).alu("and", 3, 63).alu("lsh", 1, { r: 3 });
  a.mark(mantissa).alu("and", 1, (1 << MANTISSA_BITS) - 1);
  a.movReg(0, 2).alu("add", 0, BIAS).alu("lsh", 0, MANTISSA_BITS).alu("or", 0, { r: 1 });
  a.jump("eq", 5, 0, done).alu("neg", 0, 0).mark(done);
}
