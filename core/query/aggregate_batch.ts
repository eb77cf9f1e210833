import type { Batch, Column, Field } from "../data/mod.ts";
import { AGGREGATES } from "./aggregates/table.ts";
import type { Aggregate, AggregateState } from "./aggregates/aggregate.ts";
import { fieldOf, takeColumn } from "./batch_ops.ts";
import { type ColumnFn, compileExpr } from "./compile_expr.ts";
import type { Bindings, Expr, NamedExpr, ValueType } from "./expr.ts";
import { exprText } from "./expr_text.ts";
import { type GroupIndex, groupIndex } from "./_groups.ts";
import type { AggregateSpec } from "./probe_spec.ts";
import { isProblem } from "./type_rules.ts";

/** What to aggregate by what. */
export interface AggregationSpec {
  readonly keys: readonly NamedExpr[];
  readonly aggregates: readonly AggregateSpec[];
  /** Most groups kept; rows of more are counted in `lost`. */
  readonly maxGroups?: number;
}

/** An aggregation under way: give it batches, merge others into it, take the result at any time. */
export interface RunningAggregation {
  /** Rows left out because there were too many groups. */
  readonly lost: number;
  /** Rows taken in. */
  readonly rows: number;
  add(batch: Batch): void;
  /** Takes in another running aggregation of the same spec over the same fields; its rows count as later. */
  merge(other: RunningAggregation): void;
  /**
   * The keys, then the aggregates, in the order of the spec; groups in the order in which they came. Without keys
   * there is always one row.
   *
   * @param durationNs length of the window, for `rate`; 0 for none
   */
  result(durationNs?: number): Batch;
}

/**
 * Starts an aggregation over batches with these fields.
 *
 * @throws {TypeError} when an expression or aggregate does not fit; specs are expected to be checked before
 */
export function openAggregation(
  spec: AggregationSpec,
  fields: readonly Field[],
  bindings: Bindings = {},
): RunningAggregation {
  const keys = spec.keys.map((k) => compileExpr(k.expr, fields, bindings));
  const { columns, states } = compileAggregates(spec.aggregates, fields, bindings);
  const index = groupIndex(keys.length, spec.maxGroups);
  let lost = 0, rows = 0;
  const running: Running = {
    index,
    states,
    get lost() {
      return lost;
    },
    get rows() {
      return rows;
    },
    add(batch): void {
      let groups = index.assign(keys.map((k) => k(batch)), batch.length);
      let kept: Int32Array | null = null;
      if (groups.includes(-1)) {
        kept = rowsWithGroup(groups);
        lost += batch.length - kept.length;
        groups = groups.filter((g) => g >= 0);
      }
      rows += groups.length;
      for (const s of states) {
        const args = s.args.map((f) => f(batch)).map((c) => kept ? takeColumn(c, kept) : c);
        s.state.add(groups, args, groups.length, index.size);
      }
    },
    merge(other): void {
      const o = other as Running;
      let map = index.assign(spec.keys.map((k, i) => o.index.keyColumn(i, k.expr.t.unsigned)), o.index.size);
      if (map.includes(-1)) throw new RangeError("the merged aggregation has more groups than allowed");
      if (spec.keys.length === 0) map = new Int32Array(1);
      states.forEach((s, i) => s.state.merge(o.states[i].state, map, index.size));
      lost += o.lost;
      rows += o.rows;
    },
    result(durationNs = 0): Batch {
      const groupCount = index.size;
      // States learn of their groups with rows; a result over no rows at all needs them too.
      for (const s of states) s.state.merge(s.create(), new Int32Array(0), groupCount);
      return {
        length: groupCount,
        fields: [
          ...spec.keys.map((k) => keyField(k, fields)),
          ...columns.map((c) => fieldOf(c.name, c.type)),
        ],
        columns: [
          ...spec.keys.map((k, i): Column => index.keyColumn(i, k.expr.t.unsigned)),
          ...columns.map((c) =>
            c.aggregate.result(c.state, { groupCount, durationNs, types: c.types, constants: c.constants })
          ),
        ],
      };
    },
  };
  return running;
}

function rowsWithGroup(groups: Int32Array): Int32Array {
  const rows = new Int32Array(groups.length);
  let n = 0;
  for (let i = 0; i < groups.length; i++) if (groups[i] >= 0) rows[n++] = i;
  return rows.subarray(0, n);
}

/** `aggregate … by …` over one batch. */
export function aggregateBatch(batch: Batch, spec: AggregationSpec, bindings: Bindings = {}, durationNs = 0): Batch {
  const running = openAggregation(spec, batch.fields, bindings);
  running.add(batch);
  return running.result(durationNs);
}

/** `distinct`: each combination of the columns once, in the order in which they came. */
export function distinctBatch(batch: Batch, columns: readonly NamedExpr[], bindings: Bindings = {}): Batch {
  return aggregateBatch(batch, { keys: columns, aggregates: [] }, bindings);
}

interface Running extends RunningAggregation {
  readonly index: GroupIndex;
  readonly states: readonly StateColumn[];
}

interface StateColumn {
  readonly state: AggregateState;
  readonly args: readonly ColumnFn[];
  create(): AggregateState;
}

interface ResultColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly aggregate: Aggregate;
  readonly state: AggregateState;
  readonly types: readonly ValueType[];
  readonly constants: readonly (number | bigint)[];
}

function compileAggregates(
  specs: readonly AggregateSpec[],
  fields: readonly Field[],
  bindings: Bindings,
): { columns: ResultColumn[]; states: StateColumn[] } {
  const states: StateColumn[] = [];
  const shared = new Map<string, StateColumn>();
  const columns = specs.map((spec): ResultColumn => {
    const aggregate = AGGREGATES.get(spec.fn);
    if (!aggregate) throw new TypeError(`there is no aggregate "${spec.fn}"`);
    const type = aggregate.type(spec.args.map((a) => a.t));
    if (isProblem(type)) throw new TypeError(type.error);
    const args = spec.args.slice(0, aggregate.constantsFrom);
    const constants = spec.args.slice(aggregate.constantsFrom).map((a) => constantOf(a, bindings));
    const types = args.map((a) => a.t);
    const kind = `${aggregate.kind(constants)}(${args.map(exprText).join(", ")})`;
    let s = shared.get(kind);
    if (!s) {
      const create = (): AggregateState => aggregate.create(types, constants);
      s = { state: create(), args: args.map((a) => compileExpr(a, fields, bindings)), create };
      shared.set(kind, s);
      states.push(s);
    }
    return { name: spec.name, type, aggregate, state: s.state, types, constants };
  });
  return { columns, states };
}

function constantOf(e: Expr, bindings: Bindings): number | bigint {
  const value = e.op === "lit" ? e.value : e.op === "param" ? bindings[e.name] : undefined;
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new TypeError(`${exprText(e)} has to be a constant number`);
  }
  return value;
}

/** A key that is a field of the input keeps its documentation. */
function keyField(key: NamedExpr, fields: readonly Field[]): Field {
  const { expr } = key;
  const source = expr.op === "field" ? fields.find((f) => f.name === expr.name) : undefined;
  return source ? { ...source, name: key.name } : fieldOf(key.name, expr.t);
}
