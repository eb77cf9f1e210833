import { type Cell, cellAt, type Column, type Frame } from "../data/mod.ts";

/** Numbers the different values of one key, from 0 in the order in which they come. */
export interface Interner {
  readonly values: readonly Cell[];
  /**
   * The number of each row's value.
   *
   * @param limit when there are as many values, those not known yet get -1
   */
  ids(column: Column, rows: number, limit: number): Int32Array;
}

/** Integers from 0 up to this are found in a table by their value. */
const SMALL = 1 << 16;
/** Of a text that was not looked up yet. */
const UNSEEN = -2;

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);

/** Null is a value, and equal integers are equal in any representation. */
export function interner(): Interner {
  const values: Cell[] = [];
  // Texts, and what is neither text nor a double. Null is in here too.
  const known = new Map<unknown, number>();
  let limit = Infinity;
  // Number + 1 of small integers; 0 is unknown.
  let small = new Int32Array(256);
  // Other doubles, by open addressing: the value, and its number + 1; 0 is free.
  let slots = 64;
  let keys = new Float64Array(slots), numbers = new Int32Array(slots);
  let used = 0;
  // The last dictionary and the number of each of its texts.
  let dict: readonly string[] | null = null;
  let codes = new Int32Array(0);

  const add = (value: Cell): number => values.length < limit ? values.push(value) - 1 : -1;
  const idOf = (key: unknown, value: Cell): number => {
    let id = known.get(key);
    if (id === undefined) {
      id = add(value);
      if (id >= 0) known.set(key, id);
    }
    return id;
  };
  const slotOf = (v: number): number => {
    let h = hash(v) & slots - 1;
    while (numbers[h] !== 0 && keys[h] !== v) h = h + 1 & slots - 1;
    return h;
  };
  const addNumber = (v: number): number => {
    if (Number.isNaN(v)) return idOf(NaN, NaN);
    const id = add(v + 0);
    if (id < 0) return id;
    if (isSmall(v)) {
      if (v >= small.length) {
        const wider = new Int32Array(2 ** Math.ceil(Math.log2(v + 1)));
        wider.set(small);
        small = wider;
      }
      small[v] = id + 1;
      return id;
    }
    if (++used * 2 > slots) {
      const [oldKeys, oldNumbers] = [keys, numbers];
      slots *= 2;
      keys = new Float64Array(slots);
      numbers = new Int32Array(slots);
      for (let i = 0; i < oldKeys.length; i++) {
        if (oldNumbers[i] === 0) continue;
        const at = slotOf(oldKeys[i]);
        keys[at] = oldKeys[i];
        numbers[at] = oldNumbers[i];
      }
    }
    const at = slotOf(v);
    keys[at] = v;
    numbers[at] = id + 1;
    return id;
  };
  const numberId = (v: number): number => {
    const id = isSmall(v) ? v < small.length ? small[v] : 0 : numbers[slotOf(v)];
    return id > 0 ? id - 1 : addNumber(v);
  };

  const texts = (column: Extract<Column, { kind: "string" }>, out: Int32Array): void => {
    if (column.dict !== dict || codes.length < column.dict.length) {
      // Batches of one reader share a list that only grows.
      const wider = new Int32Array(Math.max(column.dict.length, column.dict === dict ? codes.length * 2 : 0));
      wider.fill(UNSEEN);
      if (column.dict === dict) wider.set(codes);
      dict = column.dict;
      codes = wider;
    }
    for (let i = 0; i < out.length; i++) {
      const code = column.codes[i];
      if (code < 0) out[i] = idOf(null, null);
      else {
        let id = codes[code];
        if (id === UNSEEN) codes[code] = id = idOf(dict[code], dict[code]);
        out[i] = id;
      }
    }
  };

  return {
    values,
    ids(column, rows, most): Int32Array {
      limit = most;
      const out = new Int32Array(rows);
      switch (column.kind) {
        case "string":
          texts(column, out);
          return out;
        case "number": {
          const { values: v, nulls } = column;
          for (let i = 0; i < rows; i++) out[i] = nulls && nulls[i] !== 0 ? idOf(null, null) : numberId(v[i]);
          return out;
        }
        case "big":
          for (let i = 0; i < rows; i++) {
            const cell = cellAt(column, i);
            if (cell === null) out[i] = idOf(null, null);
            else {
              const n = Number(cell);
              out[i] = Number.isSafeInteger(n) ? numberId(n) : idOf(cell, cell);
            }
          }
          return out;
        case "object": {
          // The same object is the common case: frames are shared between rows.
          const seen = new Map<unknown, number>();
          for (let i = 0; i < rows; i++) {
            const cell = cellAt(column, i);
            let id = seen.get(cell);
            if (id === undefined) {
              id = idOf(cell === null ? null : objectKey(cell), cell);
              seen.set(cell, id);
            }
            out[i] = id;
          }
          return out;
        }
      }
    },
  };
}

function isSmall(v: number): boolean {
  return v >= 0 && v < SMALL && (v | 0) === v;
}

/** Both zeros are one value. */
function hash(v: number): number {
  f64[0] = v + 0;
  let h = Math.imul(words[0], 0x9e37_79b1) + words[1] | 0;
  h = Math.imul(h ^ h >>> 15, 0x85eb_ca6b);
  return h ^ h >>> 13;
}

/**
 * What makes two cells one group. Stacks are the same when their functions are: the addresses within, and so the lines,
 * differ with every caller's loop, and engines that group them elsewhere tell them apart by names as well.
 */
function objectKey(cell: Cell): string {
  if (!Array.isArray(cell)) return JSON.stringify(cell);
  return JSON.stringify((cell as readonly Frame[]).map((f) => [f.function, f.module]));
}
