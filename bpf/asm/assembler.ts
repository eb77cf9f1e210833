import { type AluOp, type Insn, type JumpOp, type Label, type Reg, type Variable, type Width } from "./insn.ts";

/**
 * Collects instructions. Each method appends one; operands are checked where a wrong one would be encoded silently.
 * Turn the list into bytes with `link`.
 *
 * @example
 * ```ts
 * const a = new Assembler();
 * const out = a.label("out");
 * a.constant(0, 0).load(8, 1, 1, 8).jump("ne", 1, 59, out).constant(0, 1).mark(out).exit();
 * ```
 */
export class Assembler {
  readonly insns: Insn[] = [];
  #labels = 0;

  /** A new place, to be put down once with `mark`. */
  label(name = ""): Label {
    return { id: this.#labels++, name };
  }

  mark(label: Label): this {
    return this.#push({ op: "label", label });
  }

  /** `dst = dst fn operand`; a number is an immediate of 32 signed bits, a register is written `{r: 3}`. */
  alu(fn: AluOp, dst: Reg, operand: Operand): this {
    return isReg(operand)
      ? this.#push({ op: "alu", fn, dst, src: operand.r, imm: 0 })
      : this.#push({ op: "alu", fn, dst, src: null, imm: imm32(operand) });
  }

  /** `dst` = its low bits in network order, the others zero: what `htons`, and so `ntohs`, answers. */
  toBigEndian(dst: Reg, bits: 16 | 32 | 64): this {
    return this.#push({ op: "to_be", dst, bits });
  }

  /** `dst = src register`. */
  movReg(dst: Reg, src: Reg): this {
    return dst === src ? this : this.#push({ op: "alu", fn: "mov", dst, src, imm: 0 });
  }

  /** `dst = constant`, in the shortest form that holds it; the constant is taken modulo 2^64. */
  constant(dst: Reg, value: bigint | number): this {
    const v = BigInt.asIntN(64, BigInt(value));
    if (v >= -0x8000_0000n && v <= 0x7fff_ffffn) {
      return this.#push({ op: "alu", fn: "mov", dst, src: null, imm: Number(v) });
    }
    return this.#push({ op: "ld_imm64", dst, value: v });
  }

  /** `dst = pointer to the map`, its descriptor filled in by `link`. */
  map(dst: Reg, map: string): this {
    return this.#push({ op: "ld_map", dst, map });
  }

  /** `dst = a value that is filled in by `link``. */
  variable(dst: Reg, variable: Variable): this {
    return this.#push({ op: "ld_variable", dst, variable });
  }

  /** `dst = *(width *)(src + off)`, zero-extended. */
  load(width: Width, dst: Reg, src: Reg, off: number): this {
    return this.#push({ op: "load", width, dst, src, off: off16(off) });
  }

  /** `*(width *)(dst + off) = src`. */
  store(width: Width, dst: Reg, off: number, src: Reg): this {
    return this.#push({ op: "store", width, dst, off: off16(off), src });
  }

  /** `*(width *)(dst + off) = imm`, sign-extended. */
  storeImm(width: Width, dst: Reg, off: number, imm: number): this {
    return this.#push({ op: "store_imm", width, dst, off: off16(off), imm: imm32(imm) });
  }

  /** `*(u64 *)(dst + off) += src`, atomically; `src` gets what was there before. Linux 5.12. */
  atomicFetchAdd(dst: Reg, off: number, src: Reg): this {
    return this.#push({ op: "atomic_fetch_add", dst, off: off16(off), src });
  }

  /** `*(u64 *)(dst + off) += src`, atomically. */
  atomicAdd(dst: Reg, off: number, src: Reg): this {
    return this.#push({ op: "atomic_add", dst, off: off16(off), src });
  }

  /** `if dst fn operand goto to`. */
  jump(fn: JumpOp, dst: Reg, operand: Operand, to: Label): this {
    return isReg(operand)
      ? this.#push({ op: "jump", fn, dst, src: operand.r, imm: 0, to })
      : this.#push({ op: "jump", fn, dst, src: null, imm: imm32(operand), to });
  }

  goto(to: Label): this {
    return this.#push({ op: "goto", to });
  }

  call(helper: number): this {
    return this.#push({ op: "call", helper });
  }

  exit(): this {
    return this.#push({ op: "exit" });
  }

  #push(insn: Insn): this {
    this.insns.push(insn);
    return this;
  }
}

/** An immediate or a register. */
export type Operand = number | { readonly r: Reg };

function isReg(o: Operand): o is { readonly r: Reg } {
  return typeof o === "object";
}

function imm32(v: number): number {
  if (!Number.isInteger(v) || v < -0x8000_0000 || v > 0x7fff_ffff) {
    throw new RangeError(`Immediate ${v} does not fit 32 signed bits`);
  }
  return v;
}

function off16(v: number): number {
  if (!Number.isInteger(v) || v < -0x8000 || v > 0x7fff) {
    throw new RangeError(`Offset ${v} does not fit 16 signed bits`);
  }
  return v;
}
