import type { Timeline } from "../../data/mod.ts";

/** Puts a timeline together, sample by sample. */
export interface TimelineBuilder {
  add(timeNs: number, stack: number, value: number): void;
  /** The samples in the order of time. @param startNs Unix time of 0, where it is known */
  build(startNs: bigint | null): Timeline;
}

/** Samples may come in any order; what is equal in time stays in the order in which it came. */
export function timelineBuilder(): TimelineBuilder {
  let timeNs = new Float64Array(1 << 10);
  let stack = new Uint32Array(1 << 10);
  let value = new Float64Array(1 << 10);
  let count = 0;
  let sorted = true;

  const grow = (): void => {
    const size = count * 2;
    const [t, s, v] = [new Float64Array(size), new Uint32Array(size), new Float64Array(size)];
    t.set(timeNs);
    s.set(stack);
    v.set(value);
    [timeNs, stack, value] = [t, s, v];
  };
  return {
    add: (t, s, v) => {
      if (count === timeNs.length) grow();
      if (count > 0 && t < timeNs[count - 1]) sorted = false;
      timeNs[count] = t;
      stack[count] = s;
      value[count++] = v;
    },
    build: (startNs) => {
      const all = {
        startNs,
        timeNs: timeNs.slice(0, count),
        stack: stack.slice(0, count),
        value: value.slice(0, count),
      };
      if (sorted) return all;
      const order = Uint32Array.from(all.timeNs.keys()).sort((a, b) => all.timeNs[a] - all.timeNs[b] || a - b);
      return {
        startNs,
        timeNs: Float64Array.from(order, (i) => all.timeNs[i]),
        stack: Uint32Array.from(order, (i) => all.stack[i]),
        value: Float64Array.from(order, (i) => all.value[i]),
      };
    },
  };
}
