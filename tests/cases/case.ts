import type { BottleneckType } from "../../core/data/mod.ts";
import type { Bench } from "./bench.ts";

/** What a right diagnosis of a load says. */
export interface Expected {
  readonly type: BottleneckType;
  /** Command names of which the culprit has one; null: nobody is to blame. */
  readonly culprits: readonly string[] | null;
  /** Functions of which the culprit names one; absent where none is asked for. */
  readonly functions?: readonly string[];
  /** What the root cause has to speak of. */
  readonly says: readonly RegExp[];
}

/** A load with a known cause. */
export interface Case {
  readonly name: string;
  /** One line: what runs. */
  readonly doc: string;
  readonly expected: Expected;
  /** Commands that run beside and are innocent. */
  readonly decoys: readonly string[];
  /** Starts the load and resolves when it is in its steady state. What it starts on the bench ends with the bench. */
  start(bench: Bench): Promise<void>;
}
