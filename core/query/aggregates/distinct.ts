import { hashed, hashValue } from "./_hash.ts";
import type { AggregateState } from "./aggregate.ts";

/** Up to so many different values are counted exactly. */
export const DISTINCT_EXACT = 1024;
/** HyperLogLog registers beyond that: standard error 1.04 / √4096 = 1.6 %. */
export const DISTINCT_REGISTERS = 4096;

type Value = number | bigint | string;

/**
 * How many different values there are: a set of at most {@linkcode DISTINCT_EXACT}, then HyperLogLog registers. What
 * a state holds depends on the values alone, never on their order or on how they were split, so merging is bit-equal.
 */
export interface DistinctState extends AggregateState {
  readonly groups: readonly (Set<Value> | Uint8Array)[];
}

export function distinctState(): DistinctState {
  const all: (Set<Value> | Uint8Array)[] = [];
  const grow = (n: number): void => {
    for (let g = all.length; g < n; g++) all.push(new Set());
  };
  const offer = (g: number, v: Value): void => {
    const s = all[g];
    if (s instanceof Uint8Array) register(s, v);
    else if (s.add(v).size > DISTINCT_EXACT) all[g] = registersOf(s);
  };
  return {
    groups: all,
    add(groups, [column], rows, groupCount): void {
      grow(groupCount);
      switch (column.kind) {
        case "string":
          for (let i = 0; i < rows; i++) if (column.codes[i] >= 0) offer(groups[i], column.dict[column.codes[i]]);
          break;
        case "big":
          for (let i = 0; i < rows; i++) if (!column.nulls?.[i]) offer(groups[i], canonical(column.values[i]));
          break;
        case "number":
          for (let i = 0; i < rows; i++) if (!column.nulls?.[i]) offer(groups[i], column.values[i] + 0);
          break;
        case "object":
          for (let i = 0; i < rows; i++) {
            const v = column.values[i] ?? null;
            if (v !== null) offer(groups[i], JSON.stringify(v));
          }
      }
    },
    merge(other, map, groupCount): void {
      grow(groupCount);
      const theirs = (other as DistinctState).groups;
      for (let g = 0; g < map.length; g++) {
        const s = theirs[g];
        if (!s) continue;
        if (!(s instanceof Uint8Array)) {
          for (const v of s) offer(map[g], v);
          continue;
        }
        const mine = all[map[g]];
        const registers = mine instanceof Uint8Array ? mine : registersOf(mine);
        for (let r = 0; r < registers.length; r++) if (s[r] > registers[r]) registers[r] = s[r];
        all[map[g]] = registers;
      }
    },
  };
}

/** The number of different values in a group. */
export function distinctCount(group: Set<Value> | Uint8Array | undefined): number {
  if (!group) return 0;
  return group instanceof Uint8Array ? Math.round(estimate(group)) : group.size;
}

/** Integers that a double holds exactly are numbers, wherever they came from. */
function canonical(v: bigint): Value {
  const n = Number(v);
  return Number.isSafeInteger(n) ? n : v;
}

function registersOf(values: Set<Value>): Uint8Array {
  const registers = new Uint8Array(DISTINCT_REGISTERS);
  for (const v of values) register(registers, v);
  return registers;
}

/** The first 12 bits of the hash choose the register, which keeps the longest run of zeros seen in the other 52. */
function register(registers: Uint8Array, v: Value): void {
  hashValue(v);
  const r = hashed[0] >>> 20;
  const high = hashed[0] << 12;
  const zeros = high !== 0 ? Math.clz32(high) : 20 + Math.clz32(hashed[1]);
  if (zeros + 1 > registers[r]) registers[r] = zeros + 1;
}

/** Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6: unbiased at all sizes. */
function estimate(registers: Uint8Array): number {
  const m = registers.length, q = 52;
  const counts = new Float64Array(q + 2);
  for (const k of registers) counts[k]++;
  let z = m * tau(1 - counts[q + 1] / m);
  for (let k = q; k >= 1; k--) z = 0.5 * (z + counts[k]);
  z += m * sigma(counts[0] / m);
  return m / (2 * Math.LN2) * m / z;
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1, z = x, last = -1;
  while (z !== last) {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1, z = 1 - x, last = -1;
  while (z !== last) {
    x = Math.sqrt(x);
    last = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
