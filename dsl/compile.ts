import { loadRegex } from "../core/query/mod.ts";
import type { Tree } from "./ast.ts";
import { type CheckedRecipe, checkTree } from "./check.ts";
import { type Diagnostic, type Diagnostics, diagnostics } from "./diagnostic.ts";
import type { Observer } from "./observer.ts";
import { parseInto } from "./parse.ts";
import type { Plan } from "./plan.ts";
import { planRecipe } from "./plan_phases.ts";
import { lineIndex } from "./position.ts";
import type { RecipeRegistry } from "./registry.ts";

/** A recipe's plan, or null where it has errors, and all that there is to say about it. */
export interface Compiled {
  readonly plan: Plan | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A recipe's tree and what the checker made of it. */
export interface Read {
  readonly tree: Tree;
  /** Only of use in full when there are no errors. */
  readonly checked: CheckedRecipe;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses and checks a recipe. Never throws: what is wrong is a diagnostic. */
export async function read(text: string, registry: RecipeRegistry, observer?: Observer): Promise<Read> {
  const syntax = diagnostics(lineIndex(text));
  const tree = await parseInto(text, syntax);
  if (text.includes("~")) await loadRegex();
  const semantics = diagnostics(lineIndex(text));
  const checked = checkTree(tree, registry, semantics, observer);
  return { tree, checked, diagnostics: merged(syntax, semantics) };
}

/**
 * Text to plan. Nothing is attached, no engine asked, no plugin loaded.
 *
 * @param text a recipe, with or without header
 */
export async function compile(text: string, registry: RecipeRegistry): Promise<Compiled> {
  const { checked, diagnostics: found } = await read(text, registry);
  const plan = found.some((d) => d.severity === "error") ? null : planRecipe(checked);
  return { plan, diagnostics: found };
}

/** What is wrong with a recipe, in the order of its text. */
export async function check(text: string, registry: RecipeRegistry): Promise<readonly Diagnostic[]> {
  return (await compile(text, registry)).diagnostics;
}

/** Beside a syntax error, what the checker makes of the same line is its consequence. */
function merged(syntax: Diagnostics, semantics: Diagnostics): Diagnostic[] {
  const broken = new Set(syntax.list().filter((d) => d.severity === "error").map((d) => d.start.line));
  return [...syntax.list(), ...semantics.list().filter((d) => !broken.has(d.start.line))]
    .sort((a, b) => a.start.offset - b.start.offset);
}
