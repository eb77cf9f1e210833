import { exprText } from "../../core/query/expr_text.ts";
import { HELPER, type Reg } from "../asm/mod.ts";
import { emitArgv } from "./argv.ts";
import { emitCount, emitZero, FP, type Gen, type Place, SCRATCH } from "./gen.ts";
import type { Part, Struct } from "./layout.ts";
import { emitNumber } from "./numbers.ts";
import { canBeCut, emitReadText, emitText, textBytes, textSource } from "./texts.ts";

/** Writes values that have no tail to memory. Every byte is written: a key must be the same for the same values. */
export function emitStruct(g: Gen, struct: Struct, to: Place): void {
  if (struct.masked) g.a.storeImm(8, to.base, to.off, 0);
  for (const part of struct.parts) emitPart(g, part, to);
}

/**
 * Writes values of which some are long texts: those follow the struct, one behind the other, with r8 as their length
 * so far. The memory is the scratch memory.
 *
 * @param off of the struct in the scratch memory; the tail's room follows
 */
export function emitStructWithTail(g: Gen, struct: Struct, off: number): void {
  g.a.constant(8, 0);
  if (struct.masked) g.a.storeImm(8, SCRATCH, off, 0);
  for (const part of struct.parts) {
    if (part.kind === "tail") emitTail(g, part, off, off + struct.bytes);
    else emitPart(g, part, { base: SCRATCH, off });
  }
}

function emitPart(g: Gen, part: Part, to: Place): void {
  const { a } = g;
  const place = { base: to.base, off: to.off + part.off };
  const isNull = a.label("null"), done = a.label("part");
  if (part.kind === "text") emitText(g, part.expr, place, part.bytes, isNull);
  else {
    emitNumber(g, part.expr, isNull);
    a.store(8, place.base, place.off, 0);
  }
  a.goto(done).mark(isNull);
  emitZero(g, place, part.bytes);
  emitNullBit(g, part, to);
  a.mark(done);
}

function emitNullBit(g: Gen, part: Part, to: Place): void {
  if (part.nullBit === null) return;
  g.a.load(8, 1, to.base, to.off).constant(2, 1n << BigInt(part.nullBit)).alu("or", 1, { r: 2 });
  g.a.store(8, to.base, to.off, 1);
}

/** One text of the tail. Its word in the struct holds its length, NUL included. */
function emitTail(g: Gen, part: Part, off: number, tail: number): void {
  const { a } = g;
  const isNull = a.label("null"), done = a.label("tail");
  const destination = (reg: Reg): void => {
    a.movReg(reg, SCRATCH).alu("add", reg, { r: 8 }).alu("add", reg, tail);
  };
  const addLength = (): void => {
    a.store(8, SCRATCH, off + part.off, 0).alu("add", 8, { r: 0 });
  };
  const kept = g.cached.get(exprText(part.expr));
  const source = textSource(part.expr, g.access);
  if (kept) {
    if (kept.nullFlag !== null) a.load(8, 1, FP, kept.nullFlag).jump("ne", 1, 0, isNull);
    a.movReg(3, kept.base).alu("add", 3, kept.off);
    destination(1);
    a.constant(2, kept.textBytes).call(HELPER.probe_read_kernel_str).jump("slt", 0, 0, isNull);
    a.jump("gt", 0, kept.textBytes, isNull);
    addLength();
  } else if (source.kind === "argv") {
    emitArgv(g, destination, isNull);
    addLength();
  } else {
    const limit = textBytes(source);
    emitReadText(g, source, destination, limit, isNull);
    addLength();
    if (canBeCut(source)) {
      a.jump("ne", 0, limit, done);
      emitCount(g, "truncated");
    }
  }
  a.goto(done).mark(isNull).storeImm(8, SCRATCH, off + part.off, 0);
  emitNullBit(g, part, { base: SCRATCH, off });
  a.mark(done);
}
