import { createSondeApi } from "../../cli/sonde_api.ts";
import { recordsOf, type Results } from "../../core/data/mod.ts";
import type { AnalyzerName, Cell } from "../../core/plugin_api/mod.ts";
import { ANALYZERS } from "../../plugins/analyzers/all.ts";
import { type Mechanism, MECHANISMS, runAnalyzer } from "../../plugins/analyzers/run_analyzer.ts";

const api = createSondeApi();

/** Rows of a table of results. */
export type Rows = readonly Readonly<Record<string, Cell>>[];

/**
 * Runs an analyzer by each of its mechanisms in the same time over the whole machine, and a load once all of them measure.
 *
 * @param work the load; when it ends, so do they
 */
export async function byAllMechanisms(
  name: AnalyzerName,
  work: () => Promise<void>,
): Promise<Readonly<Record<Mechanism, Results>>> {
  const analyzer = ANALYZERS.map((make) => make(api)).find((a) => a.name === name)!;
  const end = new AbortController();
  let waiting = MECHANISMS.length;
  const all = Promise.withResolvers<void>();
  const running = MECHANISMS.map((mechanism) => {
    let told = false;
    const onReady = (): void => {
      if (!told && --waiting === 0) all.resolve();
      told = true;
    };
    const request = { pid: 0, durationNs: 300e9, signal: end.signal, onReady };
    return runAnalyzer(api, analyzer, request, mechanism);
  });
  const done = Promise.all(running);
  try {
    // One that fails ends it all.
    await Promise.race([all.promise, done]);
    await work();
  } finally {
    end.abort();
  }
  const [libbpf, recipe, proc] = await done;
  return { libbpf, recipe, proc };
}

/** The rows of one of the results' tables. */
export function rowsOf(results: Results, table: string): Rows {
  const found = results[table];
  if (found?.kind !== "table") throw new TypeError(`There is no table "${table}"`);
  return recordsOf(found);
}
