import type { Analysis, Cell, HistogramCell, Quality, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { type AddedHistograms, addedHistograms } from "./_added_histograms.ts";

/** Sums of rows of the recipe. */
interface Sum {
  readonly key: Readonly<Record<string, Cell>>;
  waits: number;
  delay: number;
  max: number;
  preemptions: number;
  preempted: number;
  readonly durations: AddedHistograms;
}

/** The results of `sched_latency.perf` as the analyzer's tables: waits of both kinds by process or thread, and by CPU. */
export function schedLatencyFromRecipe({ data }: SondeApi, results: Results): Analysis {
  const tasks = new Map<string, Sum>();
  const cpus = new Map<string, Sum>();
  const kinds = new Map<string, Sum>();
  const qualities: Quality[] = [];
  for (const [name, result] of Object.entries(results)) {
    if (result.kind !== "table" || (name !== "woken" && name !== "preempted")) continue;
    qualities.push(result.quality);
    for (const row of data.recordsOf(result)) {
      const { process, thread, comm, cpu } = row;
      // By process the recipe gives its number for the thread, too: a main thread alone is no other row.
      const tid = process === thread ? null : thread;
      add(sumOf(tasks, `${process} ${thread} ${comm}`, { pid: process, tid, comm }), row, name === "preempted");
      add(sumOf(kinds, name, { kind: name }), row, name === "preempted");
      add(sumOf(cpus, String(cpu), { cpu }), row, name === "preempted");
    }
  }
  if (qualities.length === 0) throw new TypeError("sched_latency has neither of its results");
  const quality = data.mergeQuality(qualities);
  const notes = [
    ...(results.preempted && results.woken ? [] : [`Only one kind of wait was measured: ${Object.keys(results)[0]}.`]),
    "Numbers are those of the initial pid namespace. A thread that is woken before it has left the CPU may count twice; a " +
    "wait counts for the CPU on which it ended.",
  ];
  return {
    tables: {
      delays: byDelay(tasks).map((sum) => ({ ...rowOf(sum), preemptions: sum.preemptions, preempted: sum.preempted })),
      cpus: [...cpus.values()].sort((a, b) => Number(a.key.cpu) - Number(b.key.cpu)).map((sum) => ({
        ...rowOf(sum),
        queue: quality.duration_ns > 0 ? sum.delay / quality.duration_ns : null,
      })),
      kinds: [...kinds.values()].map((sum) => ({ ...rowOf(sum), distribution: sum.durations.octaves() })),
    },
    quality: { ...quality, notes: [...notes, ...quality.notes] },
  };
}

function sumOf(sums: Map<string, Sum>, id: string, key: Sum["key"]): Sum {
  let sum = sums.get(id);
  if (!sum) {
    sum = { key, waits: 0, delay: 0, max: 0, preemptions: 0, preempted: 0, durations: addedHistograms() };
    sums.set(id, sum);
  }
  return sum;
}

function add(sum: Sum, row: Readonly<Record<string, Cell>>, preempted: boolean): void {
  const waits = Number(row.waits), delay = Number(row.delay);
  sum.waits += waits;
  sum.delay += delay;
  sum.max = Math.max(sum.max, Number(row.max_duration));
  if (preempted) {
    sum.preemptions += waits;
    sum.preempted += delay;
  }
  if (row.hist_duration_64 !== null) sum.durations.add(row.hist_duration_64 as HistogramCell);
}

function byDelay(sums: ReadonlyMap<string, Sum>): Sum[] {
  return [...sums.values()].sort((a, b) => b.delay - a.delay);
}

function rowOf({ key, waits, delay, max, durations }: Sum): Record<string, Cell> {
  return { ...key, waits, delay, p50: durations.quantile(0.5, max), p99: durations.quantile(0.99, max), max };
}
