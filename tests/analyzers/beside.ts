import { createSondeApi } from "../../cli/sonde_api.ts";
import { recordsOf, type Results } from "../../core/data/mod.ts";
import type { AnalyzerName, Cell } from "../../core/plugin_api/mod.ts";
import { ANALYZERS } from "../../plugins/analyzers/all.ts";
import { type Mechanism, runAnalyzer } from "../../plugins/analyzers/run_analyzer.ts";

const api = createSondeApi();

/**
 * Runs an analyzer by several mechanisms in the same time, for as long as some work takes.
 *
 * @param pid process; 0 is the whole machine
 * @param work begun when all of them measure; when it has ended, so do they
 */
export async function analyzeBeside<M extends Mechanism>(
  name: AnalyzerName,
  pid: number,
  mechanisms: readonly M[],
  work: () => Promise<unknown>,
): Promise<Readonly<Record<M, Results>>> {
  const analyzer = ANALYZERS.map((make) => make(api)).find((a) => a.name === name)!;
  const enough = new AbortController();
  const ready = Promise.withResolvers<void>();
  let waiting = mechanisms.length;
  const onReady = (): void => {
    if (--waiting === 0) ready.resolve();
  };
  const runs = mechanisms.map((mechanism) =>
    runAnalyzer(api, analyzer, { pid, durationNs: 600e9, signal: enough.signal, onReady }, mechanism)
  );
  try {
    await Promise.race([ready.promise, Promise.all(runs)]);
    await work();
  } finally {
    enough.abort();
    await Promise.allSettled(runs);
  }
  const results = await Promise.all(runs);
  return Object.fromEntries(mechanisms.map((m, i) => [m, results[i]])) as Record<M, Results>;
}

/** Rows of a result. */
export function rowsOf(results: Results, name: string): Readonly<Record<string, Cell>>[] {
  const table = results[name];
  if (table?.kind !== "table") throw new TypeError(`There is no table ${name}`);
  return recordsOf(table);
}
