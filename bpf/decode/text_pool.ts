/** Texts of records by number, each once. Equal bytes are found without decoding them again. */
export interface TextPool {
  readonly texts: readonly string[];
  /** The number of the text in `bytes[from, to)`; with `untilNul` it ends at the first NUL, if there is one. */
  intern(bytes: Uint8Array, from: number, to: number, untilNul: boolean): number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @param convert what is made of a decoded text, once for each distinct one */
export function textPool(convert: (text: string) => string = (text) => text): TextPool {
  const texts: string[] = [];
  const codes = new Map<string, number>();
  // An open-addressed table of what was seen: its hash, where its bytes lie in `store`, its number.
  let slots = 256;
  let hashes = new Uint32Array(slots);
  let starts = new Uint32Array(slots);
  let lengths = new Int32Array(slots).fill(-1);
  let numbers = new Uint32Array(slots);
  let used = 0;
  let store = new Uint8Array(8192);
  let stored = 0;

  const grow = (): void => {
    const old = { hashes, starts, lengths, numbers, slots };
    slots *= 2;
    hashes = new Uint32Array(slots);
    starts = new Uint32Array(slots);
    lengths = new Int32Array(slots).fill(-1);
    numbers = new Uint32Array(slots);
    for (let i = 0; i < old.slots; i++) {
      if (old.lengths[i] < 0) continue;
      let at = old.hashes[i] & slots - 1;
      while (lengths[at] >= 0) at = at + 1 & slots - 1;
      hashes[at] = old.hashes[i];
      starts[at] = old.starts[i];
      lengths[at] = old.lengths[i];
      numbers[at] = old.numbers[i];
    }
  };

  return {
    texts,
    intern(bytes, from, limit, untilNul): number {
      let hash = 2166136261;
      let to = from;
      for (; to < limit; to++) {
        const byte = bytes[to];
        if (byte === 0 && untilNul) break;
        hash = Math.imul(hash ^ byte, 16777619);
      }
      hash >>>= 0;
      const n = to - from;
      let at = hash & slots - 1;
      search: while (lengths[at] >= 0) {
        if (hashes[at] === hash && lengths[at] === n) {
          const start = starts[at];
          for (let i = 0; i < n; i++) {
            if (store[start + i] !== bytes[from + i]) {
              at = at + 1 & slots - 1;
              continue search;
            }
          }
          return numbers[at];
        }
        at = at + 1 & slots - 1;
      }
      // Different bytes may decode to the same text, where they are no UTF-8.
      const text = convert(decoder.decode(bytes.subarray(from, to)));
      let number = codes.get(text);
      if (number === undefined) {
        number = texts.length;
        texts.push(text);
        codes.set(text, number);
      }
      if (stored + n > store.length) {
        const bigger = new Uint8Array(Math.max(store.length * 2, stored + n));
        bigger.set(store.subarray(0, stored));
        store = bigger;
      }
      store.set(bytes.subarray(from, to), stored);
      hashes[at] = hash;
      starts[at] = stored;
      lengths[at] = n;
      numbers[at] = number;
      stored += n;
      if (++used * 2 > slots) grow();
      return number;
    },
  };
}
