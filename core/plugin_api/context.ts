/** What every run is given: how to stop, how to tell progress. */
export interface RunContext {
  /** Aborted when the user stops it or time is up: end the window early and report what there is. */
  readonly signal: AbortSignal;
  /** Short progress texts, for a terminal. */
  progress(text: string): void;
}
