import type {
  Analysis,
  AnalyzerRequest,
  Cell,
  Field,
  Frame,
  Profile,
  Quality,
  Results,
  SondeApi,
  Table,
} from "../../core/plugin_api/mod.ts";
import type { Analyzer } from "./analyzer.ts";

/** What measures, best first: a program from C through libbpf, the recipe on any engine, files of the kernel. */
export const MECHANISMS = ["libbpf", "recipe", "proc"] as const;

/** One of them. */
export type Mechanism = typeof MECHANISMS[number];

/**
 * Runs an analyzer by the best mechanism that this machine allows. Which it was, and why no better one, stands in the notes.
 *
 * @param only forces one mechanism
 * @throws {UnsupportedError} when the machine allows none, or not that one
 * @throws {GoneError} when there is no such process
 */
export async function runAnalyzer(
  sonde: SondeApi,
  analyzer: Analyzer,
  request: AnalyzerRequest,
  only?: Mechanism,
): Promise<Results> {
  const { UnsupportedError } = sonde.data;
  const refusals: Error[] = [];
  for (const mechanism of only ? [only] : MECHANISMS) {
    try {
      const { tables, quality } = await measure(sonde, analyzer, request, mechanism);
      const whys = refusals.map((e) => `Not by a better way: ${firstLine(e)}`);
      const notes = mechanism === "libbpf" ? [] : [`Measured by ${IN_WORDS[mechanism]}.`, ...whys];
      return resultsOf(sonde, analyzer, tables, { ...quality, notes: [...notes, ...quality.notes] });
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      refusals.push(error);
    }
  }
  const [best] = refusals;
  // What would be best is what it is worth to be told how to get.
  throw best instanceof UnsupportedError
    ? new UnsupportedError(`${analyzer.name}: ${firstLine(best)}`, best.remedy, { cause: best })
    : best;
}

function firstLine(error: Error): string {
  return error.message.split("\n")[0];
}

const IN_WORDS: Readonly<Record<Mechanism, string>> = {
  libbpf: "a program of its own",
  recipe: "its recipe",
  proc: "files of /proc",
};

async function measure(
  sonde: SondeApi,
  analyzer: Analyzer,
  request: AnalyzerRequest,
  mechanism: Mechanism,
): Promise<Analysis> {
  const { pid, durationNs, signal, onReady } = request;
  switch (mechanism) {
    case "libbpf":
      return await sonde.analyzers.run(analyzer.name, request);
    case "recipe": {
      const params = { window: `${Math.max(1, Math.round(durationNs / 1e3))}us`, pid: String(pid) };
      const recipe = analyzer.recipeOf?.(request) ?? analyzer.recipe;
      return analyzer.fromRecipe(await sonde.recipes.run(recipe, params, { signal, onReady }));
    }
    case "proc":
      return await analyzer.fromProc(request);
  }
}

function resultsOf(
  { data }: SondeApi,
  { tables, flame }: Analyzer,
  rows: Analysis["tables"],
  quality: Quality,
): Results {
  const results: Record<string, Table | Profile> = {};
  for (const { name, fields } of tables) {
    // A table that the mechanism cannot know is absent, which is not the same as empty.
    if (name !== tables[0].name && rows[name] === undefined) continue;
    results[name] = data.tableFromRows(fields, (rows[name] ?? []).map((row) => inOrder(row, fields)), quality);
  }
  // Where nothing happened the picture is empty; where the mechanism knows no stacks there is none.
  const all = flame ? rows[flame.table] ?? [] : [];
  const stacks = all.filter((row) => Array.isArray(row.stack));
  if (flame && (stacks.length > 0 || all.length === 0 && rows[flame.table] !== undefined)) {
    results.profile = data.profileOfStacks(
      flame.values,
      stacks.map((row) => ({
        frames: row.stack as readonly Frame[],
        values: flame.values.map((v) => Number(row[v.name] ?? 0)),
        labels: { ...label(row, "pid"), ...label(row, "comm") },
      })),
      quality,
    );
  }
  return results;
}

function label(row: Readonly<Record<string, Cell>>, name: string): Record<string, string> {
  return row[name] === undefined || row[name] === null ? {} : { [name]: String(row[name]) };
}

function inOrder(row: Readonly<Record<string, Cell>>, fields: readonly Field[]): Cell[] {
  const unknown = Object.keys(row).find((name) => !fields.some((f) => f.name === name));
  if (unknown !== undefined) throw new TypeError(`An analyzer's table has no column "${unknown}"`);
  return fields.map((f) => row[f.name] ?? null);
}
