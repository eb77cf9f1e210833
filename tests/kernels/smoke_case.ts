import type { Session } from "../../cli/session.ts";
import type { Results } from "../../core/data/mod.ts";

/** What a case may use. */
export interface Bench {
  /** The program made of workload.c. */
  readonly program: string;
  /** The name of its process: events are filtered by it. */
  readonly comm: string;
  /** A control group (v2) made for this run: its path in the hierarchy; null when the kernel has none mounted. */
  readonly cgroup: string | null;
  /** Its folder in the file system; null likewise. */
  readonly cgroupFolder: string | null;
  /** Runs the program to its end. */
  load(action: string, count: number): Promise<void>;
  /** The same inside of the control group. */
  loadInCgroup(action: string, count: number): Promise<void>;
}

/** One row of a result, as JSON has it. */
export type Row = Readonly<Record<string, unknown>>;

/** One thing that has to work on a kernel, or be refused with a reason. */
export interface SmokeCase {
  /** Unique. */
  readonly name: string;
  /** The kind of probe, for the table. */
  readonly kind: string;
  /** An engine to force; the best one otherwise. */
  readonly engine?: string;
  /** What this machine lacks to try it at all; null when nothing. */
  missing?(bench: Bench): string | null;
  /** The recipe: one pipeline without `for`; it ends when the load has. Empty where {@linkcode SmokeCase.measure} is there. */
  recipe(bench: Bench): string;
  /** Measures without a recipe, and starts the load itself: the first of the results is judged. */
  measure?(bench: Bench, session: Session): Promise<Results>;
  /** The load; started when everything is attached. */
  work(bench: Bench): Promise<void>;
  /** What is wrong with the rows; null when nothing is. */
  problem(rows: readonly Row[], bench: Bench): string | null;
}

/** The sum of a column must be exactly this. */
export function exactly(column: string, expected: number): (rows: readonly Row[]) => string | null {
  return (rows) => {
    const sum = total(rows, column);
    return sum === expected ? null : `${column} is ${sum}, expected ${expected}`;
  };
}

/** The sum of a column must lie in this range, ends included: where the kernel or the C library adds some of its own. */
export function between(column: string, low: number, high: number): (rows: readonly Row[]) => string | null {
  return (rows) => {
    const sum = total(rows, column);
    return sum >= low && sum <= high ? null : `${column} is ${sum}, expected ${low} to ${high}`;
  };
}

/** Sum of a column; 0 without rows. */
export function total(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}
