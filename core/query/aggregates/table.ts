import type { Column } from "../../data/mod.ts";
import { cellAt, columnFrom, UsageError } from "../../data/mod.ts";
import { valueType } from "../build.ts";
import type { ValueType } from "../expr.ts";
import { SCALARS } from "../scalars.ts";
import { isFloatType, isNumericType, isSummable, typeText } from "../type_classes.ts";
import type { TypeAnswer } from "../type_rules.ts";
import { type Aggregate, aggregate } from "./aggregate.ts";
import { type BucketState, bucketState, histogramColumn, quantileColumn } from "./buckets.ts";
import { type CountState, countState } from "./count.ts";
import { distinctCount, type DistinctState, distinctState } from "./distinct.ts";
import { cellsColumn, type ExtremeState, extremeState } from "./extreme.ts";
import { linearColumn, type LinearState, linearState } from "./lhist.ts";
import { type OrderState, orderState } from "./order.ts";
import { numbersOf, sumColumn, type SumState, sumState } from "./sum.ts";
import { type TopkState, topkState, topText } from "./topk.ts";
import { type VarianceState, varianceState } from "./variance.ts";

const known = new Map(
  [
    ...counting(),
    ...summing(),
    ...ordering(),
    quantile("p50", 0.5),
    quantile("p75", 0.75),
    quantile("p90", 0.9),
    quantile("p95", 0.95),
    quantile("p99", 0.99),
    quantile("p999", 0.999),
    quantile("quantile"),
    ...histograms(),
  ].map((a) => [a.name, a]),
);

/** All aggregates by name. `series` and `flame` make other kinds of result and are not among them. */
export const AGGREGATES: ReadonlyMap<string, Aggregate> = known;

/** Names that stand where an aggregate may, and are none. */
const OTHER_RESULTS: ReadonlySet<string> = new Set(["flame", "series"]);

/**
 * Adds an aggregate to {@linkcode AGGREGATES}, for as long as this process lives.
 *
 * @throws {UsageError} when its name is taken by an aggregate or a function, or malformed
 */
export function defineAggregate(a: Aggregate): void {
  if (!/^[a-z][a-z0-9_]*$/.test(a.name)) {
    throw new UsageError(`"${a.name}" is no name of an aggregation`, "Write lower_case");
  }
  const by = SCALARS.has(a.name) ? "function" : known.has(a.name) || OTHER_RESULTS.has(a.name) ? "aggregation" : null;
  if (by) throw new UsageError(`There is ${by === "function" ? "a" : "an"} ${by} "${a.name}" already`);
  known.set(a.name, a);
}

/** The type of `fn(args…)` in an `aggregate` stage, or what is wrong; unknown names and wrong counts included. */
export function aggregateType(fn: string, args: readonly ValueType[]): TypeAnswer {
  const a = AGGREGATES.get(fn);
  if (!a) return { error: `There is no aggregate "${fn}"`, hint: `There are ${[...AGGREGATES.keys()].join(", ")}` };
  if (args.length < a.minArgs || args.length > a.maxArgs) {
    const many = `${args.length} argument${args.length === 1 ? "" : "s"}`;
    return { error: `"${fn}" does not take ${many}`, hint: `It is ${a.signature}` };
  }
  return a.type(args);
}

function counting(): Aggregate[] {
  const COUNT: ValueType = { type: "int", unit: "count" };
  return [
    aggregate<CountState>({
      name: "count",
      signature: "count([x])",
      doc: "How many rows; with an argument, how many of them have a value",
      minArgs: 0,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "exact",
      type: () => COUNT,
      kind: () => "count",
      create: countState,
      result: (s, { groupCount }) => ({ kind: "number", values: s.counts.slice(0, groupCount) }),
    }),
    aggregate<DistinctState>({
      name: "distinct",
      signature: "distinct(x)",
      doc: "How many different values: exact up to 1024, beyond that estimated (standard error 1.6 %)",
      minArgs: 1,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "bit-equal",
      type: () => COUNT,
      kind: () => "distinct",
      create: distinctState,
      result: (s, { groupCount }) => columnFrom(perGroup(groupCount, (g) => distinctCount(s.groups[g]))),
    }),
    aggregate<TopkState>({
      name: "topk",
      signature: "topk(x, [k])",
      doc:
        "The k (10) most frequent values with their counts, as text; ≥ marks counts that may be too small, by at most " +
        "n / (max(64, 8 k) + 1) of n values",
      minArgs: 1,
      maxArgs: 2,
      constantsFrom: 1,
      merges: "within its bound",
      type: ([, k]) => k && k.type !== "int" ? { error: `"topk" needs an int as k`, hint: "" } : valueType("string"),
      constantsProblem: ([k]) =>
        k === undefined || (Number(k) >= 1 && Number(k) <= 1000) ? null : `topk shows 1 to 1000 values, here are ${k}`,
      kind: (constants) => `topk ${kOf(constants)}`,
      create: (_t, constants) => topkState(kOf(constants)),
      result: (s, { groupCount, constants }) =>
        columnFrom(perGroup(groupCount, (g) => s.groups[g] ? topText(s.groups[g], kOf(constants)) : null)),
    }),
  ];
}

function kOf([k]: readonly (number | bigint)[]): number {
  return Math.min(1000, Math.max(1, Number(k ?? 10)));
}

function summing(): Aggregate[] {
  const sums = (
    name: string,
    doc: string,
    type: (t: ValueType) => ValueType,
    result: Aggregate<SumState>["result"],
  ): Aggregate =>
    aggregate<SumState>({
      name,
      signature: `${name}(x)`,
      doc,
      minArgs: 1,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "within 1e-12",
      type: ([t]) => isSummable(t.type) ? type(t) : unsummable(name, t),
      kind: () => "sum",
      create: ([t]) => sumState(t),
      result,
    });
  return [
    sums(
      "sum",
      "The sum; integers wrap to 64 bits",
      sumType,
      (s, c) => sumColumn(s, sumType(c.types[0]), c.groupCount),
    ),
    sums("avg", "The arithmetic mean", meanType, (s, c) => {
      const round = rounding(meanType(c.types[0]));
      return numbersOf(s.counts, c.groupCount, (g) => round(s.value(g) / s.counts[g]));
    }),
    sums("share", "The part of the sum of all groups", () => valueType("ratio"), (s, c) => {
      const all = perGroup(c.groupCount, (g) => s.counts[g] > 0 ? s.value(g) : 0).reduce((a, b) => a + b, 0);
      return numbersOf(s.counts, c.groupCount, (g) => all === 0 ? null : s.value(g) / all);
    }),
    aggregate<SumState | CountState>({
      name: "rate",
      signature: "rate([x])",
      doc: "Rows a second of the window; with an argument, its sum a second (of a duration: the part of the time)",
      minArgs: 0,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "within 1e-12",
      type: ([t]) => !t || isSummable(t.type) && t.type !== "rate" ? rateType(t) : unsummable("rate", t),
      kind: () => "rate",
      create: ([t]) => t ? sumState(t) : countState(),
      result: (s, { groupCount, durationNs, types }) => {
        // Of the same sum that `sum` tells, which engines may have made.
        const sums = "value" in s ? sumColumn(s, sumType(types[0]), groupCount) : null;
        const values = perGroup(groupCount, (g): number | null => {
          if (durationNs <= 0) return null;
          const sum = sums ? Number(cellAt(sums, g) ?? 0) : s.counts[g];
          return sum / durationNs * (types[0]?.type === "duration" ? 1 : 1e9);
        });
        return columnFrom(values);
      },
    }),
    aggregate<VarianceState>({
      name: "stddev",
      signature: "stddev(x)",
      doc: "The standard deviation of the values seen (of the population)",
      minArgs: 1,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "within 1e-12",
      type: ([t]) => isSummable(t.type) ? meanType(t) : unsummable("stddev", t),
      kind: () => "variance",
      create: varianceState,
      result: (s, { groupCount, types }) => {
        const round = rounding(meanType(types[0]));
        return numbersOf(s.counts, groupCount, (g) => round(Math.sqrt(s.squares[g] / s.counts[g])));
      },
    }),
  ];
}

function sumType(t: ValueType): ValueType {
  return t.type === "bool" ? { type: "int", unit: "count" } : t;
}

function meanType(t: ValueType): ValueType {
  if (t.type === "bool") return valueType("ratio");
  return t.type === "int" ? { type: "float", unit: t.unit } : { type: t.type, unit: t.unit };
}

function rateType(t: ValueType | undefined): ValueType {
  if (t?.type === "bytes") return { type: "rate", unit: "bytes/s" };
  if (t?.type === "duration") return valueType("ratio");
  return { type: "rate", unit: "events/s" };
}

/** Durations and sizes are whole numbers. */
function rounding(t: ValueType): (x: number) => number {
  return t.type === "duration" || t.type === "bytes" ? Math.round : (x) => x;
}

function ordering(): Aggregate[] {
  const extreme = (name: string, sign: 1 | -1, doc: string): Aggregate =>
    aggregate<ExtremeState>({
      name,
      signature: `${name}(x)`,
      doc,
      minArgs: 1,
      maxArgs: 1,
      constantsFrom: 1,
      merges: "exact",
      type: ([t]) =>
        t.type === "stack" || t.type === "histogram" ? { error: `"${name}" does not order a ${t.type}`, hint: "" } : t,
      kind: () => name,
      create: () => extremeState(sign),
      result: (s, { groupCount, types }) => cellsColumn(s.best, groupCount, types[0].unsigned),
    });
  const order = (name: "first" | "last", doc: string): Aggregate =>
    aggregate<OrderState>({
      name,
      signature: `${name}(x, [by])`,
      doc,
      minArgs: 1,
      maxArgs: 2,
      constantsFrom: 2,
      merges: "exact",
      type: ([t, by]) => {
        if (by && !isNumericType(by.type)) {
          return { error: `"${name}" orders by a number or time, not by ${typeText(by)}`, hint: "" };
        }
        return t;
      },
      kind: () => name,
      create: () => orderState(name),
      result: (s, { groupCount, types }) => cellsColumn(s.values, groupCount, types[0].unsigned),
    });
  return [
    extreme("min", -1, "The least value"),
    extreme("max", 1, "The greatest value"),
    order("first", "The first value, in the order of the rows or of a second argument"),
    order("last", "The last value, in the order of the rows or of a second argument"),
  ];
}

function quantile(name: string, fixed?: number): Aggregate {
  const qOf = ([q]: readonly (number | bigint)[]): number => Math.min(1, Math.max(0, fixed ?? Number(q)));
  return aggregate<BucketState>({
    name,
    signature: fixed === undefined ? "quantile(x, q)" : `${name}(x)`,
    doc: fixed === undefined
      ? "The value below or at which the part q (0–1) of the values lies, within 0.8 %"
      : `The value below or at which ${fixed * 100} % of the values lie, within 0.8 %`,
    minArgs: fixed === undefined ? 2 : 1,
    maxArgs: fixed === undefined ? 2 : 1,
    constantsFrom: 1,
    merges: "bit-equal",
    type: ([t, q]) => {
      if (q && q.type !== "float" && q.type !== "ratio" && q.type !== "int") {
        return { error: `"quantile" needs a number from 0 to 1, here is ${typeText(q)}`, hint: "Write 0.99 or 99%" };
      }
      return isSummable(t.type) && t.type !== "bool" ? t : unsummable(name, t);
    },
    constantsProblem: ([q]) =>
      q === undefined || (Number(q) >= 0 && Number(q) <= 1) ? null : `A quantile is between 0 and 1, here is ${q}`,
    kind: () => "buckets",
    create: bucketState,
    result: (s, { groupCount, types, constants }) => quantileColumn(s, qOf(constants), types[0], groupCount),
  });
}

function histograms(): Aggregate[] {
  const perOctave = ([n]: readonly (number | bigint)[]): number =>
    2 ** Math.floor(Math.log2(clamp(Number(n ?? 1), 1, 64)));
  const result = (name: string, [t, ...rest]: readonly ValueType[]): TypeAnswer => {
    if (!isSummable(t.type) || t.type === "bool") return unsummable(name, t);
    const wrong = rest.find((r) => r.type !== t.type && r.type !== "int" && r.type !== "float");
    if (wrong) return { error: `"${name}" of ${typeText(t)} has bounds in ${typeText(wrong)}`, hint: "" };
    return { type: "histogram", unit: t.unit };
  };
  const wrongBounds = ([min, max, step]: readonly (number | bigint)[]): string | null => {
    const [low, high, width] = [Number(min), Number(max), Number(step)];
    if (!(high > low)) return `lhist goes from a smaller to a greater value, here from ${low} to ${high}`;
    if (!(width > 0)) return `The buckets of lhist are wider than 0, here ${width}`;
    const buckets = Math.ceil((high - low) / width);
    return buckets > 10_000 ? `lhist has at most 10000 buckets, here ${buckets}` : null;
  };
  const bounds = (constants: readonly (number | bigint)[]): number[] => {
    const wrong = wrongBounds(constants);
    if (wrong !== null) throw new RangeError(wrong);
    return constants.map(Number);
  };
  return [
    aggregate<BucketState>({
      name: "hist",
      signature: "hist(x, [n])",
      doc: "A histogram with n (1) buckets between a power of two and the next; n is a power of two up to 64",
      minArgs: 1,
      maxArgs: 2,
      constantsFrom: 1,
      merges: "bit-equal",
      type: (args) => result("hist", args),
      constantsProblem: ([n]) =>
        n === undefined || [1, 2, 4, 8, 16, 32, 64].includes(Number(n))
          ? null
          : `hist takes a power of two up to 64, here is ${n}`,
      kind: () => "buckets",
      create: bucketState,
      result: (s, { groupCount, types, constants }): Column =>
        histogramColumn(s, perOctave(constants), types[0], groupCount),
    }),
    aggregate<LinearState>({
      name: "lhist",
      signature: "lhist(x, min, max, step)",
      doc: "A histogram with buckets of equal width, and one below and above",
      minArgs: 4,
      maxArgs: 4,
      constantsFrom: 1,
      merges: "bit-equal",
      type: (args) => result("lhist", args),
      constantsProblem: wrongBounds,
      kind: (constants) => `lhist ${bounds(constants)}`,
      create: (_t, constants) => {
        const [min, max, step] = bounds(constants);
        return linearState(min, max, step);
      },
      result: (s, { groupCount, types, constants }) => linearColumn(s, bounds(constants), types[0].unit, groupCount),
    }),
  ];
}

function unsummable(name: string, t: ValueType): TypeAnswer {
  const hint = t.type === "pid" || t.type === "tid" || t.type === "address"
    ? "It is a name, not an amount: use it after `by`, or distinct(x)"
    : t.type === "time"
    ? "Use min(x) and max(x), or take a difference: that is a duration"
    : isFloatType(t.type)
    ? ""
    : "It takes numbers";
  return { error: `"${name}" does not take ${typeText(t)}`, hint };
}

function perGroup<T>(groupCount: number, f: (group: number) => T): T[] {
  return Array.from({ length: groupCount }, (_, g) => f(g));
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}
