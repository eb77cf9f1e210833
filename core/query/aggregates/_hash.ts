/** Two 32-bit hashes of one value, left in {@linkcode hashed}: no object a call. */
export const hashed = new Uint32Array(2);

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);
const SEEDS = [0x9747_b28c, 0x3c6e_f372];

/** Hashes a number by its bits, a bigint by its low 64 bits, a text by its UTF-16 units (MurmurHash3's mixing). */
export function hashValue(value: number | bigint | string): void {
  for (let k = 0; k < 2; k++) {
    let h = SEEDS[k];
    let length = 2;
    if (typeof value === "string") {
      length = value.length;
      for (let i = 0; i < length; i++) h = mix(h, value.charCodeAt(i));
    } else {
      if (typeof value === "bigint") {
        words[0] = Number(value & 0xffff_ffffn);
        words[1] = Number((value >> 32n) & 0xffff_ffffn);
        // An integer and the double with the same bits are different values.
        h ^= 0x5bd1_e995;
      } else f64[0] = value + 0;
      h = mix(mix(h, words[0]), words[1]);
    }
    hashed[k] = finish(h ^ length);
  }
}

function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e_2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593);
  h ^= k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe654_6b64) | 0;
}

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
