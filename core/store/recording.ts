import type { Diagnosis, Json, Results, ToolCallRecord } from "../data/mod.ts";

/** What the first line says. */
export interface RecordingHeader {
  /** Of the sonde that wrote it. */
  readonly version: string;
  /** What is known of the machine: kernel release, CPUs, … */
  readonly machine: { readonly [key: string]: Json };
  /** The process (0: the whole machine) and the question. A replay asks the same unless told otherwise. */
  readonly asked?: { readonly pid: number; readonly question: string };
  /** ISO 8601, UTC. */
  readonly created: string;
}

/** One tool call with all it answered; null when it failed. */
export interface RecordedCall {
  readonly record: ToolCallRecord;
  readonly results: Results | null;
}

/** An investigation that was recorded. */
export interface Recording {
  readonly header: RecordingHeader;
  /** In the order in which they ended. */
  readonly calls: readonly RecordedCall[];
  /** Null when the recording ended before it. */
  readonly diagnosis: Diagnosis | null;
  /** Whether the file ends in the middle of a line (a full disk, a kill). */
  readonly truncated: boolean;
}
