import type { Expr } from "../../core/query/mod.ts";
import { HELPER } from "../asm/mod.ts";
import { emitCount, FP, type Gen, MAP } from "./gen.ts";
import type { Struct } from "./layout.ts";
import { emitNumber } from "./numbers.ts";
import { emitRecord } from "./stream.ts";

/**
 * Sends the event as a record when its value reaches the threshold, which the session raises to the lowest value among the
 * highest rows that it knows: nothing is lost by that, whatever the order in which events come. What finds the ring full
 * is counted, and the highest value of it kept: when that is below what is known in the end, nothing is missing.
 */
export function emitHighest(g: Gen, record: Struct, by: Expr): void {
  const { a } = g;
  const sent = a.label("sent");
  const value = g.frame.alloc(8);
  emitNumber(g, by, g.end);
  a.store(8, FP, value, 0);
  emitWord(g, MAP.threshold);
  a.load(8, 1, 0, 0).load(8, 2, FP, value).jump("lt", 2, { r: 1 }, g.end);
  emitRecord(g, record);
  a.jump("eq", 0, 0, sent);
  emitCount(g, "ring");
  emitWord(g, MAP.missed);
  // One more than the value: 0 is for none.
  a.load(8, 2, FP, value).alu("add", 2, 1).load(8, 1, 0, 0).jump("le", 2, { r: 1 }, sent).store(8, 0, 0, 2);
  a.mark(sent);
}

/** The address of a map's one word in r0. */
function emitWord(g: Gen, map: string): void {
  const { a } = g;
  g.frame.withSlot((key) => {
    a.storeImm(4, FP, key, 0).map(1, map).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem);
  });
  a.jump("eq", 0, 0, g.end);
}
