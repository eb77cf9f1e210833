/** Addresses that one file may have in its cache: beyond, it is emptied. */
const MAX_ENTRIES = 1 << 20;

/** A map from addresses to rules without an object an entry: open addressing over typed arrays. */
export class RuleCache {
  #keys = new Float64Array(64).fill(NaN);
  #values = new Int32Array(64);
  #mask = 63;
  #used = 0;

  /** @returns -1 when the address is not in it */
  get(address: number): number {
    const keys = this.#keys;
    const mask = this.#mask;
    for (let i = slot(address) & mask;; i = i + 1 & mask) {
      const key = keys[i];
      if (key === address) return this.#values[i];
      if (key !== key) return -1;
    }
  }

  set(address: number, rule: number): void {
    if (this.#used >= MAX_ENTRIES) this.#resize(64, false);
    else if (this.#used * 2 > this.#mask) this.#resize((this.#mask + 1) * 4, true);
    this.#put(address, rule);
    this.#used++;
  }

  #put(address: number, rule: number): void {
    let i = slot(address) & this.#mask;
    while (this.#keys[i] === this.#keys[i]) i = i + 1 & this.#mask;
    this.#keys[i] = address;
    this.#values[i] = rule;
  }

  #resize(size: number, keep: boolean): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(size).fill(NaN);
    this.#values = new Int32Array(size);
    this.#mask = size - 1;
    this.#used = keep ? this.#used : 0;
    if (keep) keys.forEach((key, i) => key === key && this.#put(key, values[i]));
  }
}

/** Neighbouring addresses go far apart (Fibonacci hashing). */
function slot(address: number): number {
  const h = Math.imul(address | 0, 0x9e3779b1);
  return h ^ h >>> 15;
}
