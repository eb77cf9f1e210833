/** When samples were taken, as they come: growing columns, no object a sample. */
export interface SampleTimes {
  readonly length: number;
  /** Nanoseconds of the samples' clock. */
  readonly timeNs: Float64Array;
  /** Numbers of chains in the stack table. */
  readonly chain: Uint32Array;
  /** Nanoseconds that each sample stands for. */
  readonly weight: Float64Array;
  add(timeNs: number, chain: number, weight: number): void;
}

/** Takes 20 bytes a sample. */
export function createSampleTimes(): SampleTimes {
  let length = 0;
  let timeNs = new Float64Array(1 << 12);
  let chain = new Uint32Array(1 << 12);
  let weight = new Float64Array(1 << 12);
  return {
    get length() {
      return length;
    },
    get timeNs() {
      return timeNs;
    },
    get chain() {
      return chain;
    },
    get weight() {
      return weight;
    },
    add: (time, number, w) => {
      if (length === timeNs.length) {
        const times = new Float64Array(length * 2),
          chains = new Uint32Array(length * 2),
          all = new Float64Array(length * 2);
        times.set(timeNs);
        chains.set(chain);
        all.set(weight);
        timeNs = times;
        chain = chains;
        weight = all;
      }
      timeNs[length] = time;
      chain[length] = number;
      weight[length++] = w;
    },
  };
}
