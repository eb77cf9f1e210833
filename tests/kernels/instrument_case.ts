import type { Session } from "../../cli/session.ts";
import type { Bench } from "./smoke_case.ts";

/** What an instrument said over a load whose events are known. */
export interface Verdict {
  /** What it measured with, as it says itself: `fentry, fexit`, `libbpf`, `ptrace`. */
  readonly mechanism: string;
  /** What is wrong with the result; null when it is right. */
  readonly problem: string | null;
}

/** One instrument on a kernel. */
export interface InstrumentCase {
  /** Unique, as a user would call it. */
  readonly name: string;
  /** What was checked, in a few words: `40 reads, their time, no error`. */
  readonly checked: string;
  /** What this machine lacks to try it at all; null when nothing. */
  missing?(bench: Bench): string | null;
  /** Runs it over a load. @throws {UnsupportedError} where the kernel refuses it */
  run(bench: Bench, session: Session): Promise<Verdict>;
}
