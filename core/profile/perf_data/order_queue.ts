/** Takes a record out of the queue: where it lies, valid during the call. */
export type TakeRecord = (words: Uint32Array, at: number, tag: number) => void;

/** Records waiting for their turn in time. */
export interface OrderQueue {
  /**
   * @param length words of the record, copied
   * @param time ascending times come out first; equal ones in the order they came in
   * @param tag comes out with the record
   */
  add(words: Uint32Array, at: number, length: number, time: number, tag: number): void;
  /** Takes out, in the order of time, everything up to a time. */
  flush(upTo: number, take: TakeRecord): void;
  /** The latest time that came in. */
  readonly latest: number;
  /** Words that wait. */
  readonly words: number;
  /** A time that half of the waiting records lie at or below. */
  middle(): number;
}

/**
 * A queue that sorts by time what is in it, by merging the runs that are in order already: a file holds one after
 * another what each CPU's ring held, so runs are few and long.
 */
export function orderQueue(): OrderQueue {
  let arena = new Uint32Array(1 << 16);
  let used = 0;
  let count = 0;
  let times = new Float64Array(1 << 12);
  let starts = new Uint32Array(1 << 12);
  let tags = new Int32Array(1 << 12);
  let latest = -Infinity;

  return {
    get latest() {
      return latest;
    },
    get words() {
      return used;
    },
    add: (words, at, length, time, tag) => {
      if (used + length > arena.length) {
        arena = grown(arena, new Uint32Array(Math.max(arena.length * 2, used + length)));
      }
      if (count + 1 >= times.length) {
        times = grown(times, new Float64Array(times.length * 2));
        starts = grown(starts, new Uint32Array(starts.length * 2));
        tags = grown(tags, new Int32Array(tags.length * 2));
      }
      if (length > 64) arena.set(words.subarray(at, at + length), used);
      else for (let i = 0; i < length; i++) arena[used + i] = words[at + i];
      times[count] = time;
      starts[count] = used;
      tags[count++] = tag;
      used += length;
      if (time > latest) latest = time;
    },
    middle: () => {
      const sorted = times.slice(0, count).sort();
      return sorted[count >>> 1];
    },
    flush: (upTo, take) => {
      const chosen = new Uint32Array(count);
      let n = 0;
      for (let i = 0; i < count; i++) if (times[i] <= upTo) chosen[n++] = i;
      if (n === 0) return;
      const order = mergeRuns(chosen.subarray(0, n), times);
      for (let i = 0; i < n; i++) take(arena, starts[order[i]], tags[order[i]]);
      if (n === count) {
        used = count = 0;
        return;
      }
      // What stays moves to the front, in the order it came.
      let kept = 0;
      let to = 0;
      for (let i = 0; i < count; i++) {
        if (times[i] <= upTo) continue;
        const next = i + 1 < count ? starts[i + 1] : used;
        arena.copyWithin(to, starts[i], next);
        const length = next - starts[i];
        times[kept] = times[i];
        tags[kept] = tags[i];
        starts[kept++] = to;
        to += length;
      }
      count = kept;
      used = to;
    },
  };
}

/** Indexes in the order of their times: pairs of neighbouring ascending runs are merged until one is left. Stable. */
function mergeRuns(order: Uint32Array, times: Float64Array): Uint32Array {
  const n = order.length;
  let bounds = [0];
  for (let i = 1; i < n; i++) if (times[order[i]] < times[order[i - 1]]) bounds.push(i);
  bounds.push(n);
  let from: Uint32Array = order;
  let to: Uint32Array = new Uint32Array(n);
  while (bounds.length > 2) {
    const merged = [0];
    for (let r = 0; r + 1 < bounds.length; r += 2) {
      const lo = bounds[r];
      const mid = bounds[r + 1];
      const hi = r + 2 < bounds.length ? bounds[r + 2] : mid;
      let a = lo;
      let b = mid;
      for (let i = lo; i < hi; i++) {
        to[i] = b >= hi || (a < mid && times[from[a]] <= times[from[b]]) ? from[a++] : from[b++];
      }
      merged.push(hi);
    }
    [from, to] = [to, from];
    bounds = merged;
  }
  return from;
}

function grown<T extends Float64Array | Uint32Array | Int32Array>(from: T, into: T): T {
  into.set(from as never);
  return into;
}
