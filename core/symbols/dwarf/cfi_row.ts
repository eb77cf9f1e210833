/** How the caller's register is found (DWARF 5, 6.4.1). */
export const RULE = {
  /** The instructions do not name it: by convention it is unchanged, or does not matter. */
  UNSPECIFIED: 0,
  UNDEFINED: 1,
  SAME: 2,
  /** Saved at CFA + value. */
  OFFSET: 3,
  /** Is CFA + value. */
  VAL_OFFSET: 4,
  /** Is in register `value`. */
  REGISTER: 5,
  /** Saved at the address that an expression gives. */
  EXPRESSION: 6,
  /** Is what an expression gives. */
  VAL_EXPRESSION: 7,
} as const;

/** Registers that can have rules: all of x86-64 and aarch64 have lower numbers. */
export const MAX_REGISTERS = 128;

/** One row of the table that call frame instructions describe: how to unwind from some addresses. */
export interface CfiRow {
  /** The first address that it is for. */
  location: number;
  /** Whether an expression gives the canonical frame address, not a register with an offset. */
  cfaByExpression: boolean;
  /** The register that it counts from; -1 when none was told. */
  cfaRegister: number;
  /** Added to that register. */
  cfaOffset: number;
  /** Where the expression begins and ends in the section. */
  cfaFrom: number;
  cfaEnd: number;
  /** A {@linkcode RULE} for each register. */
  readonly rules: Uint8Array;
  /** The offset, the register, or where the expression begins in the section. */
  readonly values: Float64Array;
  /** Where the expression ends in the section. */
  readonly ends: Float64Array;
  /** aarch64: whether the return address is signed (DW_AARCH64_RA_SIGN_STATE). */
  signed: boolean;
}

/** A row without any rule. */
export function emptyRow(): CfiRow {
  return {
    location: 0,
    cfaByExpression: false,
    cfaRegister: -1,
    cfaOffset: 0,
    cfaFrom: 0,
    cfaEnd: 0,
    rules: new Uint8Array(MAX_REGISTERS),
    values: new Float64Array(MAX_REGISTERS),
    ends: new Float64Array(MAX_REGISTERS),
    signed: false,
  };
}

/** Makes a row the same as another, but for its location. */
export function copyRow(to: CfiRow, from: CfiRow): void {
  to.cfaByExpression = from.cfaByExpression;
  to.cfaRegister = from.cfaRegister;
  to.cfaOffset = from.cfaOffset;
  to.cfaFrom = from.cfaFrom;
  to.cfaEnd = from.cfaEnd;
  to.rules.set(from.rules);
  to.values.set(from.values);
  to.ends.set(from.ends);
  to.signed = from.signed;
}
