import type { Batch, Cell, Field, FieldType, Profile, Result, Results } from "../data/mod.ts";
import type { Collector } from "./collector.ts";
import type { RunContext } from "./context.ts";
import type { ProbeEngine } from "./engine.ts";
import type { Investigator } from "./investigator.ts";
import type { SondeApi } from "./sonde_api.ts";
import type { Tool } from "./tool.ts";

/** One argument of a stage, in the order in which they are written. */
export interface StageParam {
  readonly name: string;
  /** A constant of this type, or the name of a column of the rows. */
  readonly type: FieldType | "column";
  /** Absent: the argument is required. Columns have none. */
  readonly default?: bigint | number | string | boolean;
  readonly doc: string;
}

/** Arguments of a stage after checking. */
export interface StageArgs {
  /** Constants, defaults filled in. Integers come as number when safe, durations as nanoseconds. */
  readonly values: Readonly<Record<string, Cell>>;
  /** For arguments of type `column`: the name of the field. */
  readonly columns: Readonly<Record<string, string>>;
  /** Names of the fields behind `by`. */
  readonly by: readonly string[];
}

/** A stage of the language that a plugin adds: `collect … | NAME arguments by columns`. It sees all rows at once. */
export interface Stage {
  /** `lower_case`, no stage of the language. */
  readonly name: string;
  readonly doc: string;
  readonly params: readonly StageParam[];
  /** Whether it takes `by`. Default: no. */
  readonly by?: boolean;
  /**
   * The fields that come out, before anything runs.
   *
   * @throws {UsageError} when the columns do not suit it
   */
  fields(input: readonly Field[], args: Omit<StageArgs, "values">): readonly Field[];
  /** Takes the rows of the pipeline so far and answers new ones, with the fields that it said. */
  apply(input: Batch, args: StageArgs): Batch;
}

/** What is known of a stage without loading its plugin. */
export type StageInfo = Pick<Stage, "name" | "doc" | "params" | "by"> & { readonly plugin: string };

/**
 * An aggregation of one number a row that a plugin adds. Its states must merge: merging parts gives the state of the
 * whole. Nulls are left out.
 */
export interface Aggregation<S = unknown> {
  /** `lower_case`, no aggregation or function of the language. */
  readonly name: string;
  readonly doc: string;
  /** Type of the result; `same`: that of the argument. Default: float. */
  readonly type?: FieldType | "same";
  init(): S;
  add(state: S, value: number): S;
  merge(a: S, b: S): S;
  result(state: S): number | null;
}

/** What is known of an aggregation without loading its plugin. */
export type AggregationInfo = Pick<Aggregation, "name" | "doc" | "type"> & { readonly plugin: string };

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
