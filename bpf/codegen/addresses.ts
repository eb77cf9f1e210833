import { addressIp, IP_BYTES, parseIp } from "../../core/data/mod.ts";
import { type BinaryOp, type Expr, exprText } from "../../core/query/mod.ts";
import { HELPER, type Label } from "../asm/mod.ts";
import type { Access } from "./access.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitCondition } from "./conditions.ts";
import { CTX, emitAddress, emitCopy, FP, type Gen, type Place } from "./gen.ts";
import { nullable } from "./nullable.ts";
import { emitNumber } from "./numbers.ts";
import { emitMemberAddress } from "./read_access.ts";

const AF_INET = 2, AF_INET6 = 10;
/** The second word of an IPv4 address that is mapped into IPv6, its upper half the address (RFC 4291, 2.5.5.2). */
const MAPPED_OFFSET = 12;

/** Whether a value is an address of the network: programs keep it as 16 bytes, so that equal ones are equal bytes. */
export function isIp(e: Expr): boolean {
  return e.t.type === "ip";
}

/**
 * Writes the 16 bytes of an address to memory, or jumps to `onNull`. Loses r0–r5.
 *
 * @throws {CannotGenerate} for what the kernel cannot make
 */
export function emitIp(g: Gen, e: Expr, to: Place, onNull: Label): void {
  const { a } = g;
  switch (e.op) {
    case "lit": {
      if (e.value === null) return void a.goto(onNull);
      const words = ipWords(String(e.value));
      if (!words) throw new CannotGenerate(`${exprText(e)} is no address of the network`);
      words.forEach((word, i) => a.constant(1, word).store(8, to.base, to.off + i * 8, 1));
      return;
    }
    case "field":
      return emitField(g, e.name, g.access(e.name), to, onNull);
    case "call":
      return emitCall(g, e, to, onNull);
  }
  throw new CannotGenerate(`${exprText(e)} is no address that the kernel can read`);
}

function emitCall(g: Gen, e: Extract<Expr, { op: "call" }>, to: Place, onNull: Label): void {
  const { a } = g;
  switch (e.fn) {
    case "ip": {
      const [arg] = e.args;
      if (isIp(arg)) return emitIp(g, arg, to, onNull);
      if (arg.t.type !== "int") break;
      emitNumber(g, arg, onNull);
      a.store(4, to.base, to.off + MAPPED_OFFSET, 0);
      return emitMapped(g, to);
    }
    case "if": {
      const [condition, x, y] = e.args;
      const yes = a.label("then"), no = a.label("else"), done = a.label("end_if");
      emitCondition(g, condition, yes, no, no);
      a.mark(yes);
      emitIp(g, x, to, onNull);
      a.goto(done).mark(no);
      emitIp(g, y, to, onNull);
      a.mark(done);
      return;
    }
    case "coalesce": {
      const done = a.label("found");
      for (const arg of e.args) {
        const next = a.label("next");
        emitIp(g, arg, to, arg === e.args[e.args.length - 1] ? onNull : next);
        a.goto(done).mark(next);
        if (!nullable(arg, g.access)) break;
      }
      a.mark(done);
      return;
    }
  }
  throw new CannotGenerate(`${exprText(e)} is no address that the kernel can make`);
}

function emitField(g: Gen, name: string, access: Access, to: Place, onNull: Label): void {
  const { a } = g;
  switch (access.kind) {
    case "carried": {
      const from = g.carried[access.index];
      if (from.nullFlag !== null) a.load(8, 1, FP, from.nullFlag).jump("ne", 1, 0, onNull);
      return emitCopy(g, to, from, IP_BYTES);
    }
    case "context_ip": {
      if (access.form !== "sockaddr") return emitRecorded(g, access.offset, access.form === "ip4" ? 4 : 16, to, onNull);
      const six = a.label("ipv6"), done = a.label("ip");
      g.frame.withSlot((family) => {
        a.movReg(3, CTX).alu("add", 3, access.offset).constant(2, 2).movReg(1, FP).alu("add", 1, family);
        a.call(HELPER.probe_read_kernel).jump("ne", 0, 0, onNull).load(2, 0, FP, family);
      });
      a.jump("eq", 0, AF_INET6, six).jump("ne", 0, AF_INET, onNull);
      // struct sockaddr_in and sockaddr_in6 (include/uapi/linux/in.h, in6.h): the family, the port, …
      emitRecorded(g, access.offset + 4, 4, to, onNull);
      a.goto(done).mark(six);
      emitRecorded(g, access.offset + 8, 16, to, onNull);
      a.mark(done);
      return;
    }
    case "member":
      if (access.leaf.kind !== "ip") break;
      emitMemberAddress(g, access, onNull);
      return emitRead(g, access.leaf.size, to, onNull);
  }
  throw new CannotGenerate(`${name} cannot be read as an address of the network`);
}

/** An address in the context, which need not be aligned as loads have to be. */
function emitRecorded(g: Gen, offset: number, size: 4 | 16, to: Place, onNull: Label): void {
  g.a.movReg(3, CTX).alu("add", 3, offset);
  emitRead(g, size, to, onNull);
}

/** Reads an address at r3. */
function emitRead(g: Gen, size: 4 | 16, to: Place, onNull: Label): void {
  emitAddress(g, 1, size === 4 ? { base: to.base, off: to.off + MAPPED_OFFSET } : to);
  g.a.constant(2, size).call(HELPER.probe_read_kernel).jump("ne", 0, 0, onNull);
  if (size === 4) emitMapped(g, to);
}

/** Writes what stands before an IPv4 address. */
function emitMapped(g: Gen, to: Place): void {
  g.a.storeImm(8, to.base, to.off, 0).storeImm(4, to.base, to.off + 8, -0x1_0000);
}

/** The bytes of a text that is an address in its one spelling; null for any other. */
function ipWords(text: string): bigint[] | null {
  const bytes = parseIp(text);
  return bytes && addressIp(bytes) === text ? [...new BigInt64Array(bytes.buffer)] : null;
}

/** Decides `==` or `!=` between addresses, or an address and a text. Loses r0–r5. */
export function emitIpComparison(
  g: Gen,
  fn: BinaryOp,
  left: Expr,
  right: Expr,
  yes: Label,
  no: Label,
  onNull: Label,
): void {
  const { a } = g;
  if (fn !== "==" && fn !== "!=") {
    throw new CannotGenerate(`addresses of the network are not ordered (${fn}) in the kernel`);
  }
  if (left.op === "lit" && right.op !== "lit") return emitIpComparison(g, fn, right, left, yes, no, onNull);
  const [same, other] = fn === "==" ? [yes, no] : [no, yes];
  withIp(g, left, onNull, (place) => {
    if (right.op === "lit") {
      if (right.value === null) return void a.goto(onNull);
      // A text that is no address, or another spelling of one, is none that an address is shown as.
      const words = ipWords(String(right.value));
      if (!words) return void a.goto(other);
      words.forEach((word, i) => {
        a.load(8, 0, place.base, place.off + i * 8).constant(1, word).jump("ne", 0, { r: 1 }, other);
      });
    } else {
      if (!isIp(right)) {
        throw new CannotGenerate(`${exprText(right)} is text, and addresses are compared by their bytes`);
      }
      withIp(g, right, onNull, (place2) => {
        for (const at of [0, 8]) {
          a.load(8, 0, place.base, place.off + at).load(8, 1, place2.base, place2.off + at).jump(
            "ne",
            0,
            { r: 1 },
            other,
          );
        }
      });
    }
    a.goto(same);
  });
}

/** Has an address in memory while `use` runs. */
export function withIp(g: Gen, e: Expr, onNull: Label, use: (place: Place) => void): void {
  if (!isIp(e)) throw new CannotGenerate(`${exprText(e)} is text, and addresses are compared by their bytes`);
  const off = g.frame.alloc(IP_BYTES);
  emitIp(g, e, { base: FP, off }, onNull);
  use({ base: FP, off });
  g.frame.free(off, IP_BYTES);
}
