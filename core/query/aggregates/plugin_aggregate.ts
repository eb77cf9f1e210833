import { columnFrom, type FieldType } from "../../data/mod.ts";
import { valueType } from "../build.ts";
import type { ValueType } from "../expr.ts";
import { isIntegerType, isSummable, typeText } from "../type_classes.ts";
import { type Aggregate, aggregate, type AggregateState } from "./aggregate.ts";

/** An aggregation as a plugin writes it: about the values of one group. Merging parts gives the state of the whole. */
export interface PluginAggregation<S = unknown> {
  /** Small letters, digits and `_`. */
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  /** `NAME(x)` unless it says otherwise. */
  readonly signature?: string;
  /** What the result is; `same`: what the values are. Default `float`. */
  readonly type?: FieldType | "same";
  /** The state of no values. */
  init(): S;
  /** @param value never NaN; of 64-bit integers the nearest double. May change `state` and answer it. */
  add(state: S, value: number): S;
  /** @param b values that came later; stays as it is. `a` may be changed and answered. */
  merge(a: S, b: S): S;
  /** @returns null, or NaN, where there is no result */
  result(state: S): number | null;
}

/** A plugin's states, one JavaScript value for each group. */
interface PluginState<S> extends AggregateState {
  readonly groups: readonly S[];
}

/** Makes an aggregate of a plugin's aggregation. Its argument is one amount; nulls and NaN are left out. */
export function pluginAggregate<S>(a: PluginAggregation<S>): Aggregate {
  const type = (t: ValueType): ValueType =>
    a.type === "same" ? t : a.type === undefined ? valueType("float") : valueType(a.type);
  return aggregate<PluginState<S>>({
    name: a.name,
    signature: a.signature ?? `${a.name}(x)`,
    doc: a.doc,
    minArgs: 1,
    maxArgs: 1,
    constantsFrom: 1,
    merges: "within its bound",
    type: ([t]) =>
      isSummable(t.type) ? type(t) : { error: `"${a.name}" does not take ${typeText(t)}`, hint: "It takes amounts" },
    kind: () => `plugin ${a.name}`,
    create: () => pluginState(a),
    result(state, { groupCount, types }) {
      const t = type(types[0]);
      const whole = isIntegerType(t.type);
      const values = Array.from({ length: groupCount }, (_, g) => {
        const v = a.result(g < state.groups.length ? state.groups[g] : a.init());
        if (v === null || Number.isNaN(v) || whole && !Number.isFinite(v)) return null;
        return whole ? Math.round(v) + 0 : v;
      });
      return columnFrom(values, t.unsigned);
    },
  });
}

function pluginState<S>(a: PluginAggregation<S>): PluginState<S> {
  const groups: S[] = [];
  const grow = (n: number): void => {
    for (let g = groups.length; g < n; g++) groups.push(a.init());
  };
  return {
    groups,
    add(of, [column], rows, groupCount): void {
      grow(groupCount);
      if (column.kind !== "number" && column.kind !== "big") {
        if (rows > 0) throw new TypeError(`"${a.name}" does not take a ${column.kind} column`);
        return;
      }
      const { values, nulls } = column;
      for (let i = 0; i < rows; i++) {
        const v = Number(values[i]);
        if (nulls && nulls[i] !== 0 || Number.isNaN(v)) continue;
        groups[of[i]] = a.add(groups[of[i]], v);
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const theirs = (other as PluginState<S>).groups;
      for (let g = 0; g < Math.min(map.length, theirs.length); g++) {
        groups[map[g]] = a.merge(groups[map[g]], theirs[g]);
      }
    },
  };
}
