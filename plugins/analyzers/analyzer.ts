import type {
  Analysis,
  AnalyzerName,
  AnalyzerRequest,
  Field,
  Results,
  SampleType,
  SondeApi,
} from "../../core/plugin_api/mod.ts";

/** What the plugin knows of an analyzer: what it tells, and what stands in for its program. */
export interface Analyzer {
  readonly name: AnalyzerName;
  /** Name of the collector whose rows are those of the first table. */
  readonly collector: string;
  /** What it tells, as a sentence; the collector's doc. */
  readonly doc: string;
  /** Tables in the order in which they are shown, most telling first. */
  readonly tables: readonly AnalyzerTable[];
  /** A flame graph of one of the tables. */
  readonly flame?: AnalyzerFlame;
  /** Name of the recipe that measures the same without libbpf; it takes `window` and `pid`. */
  readonly recipe: string;
  /** Another recipe for some requests. */
  recipeOf?(request: AnalyzerRequest): string;
  /** The recipe's results as rows of the tables. A result is absent where the machine refused it. */
  fromRecipe(results: Results): Analysis;
  /**
   * What files of `/proc` and `/sys` tell of it. Its notes say what they do not.
   *
   * @throws {UnsupportedError} when they tell nothing
   */
  fromProc(request: AnalyzerRequest): Promise<Analysis>;
}

/** One table of an analyzer. */
export interface AnalyzerTable {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** How a table with a column `stack` is drawn. */
export interface AnalyzerFlame {
  readonly table: string;
  /** Columns that give a stack's values, in this order. */
  readonly values: readonly SampleType[];
}

/** Makes an analyzer out of what plugins are given. */
export type AnalyzerEntry = (sonde: SondeApi) => Analyzer;
