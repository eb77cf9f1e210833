import { type Cell, cellAt, type Json, type Quality, type Result, type Table } from "../../core/data/mod.ts";
import { aggregateBatch, type Bindings, compileExpr, type Expr } from "../../core/query/mod.ts";
import type { ConditionPlan, ExpectPlan, Figure } from "../plan.ts";
import { bindExpr, constantValue, withOperands } from "./bind.ts";
import type { ExpectReport } from "./report.ts";

/** Loss up to which an `expect` counts when it does not say. */
const TOLERANCE = 0.01;

/** Results as conditions see them. */
export interface ConditionInput {
  readonly results: ReadonlyMap<string, Result>;
  /** Why a result is missing, by name. */
  readonly missing: ReadonlyMap<string, string>;
  /** Names of results whose window was cut short. */
  readonly cut: ReadonlySet<string>;
  readonly bindings: Bindings;
  /** Results that a result was made from, by name. */
  readonly restsOn: ReadonlyMap<string, readonly string[]>;
  /** Rows of the smallest sample behind a result, by name. */
  readonly sampleRows: ReadonlyMap<string, number>;
}

/** The truth of a condition: null where a figure is null or its result is missing. */
export function conditionTruth(condition: ConditionPlan, input: ConditionInput): boolean | null {
  const value = evaluate(condition.expr, figuresOf(condition, input), condition, input);
  return value === null ? null : Boolean(value);
}

/** What a condition compares: the left side of a comparison, else its truth. */
export function conditionValue(condition: ConditionPlan, input: ConditionInput): Pick<ExpectReport, "value" | "unit"> {
  const side = comparedSide(condition.expr);
  return { value: toJson(evaluate(side, figuresOf(condition, input), condition, input)), unit: side.t.unit };
}

/** Passes, fails, or cannot tell. */
export function checkExpectation(plan: ExpectPlan, input: ConditionInput): ExpectReport {
  const { condition } = plan;
  const report = (outcome: ExpectReport["outcome"], value: Json, message: string): ExpectReport => ({
    text: condition.text,
    outcome,
    value,
    unit: comparedSide(condition.expr).t.unit,
    message,
  });
  const used = [...new Set(condition.figures.map((f) => f.result))];
  for (const name of used) {
    if (!input.results.has(name)) {
      return report(
        "inconclusive",
        null,
        `"${name}" could not be measured: ${firstLine(input.missing.get(name) ?? "it did not run")}`,
      );
    }
  }
  const cells = figuresOf(condition, input);
  const truth = evaluate(condition.expr, cells, condition, input);
  const value = toJson(evaluate(comparedSide(condition.expr), cells, condition, input));
  const cut = used.find((name) => input.cut.has(name));
  if (cut !== undefined) return report("inconclusive", value, `The window of "${cut}" was cut short`);
  const tolerated = plan.tolerate ? Number(constantValue(plan.tolerate, input.bindings)) : TOLERANCE;
  for (const name of used) {
    // What was lost of a result that was joined is few of all rows together, and yet all of its own.
    for (const part of behind(name, input)) {
      const result = input.results.get(part);
      const said = part === name || part.includes("#") ? `"${name}"` : `"${name}" rests on "${part}", which`;
      const doubt = result && doubtAbout(said, result.quality, sampleBehind(part, input), tolerated);
      if (doubt) return report("inconclusive", value, doubt);
    }
  }
  if (truth === null) return report("inconclusive", value, nullMessage(condition, cells));
  return truth ? report("pass", value, "") : report("fail", value, plan.message);
}

/** Why a result is too uncertain to tell, with the way to allow it; null when it is not. */
function doubtAbout(said: string, q: Quality, sampleRows: number, tolerated: number): string | null {
  const missed = q.lost + q.truncated;
  const loss = missed === 0 ? 0 : missed / (q.events + q.lost);
  if (loss > tolerated) {
    const reasons = Object.entries(q.lost_by).map(([why, n]) => `${why} ${n}`);
    const parts = [...reasons, ...(q.truncated > 0 ? [`truncated ${q.truncated}`] : [])].join(", ");
    return `${said} lost ${percent(loss)} of its events (${parts}), more than ${
      percent(tolerated)
    }; to allow it: tolerate ${percent(loss, true)}`;
  }
  const error = estimateError(q, sampleRows);
  if (error <= tolerated) return null;
  const how = q.sampling < 1 ? `from a sample of ${percent(q.sampling)}` : "by inference";
  return `${said} is estimated ${how}, with an error of ${percent(error)}, more than ${
    percent(tolerated)
  }; to allow it: tolerate ${percent(error, true)}`;
}

/** A result and all that it rests on. */
function behind(name: string, input: ConditionInput): Set<string> {
  const names = new Set([name]);
  for (const n of names) for (const other of input.restsOn.get(n) ?? []) names.add(other);
  return names;
}

/** How many rows or events stand for all behind a result; Infinity where it is of no sample. */
export function sampleBehind(name: string, input: Pick<ConditionInput, "results" | "sampleRows">): number {
  const q = input.results.get(name)?.quality;
  return input.sampleRows.get(name) ?? (q && q.sampling < 1 ? q.events : Infinity);
}

/**
 * Half the width of the 95 % interval of a count scaled from a sample, relative to it. Where values are inferred in
 * another way the error is not known and taken as 100 %.
 */
function estimateError(q: Quality, sampleRows: number): number {
  if (!q.estimated && q.sampling >= 1) return 0;
  if (q.sampling >= 1) return 1;
  return Math.min(1, 1.96 * Math.sqrt((1 - q.sampling) / Math.max(1, sampleRows)));
}

function percent(ratio: number, roundUp = false): string {
  const p = ratio * 100;
  return `${roundUp ? Math.ceil(p) : Number(p.toPrecision(3))}%`;
}

function nullMessage(condition: ConditionPlan, cells: ReadonlyMap<string, Cell>): string {
  const empty = condition.figures.find((f) => (cells.get(f.name) ?? null) === null);
  return empty ? `"${empty.result}" has no value to compare` : "The condition is null";
}

/** The left side of a comparison; the condition itself where it is none. */
function comparedSide(expr: Expr): Expr {
  return expr.op === "binary" && ["==", "!=", "<", "<=", ">", ">="].includes(expr.fn) ? expr.left : expr;
}

function figuresOf(condition: ConditionPlan, input: ConditionInput): ReadonlyMap<string, Cell> {
  return new Map(condition.figures.map((f): [string, Cell] => [f.name, figure(f, input)]));
}

function figure(f: Figure, input: ConditionInput): Cell {
  const result = input.results.get(f.result);
  if (result?.kind !== "table") return null;
  if (f.fn === null) return onlyCell(result, bindExpr(f.args[0], input.bindings));
  const args = f.args.map((a) => bindExpr(a, input.bindings));
  const spec = { keys: [], aggregates: [{ fn: f.fn, args, name: f.name }] };
  return cellAt(aggregateBatch(result, spec, {}, result.quality.duration_ns).columns[0], 0);
}

function onlyCell(table: Table, expr: Expr): Cell {
  return table.length === 1 ? cellAt(compileExpr(expr, table.fields)(table), 0) : null;
}

function evaluate(expr: Expr, cells: ReadonlyMap<string, Cell>, condition: ConditionPlan, input: ConditionInput): Cell {
  const literals = (e: Expr): Expr => bindExpr(e, input.bindings);
  const filled = fill(literals(expr), cells, condition);
  const value = constantValue(filled, {});
  return value;
}

function fill(expr: Expr, cells: ReadonlyMap<string, Cell>, condition: ConditionPlan): Expr {
  if (expr.op !== "field") return withOperands(expr, (e) => fill(e, cells, condition));
  const t = condition.figures.find((f) => f.name === expr.name)?.t ?? expr.t;
  const cell = cells.get(expr.name) ?? null;
  if (cell === null || (typeof cell === "number" && Number.isNaN(cell))) return { op: "lit", value: null, t };
  if (typeof cell === "object") throw new TypeError("a condition compares single values");
  return { op: "lit", value: cell, t };
}

function toJson(value: Cell): Json {
  if (typeof value === "bigint") {
    return value > MAX_SAFE || value < -MAX_SAFE ? value.toString() : Number(value);
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return value as Json;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function firstLine(text: string): string {
  return text.split("\n")[0];
}
