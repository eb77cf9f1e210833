/** What the processor noted of a branch (include/uapi/linux/perf_event.h, `struct perf_branch_entry`). */
export interface BranchFlags {
  /** Neither of the two: the processor does not tell. */
  readonly mispredicted: boolean;
  readonly predicted: boolean;
  readonly inTransaction: boolean;
  readonly aborted: boolean;
  /** Since the branch before it; 0 when not told. */
  readonly cycles: number;
  /** `cond`, `call`, `ret`, …; empty when not told. */
  readonly type: string;
}

/** PERF_BR_*, in their order. */
const TYPES = [
  "",
  "cond",
  "uncond",
  "ind",
  "call",
  "ind_call",
  "ret",
  "syscall",
  "sysret",
  "cond_call",
  "cond_ret",
  "eret",
  "irq",
  "serror",
  "no_tx",
]; // deno-fmt-ignore-line

/** Decodes the third 64-bit word of a branch. @param low its lower half: the upper one holds nothing of this */
export function branchFlags(low: number): BranchFlags {
  return {
    mispredicted: (low & 1) !== 0,
    predicted: (low & 2) !== 0,
    inTransaction: (low & 4) !== 0,
    aborted: (low & 8) !== 0,
    cycles: low >>> 4 & 0xffff,
    type: TYPES[low >>> 20 & 15] ?? "",
  };
}
