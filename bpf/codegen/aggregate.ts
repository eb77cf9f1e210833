import { HELPER } from "../asm/mod.ts";
import { emitAddress, emitCount, emitZero, FP, type Gen, MAP, type Place, SCRATCH } from "./gen.ts";
import { specialField, type StateLayout, type StatePart, type Struct } from "./layout.ts";
import { nullable } from "./nullable.ts";
import { emitNumber } from "./numbers.ts";
import { emitText, textBytes, textSource } from "./texts.ts";
import { isIp, withIp } from "./addresses.ts";
import { emitStruct } from "./write_struct.ts";
import type { Expr } from "../../core/query/mod.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { isTextType } from "../../core/query/type_classes.ts";
import { emitBucket } from "./buckets.ts";
import { CannotGenerate } from "./cannot_generate.ts";

/** Keys and values up to this length are built on the stack. */
const STACK_STRUCT_BYTES = 128;

/**
 * Behind a key stand two words of 32 bits: the CPU, and nothing; in the map of buckets the CPU with the number of the
 * set, and the bucket. So each CPU has entries of its own, and adds without a lock, in a map whose entries are all made
 * in advance. A per-CPU map would do the same, but takes 1.5 µs an entry and CPU to create, or fails to grow where
 * interrupts are off.
 */
export const KEY_SUFFIX_BYTES = 8;

/** The maps of a table. */
export interface TableMaps {
  readonly aggregate: string;
  readonly buckets: string;
}

/** The maps of the table with a number: the first ones have the plain names. */
export function tableMaps(number: number): TableMaps {
  const suffix = number === 0 ? "" : String(number);
  return { aggregate: `${MAP.aggregate}${suffix}`, buckets: `${MAP.buckets}${suffix}` };
}

/** Adds the event to the states of its key. A key that finds the map full is counted as lost. */
export function emitAggregate(g: Gen, keys: Struct, states: StateLayout, maps: TableMaps = tableMaps(0)): void {
  const { a } = g;
  const kept = new Map<string, Argument>();
  const args = states.parts.map((part): Argument | null => {
    if (!part.arg) return null;
    const text = exprText(part.arg);
    const found = kept.get(text) ?? keepArgument(g, part.arg);
    kept.set(text, found);
    return found;
  });
  const key = placeFor(g, keys.bytes + KEY_SUFFIX_BYTES);
  emitStruct(g, keys, key);
  if (keys.bytes === 0) {
    a.storeImm(4, key.base, key.off, 0);
    emitLookup(g, maps.aggregate, key);
    a.jump("eq", 0, 0, g.end);
  } else {
    a.call(HELPER.get_smp_processor_id).store(8, key.base, key.off + keys.bytes, 0);
    emitFindOrCreate(g, maps.aggregate, key, states.bytes, "map_full");
  }
  states.parts.forEach((part, i) => emitState(g, part, args[i]));
  emitAddOne(g, 0);
  states.bucketSets.forEach((set, i) => {
    emitBucket(g, { map: maps.buckets, key, keyBytes: keys.bytes, number: i, set, arg: kept.get(exprText(set.arg))! });
  });
}

/** The value of a key in r0; a new one is zero. When there is no room, that is counted and the program ends. */
export function emitFindOrCreate(
  g: Gen,
  map: string,
  key: Place,
  valueBytes: number,
  full: "map_full" | "buckets_full",
): void {
  const { a } = g;
  const BPF_NOEXIST = 1;
  const found = a.label("found");
  const init = placeFor(g, valueBytes);
  emitLookup(g, map, key);
  a.jump("ne", 0, 0, found);
  emitZero(g, init, valueBytes);
  a.map(1, map);
  emitAddress(g, 2, key);
  emitAddress(g, 3, init);
  a.constant(4, BPF_NOEXIST).call(HELPER.map_update_elem);
  // A program that interrupted this one may have made the entry meanwhile: what counts is that there is one now.
  emitLookup(g, map, key);
  a.jump("ne", 0, 0, found);
  emitCount(g, full);
  a.goto(g.end).mark(found);
}

function emitLookup(g: Gen, map: string, key: Place): void {
  g.a.map(1, map);
  emitAddress(g, 2, key);
  g.a.call(HELPER.map_lookup_elem);
}

/** A value that was computed before the map was touched. */
export interface Argument {
  readonly slot: number;
  /** Stack slot that holds 1 for null. */
  readonly nullFlag: number | null;
}

/** Computes an argument before the map is touched: afterwards no call may disturb r0. */
function keepArgument(g: Gen, arg: Expr): Argument {
  const { a } = g;
  const slot = g.frame.alloc(8);
  const nullFlag = nullable(arg, g.access) ? g.frame.alloc(8) : null;
  const isNull = a.label("null");
  if (nullFlag !== null) a.storeImm(8, FP, nullFlag, 1).storeImm(8, FP, slot, 0);
  const special = specialField(arg, [g.access]);
  if (isIp(arg)) {
    withIp(g, arg, isNull, () => {});
    a.storeImm(8, FP, slot, 0);
  } else if (special?.kind === "symbol" && arg.op === "call") {
    for (const part of arg.args) emitNumber(g, part, isNull);
    a.storeImm(8, FP, slot, 0);
  } else if (special) {
    // Only whether it is there is asked.
    const uncertain = special.kind === "stack" || (special.kind === "name" && special.table.kind === "container");
    if (uncertain) throw new CannotGenerate(`whether there is a ${exprText(arg)} is known afterwards`);
    a.storeImm(8, FP, slot, 0);
  } else if (isTextType(arg.t.type)) {
    const bytes = textBytes(textSource(arg, g.access));
    const place: Place = bytes <= 32
      ? { base: FP, off: g.frame.alloc(bytes) }
      : { base: SCRATCH, off: g.scratch(bytes) };
    emitText(g, arg, place, bytes, isNull);
    a.storeImm(8, FP, slot, 0);
  } else {
    emitNumber(g, arg, isNull);
    a.store(8, FP, slot, 0);
  }
  if (nullFlag !== null) a.storeImm(8, FP, nullFlag, 0);
  a.mark(isNull);
  return { slot, nullFlag };
}

/** Updates one state; r0 is the map's value. */
function emitState(g: Gen, part: StatePart, arg: Argument | null): void {
  const { a } = g;
  if (!arg) {
    if (part.fn !== "count") throw new CannotGenerate(`${part.fn}() needs a value`);
    return;
  }
  if (part.fn === "buckets") return;
  const next = a.label("next_state");
  if (arg.nullFlag !== null) a.load(8, 1, FP, arg.nullFlag).jump("ne", 1, 0, next);
  switch (part.fn) {
    case "count":
      break;
    case "sum":
      a.load(8, 2, FP, arg.slot);
      if (g.shift !== null) a.load(8, 1, FP, g.shift).alu("lsh", 2, { r: 1 });
      emitAddReg(g, part.off);
      break;
    case "avg": {
      // 128 bits: the average of great numbers must not suffer from a sum that wrapped.
      const noCarry = a.label("no_carry");
      a.load(8, 2, FP, arg.slot).movReg(3, 2);
      if (g.shift !== null) {
        // r3 = the bits above the 64 of the value times 2^n: it shifted by 1, then by 63 - n.
        const down = part.unsigned ? "rsh" : "arsh";
        a.load(8, 4, FP, g.shift).constant(5, 63).alu("sub", 5, { r: 4 });
        a.alu(down, 3, 1).alu(down, 3, { r: 5 }).alu("lsh", 2, { r: 4 });
      } else if (part.unsigned) a.constant(3, 0);
      else a.alu("arsh", 3, 63);
      a.load(8, 1, 0, part.off).alu("add", 1, { r: 2 }).store(8, 0, part.off, 1);
      a.jump("ge", 1, { r: 2 }, noCarry).alu("add", 3, 1).mark(noCarry);
      a.load(8, 1, 0, part.off + 8).alu("add", 1, { r: 3 }).store(8, 0, part.off + 8, 1);
      break;
    }
    case "min":
    case "max": {
      const take = a.label("take"), keep = a.label("keep");
      const worse = part.fn === "min" ? (part.unsigned ? "ge" : "sge") : (part.unsigned ? "le" : "sle");
      a.load(8, 2, FP, arg.slot).load(8, 1, 0, part.countOff).jump("eq", 1, 0, take);
      a.load(8, 1, 0, part.off).jump(worse, 2, { r: 1 }, keep).mark(take).store(8, 0, part.off, 2).mark(keep);
      break;
    }
  }
  if (part.countOff !== 0) emitAddOne(g, part.countOff);
  a.mark(next);
}

/** Counts the event in a word of the map's value: as many as it stands for. */
export function emitAddOne(g: Gen, off: number): void {
  g.a.constant(2, 1);
  if (g.shift !== null) g.a.load(8, 1, FP, g.shift).alu("lsh", 2, { r: 1 });
  emitAddReg(g, off);
}

/** Adds r2. The value is this CPU's alone; where other programs may interrupt this one, the addition is one step. */
function emitAddReg(g: Gen, off: number): void {
  if (g.shared) g.a.atomicAdd(0, off, 2);
  else g.a.load(8, 1, 0, off).alu("add", 1, { r: 2 }).store(8, 0, off, 1);
}

/** Memory for a key or a value. */
export function placeFor(g: Gen, bytes: number): Place {
  return bytes <= STACK_STRUCT_BYTES
    ? { base: FP, off: g.frame.alloc(bytes) }
    : { base: SCRATCH, off: g.scratch(bytes) };
}
