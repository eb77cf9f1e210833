import type { Column } from "../../data/mod.ts";

/** Collects 64-bit integers that come as two words. */
export interface NumberColumnBuilder {
  add(low: number, high: number): void;
  addNull(): void;
  /** The column so far, as doubles when all are exact; starts over. */
  take(): Column;
}

const TWO_32 = 0x1_0000_0000;
/** High words below this, in magnitude, make a number that a double holds exactly. */
const SAFE_HIGH = 0x20_0000;

export function numberColumn(unsigned: boolean): NumberColumnBuilder {
  let words = new Uint32Array(512);
  let nulls: Uint8Array | null = null;
  let exact = true;
  let n = 0;

  const grow = (): void => {
    const more = new Uint32Array(words.length * 2);
    more.set(words);
    words = more;
    if (nulls) {
      const wider = new Uint8Array(n * 2);
      wider.set(nulls);
      nulls = wider;
    }
  };

  return {
    add(low, high): void {
      if (2 * n === words.length) grow();
      words[2 * n] = low;
      words[2 * n + 1] = high;
      n++;
      const top = unsigned ? high >>> 0 : high | 0;
      if (top >= SAFE_HIGH || top < -SAFE_HIGH) exact = false;
    },
    addNull(): void {
      if (2 * n === words.length) grow();
      nulls ??= new Uint8Array(words.length / 2);
      nulls[n] = 1;
      words[2 * n] = words[2 * n + 1] = 0;
      n++;
    },
    take(): Column {
      const marks = nulls ? { nulls: nulls.slice(0, n) } : {};
      let column: Column;
      if (exact) {
        const values = new Float64Array(n);
        for (let i = 0; i < n; i++) {
          const high = words[2 * i + 1];
          values[i] = (unsigned ? high : high | 0) * TWO_32 + words[2 * i];
        }
        column = { kind: "number", values, ...marks };
      } else {
        const { buffer } = words.slice(0, 2 * n);
        column = { kind: "big", values: unsigned ? new BigUint64Array(buffer) : new BigInt64Array(buffer), ...marks };
      }
      n = 0;
      nulls = null;
      exact = true;
      return column;
    },
  };
}
