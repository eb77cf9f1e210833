import { evaluateExpression, type ExpressionContext, RULE } from "../../symbols/mod.ts";
import type { UnwindArch } from "./_arch.ts";
import type { SlowRule } from "./_rules.ts";
import type { StackCopy } from "./_stack_copy.ts";

/** Operations of expressions that one stack may cost. */
export interface Budget {
  operations: number;
}

/**
 * Finds the caller's registers by a rule with expressions.
 *
 * @param from registers of the callee
 * @param to registers of the caller, on entry those of the callee; NaN where they cannot be known
 * @returns the canonical frame address; NaN when it cannot be known
 * @throws {ElfError} when an expression is broken, or the budget is spent
 */
export function slowStep(
  rule: SlowRule,
  from: Float64Array,
  to: Float64Array,
  stack: StackCopy,
  arch: UnwindArch,
  budget: Budget,
): number {
  let cfa: bigint | null = null;
  const context: ExpressionContext = {
    register: (n) => n < from.length ? big(from[n]) : null,
    load: (address, size) => stack.loadBig(address, size),
    get cfa() {
      return cfa;
    },
    get operations() {
      return budget.operations;
    },
    set operations(left) {
      budget.operations = left;
    },
  };
  const { bytes } = rule.section;
  if (rule.cfaRegister < 0) cfa = evaluateExpression(bytes, rule.cfaFrom, rule.cfaEnd, context, null);
  else if (rule.cfaRegister < from.length) cfa = big(from[rule.cfaRegister] + rule.cfaOffset);
  if (cfa === null) return NaN;
  const base = number(cfa);
  to[arch.sp] = base;
  for (const { register, rule: kind, value, end } of rule.registers) {
    switch (kind) {
      case RULE.OFFSET:
        // Below the stack pointer lies what was popped.
        if (!(base + value < from[arch.sp])) {
          to[register] = stack.loadCode(base + value, arch.signed && register === arch.link);
        }
        break;
      case RULE.VAL_OFFSET:
        to[register] = base + value;
        break;
      case RULE.REGISTER:
        to[register] = value < from.length ? from[value] : NaN;
        break;
      case RULE.EXPRESSION:
      case RULE.VAL_EXPRESSION: {
        // Both begin with the CFA on the stack (DWARF 5, 6.4.1).
        const result = evaluateExpression(bytes, value, end, context, cfa);
        if (result === null) to[register] = NaN;
        else to[register] = kind === RULE.EXPRESSION ? stack.load(number(result)) : number(result);
        break;
      }
      default:
        to[register] = NaN;
    }
  }
  return base;
}

function big(address: number): bigint | null {
  return Number.isFinite(address) ? BigInt.asUintN(64, BigInt(Math.trunc(address))) : null;
}

function number(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}
