import { exprText } from "../../core/query/expr_text.ts";
import { HELPER, type Label, type Reg } from "../asm/mod.ts";
import { emitArgv } from "./argv.ts";
import { emitIp } from "./addresses.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { CTX, emitCopy, emitCount, emitZero, FP, type Gen, MAP, type Place, SCRATCH } from "./gen.ts";
import type { Part, Struct } from "./layout.ts";
import { emitNumber } from "./numbers.ts";
import { emitAccess } from "./read_access.ts";
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
  if (part.kind === "stack") emitStack(g, part, place, isNull);
  else if (part.kind === "text") emitText(g, part.expr, place, part.bytes, isNull);
  else if (part.kind === "ip") emitIp(g, part.expr, place, isNull);
  else if (part.kind === "symbol") emitSymbol(g, part, place, isNull);
  else {
    emitNumber(g, part.expr, isNull);
    a.store(8, place.base, place.off, 0);
  }
  a.goto(done).mark(isNull);
  emitZero(g, place, part.bytes);
  emitNullBit(g, part, to);
  a.mark(done);
}

/** An address of code, and behind one of a process whose it is. */
function emitSymbol(g: Gen, part: Part, place: Place, onNull: Label): void {
  const args = part.expr.op === "call" ? part.expr.args : [];
  args.forEach((arg, i) => {
    emitNumber(g, arg, onNull);
    g.a.store(8, place.base, place.off + i * 8, 0);
  });
}

/** Flags of `bpf_get_stackid` (include/uapi/linux/bpf.h). */
const BPF_F_USER_STACK = 1 << 8;
const EEXIST = -17;

/**
 * The numbers of a stack's frames in the map of stacks, -1 for none, and the process. Where one of the two finds its place
 * taken by another stack, both are none: half of a stack would put the event where it was not.
 */
function emitStack(g: Gen, part: Part, place: Place, onNull: Label): void {
  const { a } = g;
  const access = g.access(part.expr.op === "field" ? part.expr.name : "");
  if (access.kind !== "stack") throw new CannotGenerate(`${part.name} is no stack here`);
  if (access.carried !== undefined) return emitCopy(g, place, g.carried[access.carried], part.bytes);
  const collided = a.label("stack_collided"), done = a.label("stack_done");
  const frames = (off: number, wanted: boolean, flags: number): void => {
    if (!wanted) return void a.storeImm(8, place.base, place.off + off, -1);
    const got = a.label("stack"), none = a.label("no_stack");
    a.movReg(1, CTX).map(2, MAP.stacks).constant(3, flags).call(HELPER.get_stackid).jump("sge", 0, 0, got);
    a.jump("ne", 0, EEXIST, none);
    emitCount(g, "stack_collision");
    a.goto(collided).mark(none).constant(0, -1).mark(got).store(8, place.base, place.off + off, 0);
  };
  frames(0, part.stack !== "user", 0);
  frames(8, part.stack !== "kernel", BPF_F_USER_STACK);
  a.goto(done).mark(collided).storeImm(8, place.base, place.off, -1).storeImm(8, place.base, place.off + 8, -1);
  a.mark(done);
  if (part.stack === "kernel") return void a.storeImm(8, place.base, place.off + 16, 0);
  emitAccess(g, access.pid, onNull, "pid");
  a.store(8, place.base, place.off + 16, 0);
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
