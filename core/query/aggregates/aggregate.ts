import type { Column } from "../../data/mod.ts";
import type { ValueType } from "../expr.ts";
import type { TypeAnswer } from "../type_rules.ts";

/** What an aggregate remembers, for all groups at once. */
export interface AggregateState {
  /**
   * Adds rows. Null values are left out.
   *
   * @param groups the group of each row, below `groupCount`
   * @param args one column for each argument that is no constant
   */
  add(groups: Int32Array, args: readonly Column[], rows: number, groupCount: number): void;
  /**
   * Adds what another state of the same kind remembers; its rows count as later than ours.
   *
   * @param map our group for each of its groups
   */
  merge(other: AggregateState, map: Int32Array, groupCount: number): void;
}

/** What results are made with. */
export interface ResultContext {
  readonly groupCount: number;
  /** Length of the window in nanoseconds, 0 when there is none. */
  readonly durationNs: number;
  /** Types of the arguments that are no constants. */
  readonly types: readonly ValueType[];
  /** Values of the constant arguments. */
  readonly constants: readonly (number | bigint)[];
}

/** An aggregate function. Merging the states of parts gives the state of the whole. */
export interface Aggregate<S extends AggregateState = AggregateState> {
  readonly name: string;
  /** As `list -v` and hover show it: `quantile(x, q)`. */
  readonly signature: string;
  /** One sentence. */
  readonly doc: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** Arguments from this index on must be constants (literals or parameters). */
  readonly constantsFrom: number;
  /** How exactly parts merge, for documentation. */
  readonly merges: "exact" | "within 1e-12" | "bit-equal" | "within its bound";
  /** The type of the result, or what is wrong with the arguments (their number is already checked). */
  type(args: readonly ValueType[]): TypeAnswer;
  /**
   * What is wrong with the values of the constant arguments, as a sentence without a full stop; null or absent: nothing.
   * Aggregates answer something for wrong ones all the same.
   */
  constantsProblem?(constants: readonly (number | bigint)[]): string | null;
  /** Aggregates of one kind over the same arguments share one state. */
  kind(constants: readonly (number | bigint)[]): string;
  create(types: readonly ValueType[], constants: readonly (number | bigint)[]): S;
  result(state: S, context: ResultContext): Column;
}

/** Forgets the state's type, so that aggregates can stand in one table. Each only ever sees states it created. */
export function aggregate<S extends AggregateState>(a: Aggregate<S>): Aggregate {
  return a as unknown as Aggregate;
}
