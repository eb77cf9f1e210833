import type { Column } from "../../core/data/mod.ts";

/** Collects 64-bit integers that come as two words: doubles while all are exact, exact 64 bits from the first that is not. */
export interface NumberColumnBuilder {
  add(low: number, high: number): void;
  addNull(): void;
  /** The column so far; starts over. */
  take(): Column;
}

const TWO_32 = 0x1_0000_0000;
/** High words below this make a number below 2^53. */
const SAFE_HIGH = 0x20_0000;

export function numberColumn(unsigned: boolean): NumberColumnBuilder {
  let values = new Float64Array(256);
  let big: BigInt64Array | BigUint64Array | null = null;
  let nulls: Uint8Array | null = null;
  let n = 0;

  const grow = (): void => {
    const size = n * 2;
    const wider = new Float64Array(size);
    wider.set(values);
    values = wider;
    if (big) {
      const more = unsigned ? new BigUint64Array(size) : new BigInt64Array(size);
      more.set(big as BigInt64Array & BigUint64Array);
      big = more;
    }
    if (nulls) {
      const more = new Uint8Array(size);
      more.set(nulls);
      nulls = more;
    }
  };
  const widen = (): BigInt64Array | BigUint64Array => {
    const wide = unsigned ? new BigUint64Array(values.length) : new BigInt64Array(values.length);
    for (let i = 0; i < n; i++) wide[i] = BigInt(values[i]);
    return wide;
  };

  return {
    add(low, high): void {
      if (n === values.length) grow();
      const top = unsigned ? high >>> 0 : high | 0;
      if (big === null && top < SAFE_HIGH && top >= -SAFE_HIGH) values[n++] = top * TWO_32 + (low >>> 0);
      else {
        big ??= widen();
        big[n++] = (BigInt(top) << 32n) | BigInt(low >>> 0);
      }
    },
    addNull(): void {
      if (n === values.length) grow();
      nulls ??= new Uint8Array(values.length);
      nulls[n] = 1;
      if (big) big[n] = 0n;
      values[n++] = 0;
    },
    take(): Column {
      const marks = nulls?.slice(0, n);
      const column: Column = big
        ? { kind: "big", values: big.slice(0, n), ...(marks && { nulls: marks }) }
        : { kind: "number", values: values.slice(0, n), ...(marks && { nulls: marks }) };
      n = 0;
      big = null;
      nulls = null;
      return column;
    },
  };
}
