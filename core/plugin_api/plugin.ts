import type { Batch, Profile, Result, Results } from "../data/mod.ts";
import type { Collector } from "./collector.ts";
import type { RunContext } from "./context.ts";
import type { ProbeEngine } from "./engine.ts";
import type { Investigator } from "./investigator.ts";
import type { SondeApi } from "./sonde_api.ts";
import type { Tool } from "./tool.ts";

/** A stage of the language that a plugin adds: `collect … | NAME args`. */
export interface Stage {
  readonly name: string;
  readonly doc: string;
  /** Takes the rows of the pipeline so far and answers new ones. */
  apply(input: Batch, args: readonly unknown[]): Batch;
}

/** An aggregation that a plugin adds. Its states must merge: merging parts gives the state of the whole. */
export interface Aggregation<S = unknown> {
  readonly name: string;
  readonly doc: string;
  init(): S;
  add(state: S, value: number): S;
  merge(a: S, b: S): S;
  result(state: S): number | null;
}

/** Reads another tool's output. `read` answers null for "not mine" and throws SyntaxError for "mine but broken". */
export interface Importer {
  readonly name: string;
  readonly doc: string;
  /** File name endings it is asked about first: `.folded`. */
  readonly extensions: readonly string[];
  read(bytes: Uint8Array, fileName: string): Promise<Profile | Result | null>;
}

/** Sends findings somewhere. */
export interface Notifier {
  readonly name: string;
  readonly doc: string;
  notify(title: string, body: string, context: RunContext): Promise<void>;
}

/** A command of the command line that a plugin adds. */
export interface Command {
  readonly name: string;
  readonly doc: string;
  /** @returns the exit code */
  run(args: readonly string[], context: RunContext): Promise<number>;
}

/** Turns results into a file: chosen by extension. */
export interface Renderer {
  readonly name: string;
  readonly doc: string;
  readonly extensions: readonly string[];
  render(results: Results): string | Uint8Array;
}

/** What a plugin adds. Every list may be absent. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  readonly doc: string;
  readonly collectors?: readonly Collector[];
  readonly stages?: readonly Stage[];
  readonly aggregations?: readonly Aggregation[];
  readonly tools?: readonly Tool[];
  readonly importers?: readonly Importer[];
  readonly engines?: readonly ProbeEngine[];
  readonly notifiers?: readonly Notifier[];
  readonly commands?: readonly Command[];
  readonly investigators?: readonly Investigator[];
  readonly renderers?: readonly Renderer[];
}

/** The default export of a plugin's module. */
export type PluginEntry = (sonde: SondeApi) => Plugin;
