import type { Batch, Quality } from "../data/mod.ts";
import type { ProbeSpec } from "../query/mod.ts";

/** Whether an engine's rows are all events, a sample of them, or a substitute. */
export type Accuracy = "exact" | "sampled" | "approximate";

/** An engine's answer to a spec. */
export type Support =
  | { readonly ok: true; readonly accuracy: Accuracy }
  | { readonly ok: false; readonly reason: string; readonly remedy: string };

/** What a probe's window held. */
export interface ProbeOutcome {
  readonly batch: Batch;
  readonly quality: Quality;
  /** The further tables that an aggregate asked for, in order. */
  readonly beside?: readonly Batch[];
  /** The highest rows that it asked for, highest first. */
  readonly highest?: Batch;
}

/** A spec that is attached and running. Disposing it detaches everything. */
export interface ProbeSession extends Disposable {
  /**
   * Rows that have come since the last call, in the order and with the names of the stream's fields. Empty for
   * aggregates.
   */
  drain(): Batch;
  /** Resolves when there may be rows to drain, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>;
  /** Detaches, then answers what is left: the aggregate's table (keys, then aggregates) or the last rows. */
  finish(): ProbeOutcome;
  /** What the kernel was attached to by, each once: `kprobe_multi`, `fentry`, `uprobe`. */
  readonly mechanisms?: readonly string[];
}

/** What runs probe specs. */
export interface ProbeEngine {
  readonly name: string;
  /** Loads what it takes to be asked for a spec. To be called before the others, where it is there. */
  prepare?(spec: ProbeSpec): Promise<void>;
  supports(spec: ProbeSpec): Support;
  /**
   * Attaches.
   *
   * @throws {UnsupportedError} when the kernel refuses after all
   */
  open(spec: ProbeSpec): ProbeSession;
  /** What it would make for a spec, for `explain`: maps with their sizes, programs, costs; a line each. */
  describe?(spec: ProbeSpec): readonly string[];
  /** The program that would run, for `explain --bytecode`; null where there is none. */
  disassemble?(spec: ProbeSpec): string | null;
}
