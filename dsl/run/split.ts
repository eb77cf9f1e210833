import { UnsupportedError } from "../../core/data/mod.ts";
import type { ProbeEngine } from "../../core/plugin_api/mod.ts";
import {
  aggregateType,
  type Expr,
  exprText,
  fieldRef,
  isProblem,
  type NamedExpr,
  onlyAtSource,
  type ProbeOutput,
  type ProbeSpec,
  type SourceSpec,
  type ValueType,
} from "../../core/query/mod.ts";
import { fieldsOf } from "../expr_fields.ts";
import type { StagePlan } from "../plan.ts";
import { addedColumns, conjuncts, definesColumns, exprsOf, mapStage, sizeOf, substitute } from "./stage_exprs.ts";
import { operandsOf, withOperands } from "./bind.ts";

/** Most groups that an aggregate keeps, in the kernel and here. */
export const MAX_GROUPS = 10_240;
/** Ring buffer of a stream. */
const RING_BYTES = 4 << 20;
/** An expression that grew past this by derived columns is computed here. */
const MAX_EXPR = 200;

/** Where a pipeline is cut: the engine does the spec, the rest is done here. */
export interface Split {
  readonly engine: ProbeEngine;
  readonly spec: ProbeSpec;
  /** Stages that are still to be done, over the rows or the table that the engine answers. */
  readonly rest: readonly StagePlan[];
  /** Stages that the engine does. */
  readonly pushed: number;
}

/** Asks for an engine. Throws UnsupportedError where there is none. */
export type ChooseEngine = (spec: ProbeSpec) => ProbeEngine | Promise<ProbeEngine>;

/**
 * Finds the largest part of a pipeline that an engine takes: filters with the aggregate; else a stream of the fields
 * that are needed, with those filters that the engine can do. The rows are the same wherever the cut falls.
 *
 * @param stages bound: without parameters
 * @param budget what probes may cost, as a ratio of one CPU; without, whatever they do
 * @throws {UnsupportedError} when no engine serves even the bare source
 */
export async function split(
  source: SourceSpec,
  includeSelf: boolean,
  stages: readonly StagePlan[],
  choose: ChooseEngine,
  budget?: number,
): Promise<Split> {
  const spec = (filters: readonly Expr[], output: ProbeOutput): ProbeSpec => ({
    source: withUsedMarks(source, [...filters, ...outputExprs(output)]),
    steps: filters.map((expr) => ({ kind: "filter", expr })),
    output,
    includeSelf,
    ...(budget === undefined ? {} : { budget }),
  });
  const leading = leadingPart(stages);
  if (leading.aggregate && leading.filters.every((f) => f.offered)) {
    const { at } = leading.aggregate;
    const { stage, after } = ratesApart(leading.aggregate.stage);
    const output: ProbeOutput = {
      kind: "aggregate",
      keys: stage.keys,
      aggregates: stage.aggregates,
      maxKeys: MAX_GROUPS,
    };
    const whole = spec(leading.filters.map((f) => f.expr), output);
    const engine = await tryEngine(choose, whole);
    if (engine) return { engine, spec: whole, rest: [...after, ...stages.slice(at + 1)], pushed: at + 1 };
  }
  return await splitStream(source, stages, leading.filters, spec, choose);
}

/** The source without its marks where nothing of theirs is asked for. */
function withUsedMarks(source: SourceSpec, exprs: readonly Expr[]): SourceSpec {
  if (source.kind !== "pair" || !source.marks) return source;
  const { marks: _, markKey: __, ...unmarked } = source;
  return exprs.some((e) => fieldsOf(e).some((f) => f.name.startsWith("mark."))) ? source : unmarked;
}

function outputExprs(output: ProbeOutput): Expr[] {
  return output.kind === "stream"
    ? output.fields.map((f) => f.expr)
    : [...output.keys.map((k) => k.expr), ...output.aggregates.flatMap((a) => a.args)];
}

/**
 * A rate is an amount by the length of the window, which is known at the end: engines count or add up, and the rest is
 * done here, over one row for each group.
 */
function ratesApart(stage: Aggregate): { stage: Aggregate; after: Aggregate[] } {
  if (stage.aggregates.every((a) => a.fn !== "rate")) return { stage, after: [] };
  const amounts = stage.aggregates.map((a) => a.fn === "rate" ? { ...a, fn: a.args[0] ? "sum" : "count" } : a);
  const fieldOf = (name: string, t: ValueType): Expr => ({ op: "field", name, t });
  return {
    stage: { ...stage, aggregates: amounts },
    after: [{
      kind: "aggregate",
      keys: stage.keys.map((k) => ({ name: k.name, expr: fieldOf(k.name, k.expr.t) })),
      aggregates: amounts.map((a, i) => {
        const t = aggregateType(a.fn, a.args.map((x) => x.t));
        if (isProblem(t)) throw new TypeError(t.error);
        return { fn: stage.aggregates[i].fn === "rate" ? "rate" : "first", args: [fieldOf(a.name, t)], name: a.name };
      }),
    }],
  };
}

type Aggregate = Extract<StagePlan, { kind: "aggregate" }>;

interface LeadingFilter {
  readonly expr: Expr;
  /** Index of the stage it is a part of. */
  readonly stage: number;
  /** Whether an engine may be asked for it at all. */
  readonly offered: boolean;
}

interface Leading {
  readonly filters: readonly LeadingFilter[];
  readonly aggregate: { readonly stage: Aggregate; readonly at: number } | null;
}

/** `str` of a plain number is its digits: a kernel would take it for a pointer. */
function textOfNumber(e: Expr): boolean {
  if (e.op === "call" && e.fn === "str" && e.args.some((a) => !["address", "string"].includes(a.t.type) && !a.t.bare)) {
    return true;
  }
  return operandsOf(e).some(textOfNumber);
}

/** Filters before any other effect on rows, and the aggregate after them, all in terms of the source's own fields. */
function leadingPart(stages: readonly StagePlan[]): Leading {
  const filters: LeadingFilter[] = [];
  const offered = (e: Expr): boolean => sizeOf(e) <= MAX_EXPR && !textOfNumber(e);
  let meanings = new Map<string, Expr>();
  for (const [at, stage] of stages.entries()) {
    const raw = mapStage(stage, (e) => substitute(e, meanings));
    if (raw.kind !== "filter" && !exprsOf(raw).every(offered)) break;
    switch (raw.kind) {
      case "filter":
        // All parts of a filter are listed, so that it counts as done only when all of them are.
        filters.push(...conjuncts(raw.expr).map((expr) => ({ expr, stage: at, offered: offered(expr) })));
        continue;
      case "derive": {
        if (stage.kind !== "derive") break;
        meanings = new Map(meanings);
        // Later ones may name earlier ones.
        for (const d of stage.derived) meanings.set(d.name, substitute(d.expr, meanings));
        continue;
      }
      case "select":
        meanings = new Map(raw.columns.map((c) => [c.name, c.expr]));
        continue;
      case "aggregate":
        return { filters, aggregate: { stage: raw, at } };
    }
    break;
  }
  return { filters, aggregate: null };
}

async function splitStream(
  source: SourceSpec,
  stages: readonly StagePlan[],
  filters: readonly LeadingFilter[],
  spec: (filters: readonly Expr[], output: ProbeOutput) => ProbeSpec,
  choose: ChooseEngine,
): Promise<Split> {
  const all = streamPart(source, stages, new Set());
  const takes = async (some: readonly LeadingFilter[]): Promise<boolean> =>
    some.length > 0 && some.every((f) => f.offered) &&
    await tryEngine(choose, spec(some.map((f) => f.expr), all.output)) !== null;
  const taken: LeadingFilter[] = [];
  if (await takes(filters)) taken.push(...filters);
  else for (const f of filters) if (await takes([f])) taken.push(f);
  const done = new Set(
    stages.keys().filter((at) => {
      const parts = filters.filter((f) => f.stage === at);
      return parts.length > 0 && parts.every((f) => taken.includes(f));
    }),
  );
  const part = streamPart(source, stages, done);
  const whole = spec(taken.map((f) => f.expr), part.output);
  const engine = taken.length > 0 ? await tryEngine(choose, whole) : null;
  if (engine) return { engine, spec: whole, rest: part.rest, pushed: done.size };
  const plain = spec([], all.output);
  return { engine: await choose(plain), spec: plain, rest: all.rest, pushed: 0 };
}

/** A stream of the fields that the stages need, and the stages over it. */
function streamPart(
  source: SourceSpec,
  stages: readonly StagePlan[],
  done: ReadonlySet<number>,
): { output: ProbeOutput; rest: StagePlan[] } {
  const fields = new Map<string, NamedExpr>();
  const derived = new Map<string, Expr>();
  /** Columns that stages here have added. */
  const own = new Set<string>();
  const leaf = (e: Expr): Expr => {
    if (e.op === "field" && (derived.has(e.name) || own.has(e.name))) return e;
    if (e.op === "field" || (e.op === "call" && onlyAtSource(e))) {
      const name = exprText(e);
      // The engine knows nothing of what is derived here.
      fields.set(name, { name, expr: substitute(e, derived) });
      return { op: "field", name, t: e.t };
    }
    return withOperands(e, leaf);
  };
  const rest: StagePlan[] = [];
  let raw = true;
  for (const [at, stage] of stages.entries()) {
    if (stage.kind === "derive" && raw) {
      for (const d of stage.derived) derived.set(d.name, substitute(d.expr, derived));
    }
    if (!done.has(at)) rest.push(raw ? mapStage(stage, leaf) : stage);
    if (raw && stage.kind !== "derive") { for (const name of addedColumns(stage)) own.add(name); }
    if (definesColumns(stage)) raw = false;
  }
  // Rows that are only counted still have to come.
  if (fields.size === 0) {
    // A field that all of them have, packets included.
    const [name, type] = source.kind === "event" ? ["cpu", "int"] as const : ["duration", "duration"] as const;
    fields.set(name, { name, expr: fieldRef(name, type) });
  }
  return { output: { kind: "stream", fields: [...fields.values()], ringBytes: RING_BYTES }, rest };
}

async function tryEngine(choose: ChooseEngine, spec: ProbeSpec): Promise<ProbeEngine | null> {
  try {
    return await choose(spec);
  } catch (error) {
    // "No" is an answer here: less is asked for next.
    if (error instanceof UnsupportedError) return null;
    throw error;
  }
}
