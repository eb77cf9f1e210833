import { CfiReader } from "./_cfi_reader.ts";

/** What an expression may look at. Numbers are 64-bit, unsigned. */
export interface ExpressionContext {
  /** @returns null when the register's value is not known */
  register(n: number): bigint | null;
  /** @param size 1, 2, 4 or 8 bytes @returns null when that memory cannot be read */
  load(address: bigint, size: number): bigint | null;
  /** The canonical frame address, for DW_OP_call_frame_cfa; null when there is none. */
  readonly cfa: bigint | null;
  /** Operations that may still run, over all expressions that share this context: they may jump backwards. */
  operations: number;
}

const MAX_STACK = 256;

/**
 * Evaluates a DWARF expression (DWARF 5, 2.5 and 7.7.1): the operators that can stand in call frame information.
 *
 * @param bytes that hold it, from `from` to `to`
 * @param initial the value on the stack at the start, or null for an empty one
 * @returns the value on top; null when it needs a register or memory that is not known
 * @throws {ElfError} when it is broken, runs on and on, or has operators that mean nothing here
 */
export function evaluateExpression(
  bytes: Uint8Array,
  from: number,
  to: number,
  context: ExpressionContext,
  initial: bigint | null,
): bigint | null {
  const reader = new CfiReader(bytes, "DWARF expression");
  reader.seek(from, to);
  const stack: bigint[] = initial === null ? [] : [initial];
  const pop = (): bigint => stack.pop() ?? reader.fail("takes a value from an empty stack");
  const peek = (n: number): bigint =>
    n < stack.length ? stack[stack.length - 1 - n] : reader.fail("takes a value from an empty stack");
  const push = (value: bigint): void => {
    if (stack.length >= MAX_STACK) reader.fail(`more than ${MAX_STACK} values`);
    stack.push(BigInt.asUintN(64, value));
  };
  const binary = (f: (a: bigint, b: bigint) => bigint): void => {
    const b = pop();
    push(f(pop(), b));
  };
  const signed = (f: (a: bigint, b: bigint) => bigint | boolean): void =>
    binary((a, b) => BigInt(f(BigInt.asIntN(64, a), BigInt.asIntN(64, b))));
  const jump = (by: number): void => {
    if (reader.at + by < from) reader.fail("jumps out of the expression");
    reader.seek(reader.at + by, to);
  };

  while (reader.at < to) {
    if (--context.operations < 0) reader.fail("more operations than any program needs");
    const op = reader.u8();
    if (op >= 0x30 && op <= 0x4f) { // DW_OP_lit0…31
      push(BigInt(op - 0x30));
      continue;
    }
    if (op >= 0x70 && op <= 0x8f || op === 0x92) { // DW_OP_breg0…31, DW_OP_bregx
      const value = context.register(op === 0x92 ? reader.uleb() : op - 0x70);
      const offset = reader.bigLeb(true);
      if (value === null) return null;
      push(value + offset);
      continue;
    }
    switch (op) {
      case 0x03: // DW_OP_addr
        push(reader.big64());
        break;
      case 0x06: // DW_OP_deref
      case 0x94: { // DW_OP_deref_size
        const size = op === 0x06 ? 8 : reader.u8();
        if (size !== 1 && size !== 2 && size !== 4 && size !== 8) reader.fail(`reads ${size} bytes`);
        const value = context.load(pop(), size);
        if (value === null) return null;
        push(value);
        break;
      }
      case 0x08:
        push(BigInt(reader.u8()));
        break;
      case 0x09:
        push(BigInt(reader.i8()));
        break;
      case 0x0a:
        push(BigInt(reader.u16()));
        break;
      case 0x0b:
        push(BigInt(reader.i16()));
        break;
      case 0x0c:
        push(BigInt(reader.u32()));
        break;
      case 0x0d:
        push(BigInt(reader.i32()));
        break;
      case 0x0e:
      case 0x0f:
        push(reader.big64());
        break;
      case 0x10:
        push(reader.bigLeb(false));
        break;
      case 0x11:
        push(reader.bigLeb(true));
        break;
      case 0x12: // DW_OP_dup
        push(peek(0));
        break;
      case 0x13: // DW_OP_drop
        pop();
        break;
      case 0x14: // DW_OP_over
        push(peek(1));
        break;
      case 0x15: // DW_OP_pick
        push(peek(reader.u8()));
        break;
      case 0x16: { // DW_OP_swap
        const a = pop();
        const b = pop();
        stack.push(a, b);
        break;
      }
      case 0x17: { // DW_OP_rot: the top becomes the third
        const a = pop();
        const b = pop();
        const c = pop();
        stack.push(a, c, b);
        break;
      }
      case 0x19: { // DW_OP_abs
        const a = BigInt.asIntN(64, pop());
        push(a < 0n ? -a : a);
        break;
      }
      case 0x1a:
        binary((a, b) => a & b);
        break;
      case 0x1b: // DW_OP_div is signed, DW_OP_mod is not
        signed((a, b) => b === 0n ? reader.fail("divides by zero") : a / b);
        break;
      case 0x1c:
        binary((a, b) => a - b);
        break;
      case 0x1d:
        binary((a, b) => b === 0n ? reader.fail("divides by zero") : a % b);
        break;
      case 0x1e:
        binary((a, b) => a * b);
        break;
      case 0x1f:
        push(-pop());
        break;
      case 0x20:
        push(~pop());
        break;
      case 0x21:
        binary((a, b) => a | b);
        break;
      case 0x22:
        binary((a, b) => a + b);
        break;
      case 0x23: // DW_OP_plus_uconst
        push(pop() + reader.bigLeb(false));
        break;
      case 0x24:
        binary((a, b) => b > 63n ? 0n : a << b);
        break;
      case 0x25:
        binary((a, b) => b > 63n ? 0n : a >> b);
        break;
      case 0x26: // DW_OP_shra
        binary((a, b) => BigInt.asIntN(64, a) >> (b > 63n ? 63n : b));
        break;
      case 0x27:
        binary((a, b) => a ^ b);
        break;
      case 0x28: { // DW_OP_bra
        const by = reader.i16();
        if (pop() !== 0n) jump(by);
        break;
      }
      case 0x29:
        signed((a, b) => a === b);
        break;
      case 0x2a:
        signed((a, b) => a >= b);
        break;
      case 0x2b:
        signed((a, b) => a > b);
        break;
      case 0x2c:
        signed((a, b) => a <= b);
        break;
      case 0x2d:
        signed((a, b) => a < b);
        break;
      case 0x2e:
        signed((a, b) => a !== b);
        break;
      case 0x2f: // DW_OP_skip
        jump(reader.i16());
        break;
      case 0x96: // DW_OP_nop
        break;
      case 0x9c: // DW_OP_call_frame_cfa
        if (context.cfa === null) return null;
        push(context.cfa);
        break;
      default:
        // Registers and pieces are places, and what names other entries (DW_OP_call4, DW_OP_fbreg) needs a unit.
        reader.fail(`operator 0x${op.toString(16)} has no meaning in call frame information`);
    }
  }
  return pop();
}
