import { syscallName } from "../host/mod.ts";
import { clockNs } from "../sys/mod.ts";
import type { CallSink } from "./_call_sink.ts";

/** What is known of all calls of one name. */
export interface CallCount {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  /** Time spent in them: ns. */
  readonly ns: number;
}

/** Counts calls that return, as `strace -c` does: what never returns (exit_group) is not counted. */
export interface CountSink extends CallSink {
  counts(): CallCount[];
}

/** @param wall time is that of the clock from entry to exit; else the system CPU time of the calling process */
export function countSink(wall: boolean): CountSink {
  const table = new Float64Array(KNOWN * WORDS);
  const others = new Map<number, Float64Array>();
  const rowOf = (nr: number): Float64Array => {
    let row = others.get(nr);
    if (!row) others.set(nr, row = new Float64Array(WORDS));
    return row;
  };
  const nothing = (): void => {};
  return {
    entry: nothing,
    exit: (t, systemNs) => {
      const { nr } = t;
      const known = nr >= 0 && nr < KNOWN;
      const row = known ? table : rowOf(nr);
      const at = known ? nr * WORDS : 0;
      row[at]++;
      if (t.error !== 0) row[at + 1]++;
      row[at + 2] += wall ? clockNs() - t.startedNs : systemNs;
    },
    signal: nothing,
    stopped: nothing,
    ended: nothing,
    superseded: nothing,
    end: nothing,
    note: nothing,
    counts: () => {
      const counts: CallCount[] = [];
      const add = (nr: number, row: Float64Array, at: number): void => {
        const [calls, errors, ns] = row.subarray(at, at + WORDS);
        if (calls > 0) counts.push({ name: syscallName(nr), calls, errors, ns });
      };
      for (let nr = 0; nr < KNOWN; nr++) add(nr, table, nr * WORDS);
      for (const [nr, row] of others) add(nr, row, 0);
      return counts;
    },
  };
}

/** Numbers below this have their row in one table. */
const KNOWN = 1024;
/** Calls, errors, ns. */
const WORDS = 3;
