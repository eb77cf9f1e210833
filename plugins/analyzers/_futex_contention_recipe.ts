import type { Analysis, Cell, HistogramCell, Quality, Results, SondeApi, Table } from "../../core/plugin_api/mod.ts";
import { type AddedHistograms, addedHistograms } from "./_added_histograms.ts";
import { futexOperation } from "./_futex_operation.ts";

type Row = Readonly<Record<string, Cell>>;

/** Sums of waits of one lock, or of one thread at it. */
interface Sum {
  readonly key: Row;
  readonly durations: AddedHistograms;
  readonly tids: Set<Cell>;
  waits: number;
  delay: number;
  max: number;
  timeouts: number;
  interrupted: number;
  missed: number;
  wakes: number;
  woken: number;
}

/** The results of `futex_contention.perf` as the analyzer's tables. */
export function futexContentionFromRecipe({ data }: SondeApi, results: Results): Analysis {
  const table = (name: string): Table | null => {
    const result = results[name];
    return result?.kind === "table" ? result : null;
  };
  const waits = table("waits");
  if (!waits) throw new TypeError("futex_contention has no result waits");
  const stacks = table("stacks"), wakes = table("wakes");
  const locks = new Map<string, Sum>();
  const waiters = new Map<string, Sum>();
  for (const row of data.recordsOf(waits)) {
    const { pid, tid, comm, address, outcome } = row;
    const { operation, shared } = futexOperation(Number(row.operation));
    const where = { pid, comm, processes: 1, address, shared };
    const sums = [
      sumOf(locks, `${pid} ${address}`, where),
      sumOf(waiters, `${tid} ${address} ${operation}`, { pid, tid, comm, address, operation }),
    ];
    for (const sum of sums) addWaits(sum, row, String(outcome));
  }
  const wakers = (wakes ? data.recordsOf(wakes) : []).map((row) => {
    const { pid, tid, comm, address, calls } = row;
    const { operation } = futexOperation(Number(row.operation));
    // unlock_pi answers 0 when it has handed the lock on.
    const [woken, nobody] = operation === "unlock_pi" ? [row.nobody, 0] : [row.woken, row.nobody];
    const lock = locks.get(`${pid} ${address}`);
    if (lock) {
      lock.wakes += Number(calls);
      lock.woken += Number(woken);
    }
    return { pid, tid, comm, address, operation, calls, woken, nobody };
  });
  const qualities: Quality[] = [waits, stacks, wakes].flatMap((t) => t ? [t.quality] : []);
  const quality = data.mergeQuality(qualities);
  const notes = [
    "Only futex(2) itself, and waits that began and ended in the window. Not known: what waits on, how many wait at once, " +
    "who holds a lock.",
  ];
  return {
    tables: {
      locks: byDelay(locks).map((sum) => ({
        ...rowOf(sum),
        p50: sum.durations.quantile(0.5, sum.max),
        p99: sum.durations.quantile(0.99, sum.max),
        threads: sum.tids.size,
        interrupted: sum.interrupted,
        wakes: sum.wakes,
        woken: sum.woken,
      })),
      waiters: byDelay(waiters).map(rowOf),
      ...(wakes ? { wakers } : {}),
      ...(stacks
        ? {
          stacks: data.recordsOf(stacks).map((
            { pid, comm, address, operation, calls, delay, max_duration, stack },
          ) => ({
            ...{ pid, comm, address, operation: futexOperation(Number(operation)).operation },
            ...{ waits: calls, delay, max: max_duration, stack },
          })),
        }
        : {}),
    },
    quality: { ...quality, notes: [...notes, ...quality.notes] },
  };
}

function sumOf(sums: Map<string, Sum>, id: string, key: Row): Sum {
  let sum = sums.get(id);
  if (!sum) {
    const zero = { waits: 0, delay: 0, max: 0, timeouts: 0, interrupted: 0, missed: 0, wakes: 0, woken: 0 };
    sums.set(id, sum = { key, durations: addedHistograms(), tids: new Set(), ...zero });
  }
  return sum;
}

function addWaits(sum: Sum, row: Row, outcome: string): void {
  const calls = Number(row.calls);
  if (outcome === "missed") sum.missed += calls;
  if (outcome === "missed" || outcome === "error") return;
  sum.waits += calls;
  sum.delay += Number(row.delay);
  sum.max = Math.max(sum.max, Number(row.max_duration));
  sum.tids.add(row.tid);
  if (outcome === "timeout") sum.timeouts += calls;
  if (outcome === "interrupted") sum.interrupted += calls;
  if (row.hist_duration_64 !== null) sum.durations.add(row.hist_duration_64 as HistogramCell);
}

function byDelay(sums: ReadonlyMap<string, Sum>): Sum[] {
  return [...sums.values()].sort((a, b) => b.delay - a.delay);
}

function rowOf({ key, waits, delay, max, timeouts, missed }: Sum): Row {
  return { ...key, waits, delay, max, timeouts, missed };
}
