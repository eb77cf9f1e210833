import type { Diagnosis, Results } from "../data/mod.ts";
import type { RunContext } from "./context.ts";

/** What is to be found out. */
export interface Inquiry {
  readonly question: string;
  /** Only this process (0: the whole machine). */
  readonly pid: number;
  /** Measuring time in all, in nanoseconds. */
  readonly measureNs: number;
  /** Results that are known already (`ask … with`). */
  readonly given?: Results;
  /** False for `ask`: answer from `given` alone. */
  readonly mayCallTools: boolean;
}

/** Finds out why. The agent is one; the monitor and the language reach it through this. */
export interface Investigator {
  readonly name: string;
  readonly doc: string;
  investigate(inquiry: Inquiry, context: RunContext): Promise<Diagnosis>;
}
