import type { Expr } from "../../core/query/mod.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { HELPER, type Label, type Reg } from "../asm/mod.ts";
import { type Access, accessTextBytes, ARGV_BYTES, COMM_BYTES, roundUp8, TEXT_BYTES } from "./access.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { CTX, emitAddress, emitCopy, emitCount, emitZero, FP, type Gen, type Place } from "./gen.ts";
import { emitNumber } from "./numbers.ts";
import { emitAccess, emitMemberAddress } from "./read_access.ts";

const encoder = new TextEncoder();

/** Where a text comes from. */
export type TextSource =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "access"; readonly access: Access; readonly name: string }
  | { readonly kind: "pointer"; readonly pointer: Expr }
  | { readonly kind: "argv" };

/** Where an expression of type string comes from. @throws {CannotGenerate} when the kernel cannot make it */
export function textSource(e: Expr, access: (name: string) => Access): TextSource {
  switch (e.op) {
    case "lit":
      if (typeof e.value === "string") return { kind: "literal", text: e.value };
      break;
    case "field": {
      const found = access(e.name);
      if (accessTextBytes(found) === null) break;
      return { kind: "access", access: found, name: e.name };
    }
    case "call": {
      if (e.fn === "argv") return { kind: "argv" };
      if (e.fn !== "str") break;
      const [arg] = e.args;
      if (arg.t.type === "string") return textSource(arg, access);
      if (arg.t.type !== "address" && arg.t.type !== "int") {
        throw new CannotGenerate(`str() of a ${arg.t.type} is not computed in the kernel`);
      }
      if (arg.op === "field" && accessTextBytes(access(arg.name)) !== null) return textSource(arg, access);
      return { kind: "pointer", pointer: arg };
    }
    case "param":
      throw new CannotGenerate(`the parameter $${e.name} has no value yet`);
  }
  throw new CannotGenerate(`${exprText(e)} is no text that the kernel can read`);
}

/** Bytes of the buffer that holds a text, a multiple of 8, NUL included. */
export function textBytes(source: TextSource): number {
  switch (source.kind) {
    case "literal":
      return Math.min(TEXT_BYTES, roundUp8(encoder.encode(source.text).length + 1));
    case "access":
      return accessTextBytes(source.access)!;
    case "pointer":
      return TEXT_BYTES;
    case "argv":
      return ARGV_BYTES;
  }
}

/**
 * Writes a text to memory and fills the rest with zeros, so that equal texts are equal bytes; or jumps to `onNull`.
 * A text that is longer is cut and counted. Loses r0–r5.
 *
 * @param bytes of the memory, a multiple of 8
 */
export function emitText(g: Gen, e: Expr, to: Place, bytes: number, onNull: Label): void {
  const { a } = g;
  const kept = g.cached.get(exprText(e));
  if (kept) {
    if (kept.nullFlag !== null) a.load(8, 1, FP, kept.nullFlag).jump("ne", 1, 0, onNull);
    emitCopy(g, to, kept, Math.min(bytes, kept.textBytes));
    emitZero(g, { base: to.base, off: to.off + kept.textBytes }, bytes - kept.textBytes);
    return;
  }
  const source = textSource(e, g.access);
  if (source.kind === "literal") return emitLiteral(g, source.text, to, bytes);
  if (source.kind === "argv") throw new CannotGenerate("argv() can only be a field of a stream");
  if (source.kind === "access") {
    const { access } = source;
    if (access.kind === "builtin") {
      // Linux 6.0 to 6.4 leave what lies behind the name as it was.
      emitZero(g, to, bytes);
      emitAddress(g, 1, to);
      a.constant(2, COMM_BYTES).call(HELPER.get_current_comm);
      return;
    }
    if (access.kind === "carried") {
      const from = g.carried[access.index];
      if (from.nullFlag !== null) a.load(8, 1, FP, from.nullFlag).jump("ne", 1, 0, onNull);
      emitCopy(g, to, from, Math.min(bytes, from.textBytes));
      emitZero(g, { base: to.base, off: to.off + from.textBytes }, bytes - from.textBytes);
      return;
    }
  }
  emitZero(g, to, bytes);
  const limit = Math.min(bytes, textBytes(source));
  emitReadText(g, source, (reg) => emitAddress(g, reg, to), limit, onNull);
  const fits = a.label("fits");
  a.jump("ne", 0, limit, fits);
  if (canBeCut(source)) emitCount(g, "truncated");
  a.mark(fits);
}

/** Whether a text that fills its buffer was longer: a `char[16]` is never longer than itself. */
export function canBeCut(source: TextSource): boolean {
  if (source.kind !== "access") return true;
  const { access } = source;
  const isArray = access.kind === "context_text" || (access.kind === "member" && access.leaf.kind === "chars");
  return !isArray || textBytes(source) === TEXT_BYTES;
}

/**
 * Calls the helper that reads a text from its source: r0 is its length with NUL, at least 0 and at most `limit`.
 *
 * @param destination sets a register to the address of the memory
 */
export function emitReadText(
  g: Gen,
  source: TextSource,
  destination: (reg: Reg) => void,
  limit: number,
  onNull: Label,
): void {
  const { a } = g;
  const kernelRead = (): void => {
    destination(1);
    a.constant(2, limit).call(HELPER.probe_read_kernel_str);
  };
  if (source.kind === "pointer") {
    emitNumber(g, source.pointer, onNull);
    emitPointedRead(g, destination, limit);
  } else if (source.kind === "access") {
    const { access } = source;
    switch (access.kind) {
      case "context_text":
        a.movReg(3, CTX).alu("add", 3, access.offset);
        kernelRead();
        break;
      case "data_loc":
        a.load(2, 3, CTX, access.offset).alu("add", 3, { r: CTX });
        kernelRead();
        break;
      case "member":
        emitMemberAddress(g, access, onNull);
        kernelRead();
        break;
      case "pointed_text":
        emitAccess(g, access.pointer, onNull, source.name);
        emitPointedRead(g, destination, limit);
        break;
      default:
        throw new CannotGenerate(`${source.name} cannot be read as text`);
    }
  } else throw new CannotGenerate("a text cannot be read like this");
  a.jump("slt", 0, 0, onNull);
  // The verifier of older kernels does not know that the helper keeps to its limit.
  a.jump("gt", 0, limit, onNull);
}

/** Reads text at the address in r0: addresses of the kernel have their highest bit set, those of processes do not. */
function emitPointedRead(g: Gen, destination: (reg: Reg) => void, limit: number): void {
  const { a } = g;
  const kernel = a.label("kernel"), done = a.label("read");
  a.movReg(3, 0);
  destination(1);
  a.constant(2, limit).jump("slt", 3, 0, kernel).call(HELPER.probe_read_user_str).goto(done);
  a.mark(kernel).call(HELPER.probe_read_kernel_str).mark(done);
}

function emitLiteral(g: Gen, text: string, to: Place, bytes: number): void {
  const words = literalWords(text, bytes);
  words.forEach((word, i) => {
    if (word >= -0x8000_0000n && word <= 0x7fff_ffffn) g.a.storeImm(8, to.base, to.off + i * 8, Number(word));
    else g.a.constant(1, word).store(8, to.base, to.off + i * 8, 1);
  });
}

/** A text's bytes as words, zero-filled to `bytes`, cut so that a NUL remains. */
function literalWords(text: string, bytes: number): bigint[] {
  const buffer = new Uint8Array(bytes);
  buffer.set(encoder.encode(text).subarray(0, bytes - 1));
  return [...new BigInt64Array(buffer.buffer)];
}
