import type { Column } from "../../data/mod.ts";

const TWO_32 = 0x1_0000_0000;
/** High words below this, in magnitude, make a number that a double holds exactly. */
const SAFE_HIGH = 0x20_0000;

/**
 * A column of 64-bit integers that lie in rows of words, low word first.
 *
 * @param words the rows, one behind the other
 * @param first word of the number in the first row
 * @param stride words of a row
 * @param end words of all rows
 * @returns doubles when all are exact, else 64-bit integers
 */
export function stridedNumbers(
  words: Uint32Array,
  first: number,
  stride: number,
  end: number,
  unsigned: boolean,
): Column {
  const n = end / stride;
  const values = new Float64Array(n);
  let exact = true;
  for (let i = 0, at = first; i < n; i++, at += stride) {
    const high = unsigned ? words[at + 1] : words[at + 1] | 0;
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) {
      exact = false;
      break;
    }
    values[i] = high * TWO_32 + words[at];
  }
  if (exact) return { kind: "number", values };
  const whole = new Uint32Array(2 * n);
  for (let i = 0, at = first; i < n; i++, at += stride) {
    whole[2 * i] = words[at];
    whole[2 * i + 1] = words[at + 1];
  }
  return { kind: "big", values: unsigned ? new BigUint64Array(whole.buffer) : new BigInt64Array(whole.buffer) };
}
