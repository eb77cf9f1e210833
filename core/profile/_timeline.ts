/** When samples were taken, as they come: growing columns, no object a sample. */
export interface SampleTimes {
  readonly length: number;
  /** Nanoseconds of the samples' clock. */
  readonly timeNs: Float64Array;
  /** Numbers of chains in the stack table. */
  readonly chain: Uint32Array;
  /** Nanoseconds that each sample stands for. */
  readonly weight: Float64Array;
  /** Samples that came when there was no room any more: the timeline ends before them. */
  readonly dropped: number;
  add(timeNs: number, chain: number, weight: number): void;
}

/**
 * Takes 20 bytes a sample.
 *
 * @param limit most samples kept; by default 20 million, which are 400 MB
 */
export function createSampleTimes(limit = 20_000_000): SampleTimes {
  let length = 0;
  let dropped = 0;
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
    get dropped() {
      return dropped;
    },
    add: (time, number, w) => {
      if (length >= limit) {
        dropped++;
        return;
      }
      if (length === timeNs.length) {
        const room = Math.min(length * 2, limit);
        const times = new Float64Array(room),
          chains = new Uint32Array(room),
          all = new Float64Array(room);
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
