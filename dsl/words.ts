import { AGGREGATES } from "../core/query/mod.ts";
import { ENDINGS } from "./endings.ts";

/** A word of the language, for `list` and hover. */
export interface WordInfo {
  readonly name: string;
  /** How it is written. */
  readonly signature: string;
  readonly doc: string;
}

/** Stages that this version runs. */
export const STAGES: readonly WordInfo[] = [
  { name: "filter", signature: "filter CONDITION", doc: "Keeps the rows for which the condition is true" },
  { name: "derive", signature: "derive NAME = EXPR, …", doc: "Adds columns" },
  { name: "select", signature: "select EXPR [as NAME], …", doc: "Keeps these columns and no others" },
  { name: "aggregate", signature: "aggregate CALL [as NAME], … [by EXPR, …]", doc: "One row for each group of rows" },
  { name: "sort", signature: "sort EXPR [asc|desc], …", doc: "Orders the rows, ascending by default" },
  { name: "top", signature: "top N by EXPR [asc|desc], …", doc: "The first rows of an order, descending by default" },
  { name: "limit", signature: "limit N", doc: "The first rows as they come" },
  { name: "distinct", signature: "distinct [EXPR, …]", doc: "Each combination of values once" },
  { name: "sample", signature: "sample RATIO|COUNT", doc: "A random part of the rows, or so many of them" },
  { name: "window", signature: "window DURATION[, TIME]", doc: "Windows of time: the next aggregate groups by them" },
  {
    name: "join",
    signature: "join RESULT[, inner|left|anti] by KEY, …",
    doc: "Puts the rows of another result beside",
  },
  { name: "enrich", signature: "enrich COLLECTOR[(…)] by KEY, …", doc: "Adds what a collector says of each row" },
  {
    name: "detect",
    signature: "detect X[, mad|ema|cusum[, THRESHOLD]] [by KEY, …]",
    doc: "Says of each value what was expected and how odd it is",
  },
];

/** Aggregations of the `aggregate` stage. */
export const AGGREGATIONS: readonly WordInfo[] = [
  ...[...AGGREGATES.values()].map(({ name, signature, doc }) => ({ name, signature, doc })),
  ...Object.entries(ENDINGS).map(([name, { signature, doc }]) => ({ name, signature, doc })),
];
