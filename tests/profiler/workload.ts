/** A program that runs until it is killed, to be profiled. */
export interface Workload {
  readonly name: string;
  /** Shares of its time among functions whose names match, by construction; empty when only a comparison can tell. */
  readonly shares: readonly (readonly [RegExp, number])[];
  /**
   * Builds it.
   *
   * @param dir for what it makes
   * @returns command and arguments, or why it cannot be had here
   */
  prepare(dir: string): Promise<readonly string[] | string>;
}

/** Three functions that take 6 : 3 : 1. */
export const SIX_THREE_ONE: Workload["shares"] = [[/spend_six/, 0.6], [/spend_three/, 0.3], [/spend_one/, 0.1]];
