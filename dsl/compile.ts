import type { Stage } from "../core/plugin_api/mod.ts";
import { loadRegex } from "../core/query/mod.ts";
import type { Tree } from "./ast.ts";
import { type CheckedRecipe, checkTree } from "./check.ts";
import { type Diagnostic, type Diagnostics, diagnostics } from "./diagnostic.ts";
import { expandIncludes, type IncludeOptions } from "./include.ts";
import type { Observer } from "./observer.ts";
import { parseInto } from "./parse.ts";
import type { Plan } from "./plan.ts";
import { planRecipe } from "./plan_phases.ts";
import { pluginWords } from "./plugin_words.ts";
import { type LineIndex, openSources } from "./position.ts";
import type { RecipeRegistry } from "./registry.ts";

/** A recipe's plan, or null where it has errors, and all that there is to say about it. */
export interface Compiled {
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A recipe's tree and what the checker made of it. */
export interface Read {
  /** With the statements of what it includes, whose places lie behind the recipe's own. */
  readonly tree: Tree;
  /** Only of use in full when there are no errors. */
  readonly checked: CheckedRecipe;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the places of the tree are. */
  readonly sources: LineIndex;
}

/**
 * Parses and checks a recipe. Never throws: what is wrong is a diagnostic. No plugin is loaded but those of whose
 * stages and aggregations the recipe makes use.
 *
 * @param observer for editors: is told what is known at each place
 */
export async function read(
  text: string,
  registry: RecipeRegistry,
  include: IncludeOptions = {},
  observer?: Observer,
): Promise<Read> {
  const sources = openSources(text);
  const syntax = diagnostics(sources);
  const tree = await expandIncludes(await parseInto(text, syntax), sources, syntax, include);
  if (JSON.stringify(tree.statements).includes('~"')) await loadRegex();
  const words = pluginWords(tree.statements);
  const stages = new Map<string, Stage>();
  for (const name of words.stages) {
    const stage = await registry.stage?.(name);
    if (stage) stages.set(name, stage);
  }
  for (const name of words.aggregations) await registry.loadAggregation?.(name);
  const semantics = diagnostics(sources);
  const checked = checkTree(tree, registry, semantics, stages, sources.ownLength, observer);
  return { tree, checked, diagnostics: merged(syntax, semantics), sources };
}

/**
 * Text to plan. Nothing is attached, no engine asked, no plugin loaded but those of whose stages and aggregations the
 * recipe makes use.
 *
 * @param text a recipe, with or without header
 * @param include how files that it includes are found; without, there are none
 */
export async function compile(
  text: string,
  registry: RecipeRegistry,
  include: IncludeOptions = {},
): Promise<Compiled> {
  const { checked, diagnostics: found } = await read(text, registry, include);
  const plan = found.some((d) => d.severity === "error") ? null : planRecipe(checked);
  return { plan, diagnostics: found };
}

/** What is wrong with a recipe, in the order of its text. */
export async function check(
  text: string,
  registry: RecipeRegistry,
  include: IncludeOptions = {},
): Promise<readonly Diagnostic[]> {
  return (await compile(text, registry, include)).diagnostics;
}

/** Beside a syntax error, what the checker makes of the same line is its consequence. */
function merged(syntax: Diagnostics, semantics: Diagnostics): Diagnostic[] {
  const lineOf = (d: Diagnostic): string => `${d.start.file ?? ""}:${d.start.line}`;
  const broken = new Set(syntax.list().filter((d) => d.severity === "error").map(lineOf));
  return [...syntax.list(), ...semantics.list().filter((d) => !broken.has(lineOf(d)))]
    .sort((a, b) => a.start.offset - b.start.offset);
}
