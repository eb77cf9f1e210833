import { type Column, columnFrom } from "../../data/mod.ts";
import type { ValueType } from "../expr.ts";
import { isFloatType } from "../type_classes.ts";
import { growFloats } from "./grow.ts";
import type { AggregateState } from "./aggregate.ts";

/** Sum and number of values. Integers are exact at any size; floats are compensated (Neumaier). */
export interface SumState extends AggregateState {
  readonly integer: boolean;
  readonly counts: Float64Array;
  /** The running sums; of integers the part since the last spill. */
  readonly sums: Float64Array;
  /** What the running sums of floats lack. */
  readonly rests: Float64Array;
  /** Integers: what was taken out of `sums` before it could become inexact. */
  readonly spilled: ReadonlyMap<number, bigint>;
  /** The exact sum of a group of integers. */
  exact(group: number): bigint;
  /** The sum of a group as a double. */
  value(group: number): number;
}

export function sumState(t: ValueType): SumState {
  const integer = !isFloatType(t.type);
  let counts: Float64Array = new Float64Array(0),
    sums: Float64Array = new Float64Array(0),
    rests: Float64Array = new Float64Array(0);
  const spilled = new Map<number, bigint>();

  const grow = (n: number): void => {
    counts = growFloats(counts, n);
    sums = growFloats(sums, n);
    rests = growFloats(rests, n);
  };
  const spill = (g: number, v: bigint): void => {
    spilled.set(g, (spilled.get(g) ?? 0n) + v);
  };
  const addInteger = (g: number, v: number): void => {
    const s = sums[g] + v;
    if (s <= Number.MAX_SAFE_INTEGER && s >= -Number.MAX_SAFE_INTEGER) sums[g] = s;
    else {
      spill(g, BigInt(Math.trunc(sums[g])));
      sums[g] = v;
    }
  };
  const addFloat = (g: number, v: number): void => {
    const s = sums[g], next = s + v;
    rests[g] += Math.abs(s) >= Math.abs(v) ? (s - next) + v : (v - next) + s;
    sums[g] = next;
  };

  const state: SumState = {
    integer,
    get counts() {
      return counts;
    },
    get sums() {
      return sums;
    },
    get rests() {
      return rests;
    },
    spilled,
    add(groups, [column], rows, groupCount): void {
      grow(groupCount);
      if (column.kind !== "number" && column.kind !== "big") {
        if (rows > 0) throw new TypeError(`a ${column.kind} column cannot be summed`);
        return;
      }
      const { values, nulls } = column;
      for (let i = 0; i < rows; i++) {
        if (nulls && nulls[i] !== 0) continue;
        const g = groups[i], v = values[i];
        counts[g]++;
        if (typeof v === "bigint") integer ? spill(g, v) : addFloat(g, Number(v));
        else if (integer) addInteger(g, v);
        else addFloat(g, v);
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const o = other as SumState;
      for (let g = 0; g < map.length; g++) {
        const to = map[g];
        if (!(o.counts[g] > 0)) continue;
        counts[to] += o.counts[g];
        if (integer) addInteger(to, o.sums[g]);
        else {
          addFloat(to, o.sums[g]);
          rests[to] += o.rests[g];
        }
      }
      for (const [g, v] of o.spilled) spill(map[g], v);
    },
    exact: (g) => (spilled.get(g) ?? 0n) + BigInt(Math.trunc(sums[g])),
    value(g): number {
      if (integer) return spilled.has(g) ? Number(state.exact(g)) : sums[g];
      // An infinite sum leaves NaN in the rest.
      return Number.isFinite(sums[g]) ? sums[g] + rests[g] : sums[g];
    },
  };
  return state;
}

/** Sums as a column of type `t`; integers wrap to 64 bits, as they do in the kernel. */
export function sumColumn(state: SumState, t: ValueType, groupCount: number): Column {
  const out: (number | bigint | null)[] = [];
  for (let g = 0; g < groupCount; g++) {
    if (!(state.counts[g] > 0)) out.push(null);
    else if (!state.spilled.has(g)) out.push(state.value(g));
    else out.push(t.unsigned ? BigInt.asUintN(64, state.exact(g)) : BigInt.asIntN(64, state.exact(g)));
  }
  return columnFrom(out, t.unsigned);
}

/** One number a group from `f`, null where it is or where nothing was counted. */
export function numbersOf(counts: Float64Array, groupCount: number, f: (group: number) => number | null): Column {
  const values = new Float64Array(groupCount);
  let nulls: Uint8Array | undefined;
  for (let g = 0; g < groupCount; g++) {
    const v = counts[g] > 0 ? f(g) : null;
    if (v === null) (nulls ??= new Uint8Array(groupCount))[g] = 1;
    else values[g] = v;
  }
  return nulls ? { kind: "number", values, nulls } : { kind: "number", values };
}
