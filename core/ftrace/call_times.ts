/** How long calls of a function took. Times in ns. */
export interface CallTimes {
  /** Of the function, as the signed reading of 64 bits. */
  readonly address: number;
  calls: number;
  /** All of it, callees included. */
  totalNs: number;
  /** Without what was spent in callees that were traced. */
  selfNs: number;
  minNs: number;
  maxNs: number;
  /** Calls by power of two: [2^(i-1), 2^i) ns; the first is 0 ns. */
  readonly buckets: number[];
}

/** Sums up returns of functions, in the order of time. */
export interface CallSums {
  /**
   * @param task of the thread; each CPU's idle task is one of its own
   * @param depth levels of traced functions above it
   */
  exit(task: number, address: number, depth: number, calledNs: number, durationNs: number): void;
  readonly times: ReadonlyMap<number, CallTimes>;
}

/** Calls that have returned, and whose caller has not: as three numbers each. */
type Open = number[];

/** A call that waits for ever does not keep more than this of what returned in it. */
const MAX_DEPTH = 512;

/** Callees return before their caller: what has returned below a depth, since a call began, was called by it. */
export function createCallSums(): CallSums {
  const times = new Map<number, CallTimes>();
  const tasks = new Map<number, Open>();
  return {
    times,
    exit(task, address, depth, calledNs, durationNs): void {
      let open = tasks.get(task);
      if (!open) tasks.set(task, open = []);
      let below = 0;
      // Each: depth, time, beginning of the first.
      while (open.length > 0 && open[open.length - 3] > depth) {
        // What began before this call is of one whose return was lost.
        if (open[open.length - 1] >= calledNs) below += open[open.length - 2];
        open.length -= 3;
      }
      if (open.length > 0 && open[open.length - 3] === depth) open[open.length - 2] += durationNs;
      else if (depth > 0 && open.length < 3 * MAX_DEPTH) open.push(depth, durationNs, calledNs);
      add(times, address, durationNs, Math.max(0, durationNs - below));
    },
  };
}

function add(times: Map<number, CallTimes>, address: number, durationNs: number, selfNs: number): void {
  let sum = times.get(address);
  if (!sum) {
    sum = { address, calls: 0, totalNs: 0, selfNs: 0, minNs: Infinity, maxNs: 0, buckets: [] };
    times.set(address, sum);
  }
  sum.calls++;
  sum.totalNs += durationNs;
  sum.selfNs += selfNs;
  if (durationNs < sum.minNs) sum.minNs = durationNs;
  if (durationNs > sum.maxNs) sum.maxNs = durationNs;
  const bucket = durationNs < 1 ? 0 : Math.floor(Math.log2(durationNs)) + 1;
  sum.buckets[bucket] = (sum.buckets[bucket] ?? 0) + 1;
}
