import type { Result } from "../../core/data/mod.ts";
import type { Collector, Investigator, ProbeEngine, RunContext, Stage } from "../../core/plugin_api/mod.ts";
import type { ProbeSpec } from "../../core/query/mod.ts";
import type { AlertReport, RoundReport } from "./report.ts";

/** What running a plan needs from the outside. */
export interface RunServices {
  /** Its signal ends every window early; what there is is reported. */
  readonly context: RunContext;
  /** @throws {UsageError} when there is none of this name */
  collector(name: string): Promise<Collector>;
  /**
   * The best engine that takes this spec as it is.
   *
   * @throws {UnsupportedError} when there is none, with reason and remedy
   */
  chooseEngine(spec: ProbeSpec): ProbeEngine | Promise<ProbeEngine>;
  /** What probes may cost, as a ratio of one CPU; without, they cost what they do. */
  readonly budget?: number;
  /** Answers `ask` and `investigate`. */
  readonly investigator?: Investigator | (() => Promise<Investigator>);
  /** Writes a result to a file, in the format of its ending. */
  save(file: string, name: string, result: Result): void | Promise<void>;
  /** Whether a source without `for` may run until the user stops it: somebody watches. */
  readonly untilStopped: boolean;
  /** Milliseconds of a monotonic clock; `performance.now` by default. */
  now?(): number;
  /** Nanoseconds since 1970; the system's clock by default. */
  wallNs?(): bigint;
  /** Waits; ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Loads a stage of a plugin. */
  stage?(name: string): Promise<Stage | null>;
  /** Loads an aggregation of a plugin; does nothing where there is none of this name. */
  loadAggregation?(name: string): Promise<void>;
  /** A round of `every` is over. */
  round?(report: RoundReport): void | Promise<void>;
  /** An alert fires. */
  alert?(report: AlertReport): void | Promise<void>;
}
