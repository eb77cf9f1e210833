import type { IToken } from "chevrotain";
import type { ValueType } from "../core/query/mod.ts";
import type { Pipeline, Statement, Tree } from "./ast.ts";
import { read } from "./compile.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Flow } from "./flow.ts";
import { stripHeader } from "./header.ts";
import type { IncludeOptions } from "./include.ts";
import type { PlanParam } from "./plan.ts";
import type { Position } from "./position.ts";
import type { RecipeRegistry } from "./registry.ts";
import { RECIPE_LEXER } from "./tokens.ts";

/** A recipe as an editor looks at it: what was understood, however much of it is wrong. */
export interface Analysis {
  /** The recipe, its header blanked out: offsets are those of the file. */
  readonly text: string;
  readonly tokens: readonly IToken[];
  /** With what it includes: places behind the text are of other files. */
  readonly tree: Tree;
  readonly diagnostics: readonly Diagnostic[];
  readonly params: readonly PlanParam[];
  readonly registry: RecipeRegistry;
  /** What flows into the stage that begins at an offset; undefined where that is not known. */
  flow(at: number): Flow | undefined;
  /** The results that may be named at an offset; null for those whose pipeline has errors. */
  results(offset: number): ReadonlyMap<string, Flow | null>;
  /** Where a place of the tree is, in which file. */
  position(offset: number): Position;
}

/**
 * Parses and checks a recipe, and keeps what is known at each place. Never throws.
 *
 * @param include how files that it includes are found
 */
export async function analyse(
  source: string,
  registry: RecipeRegistry,
  include: IncludeOptions = {},
): Promise<Analysis> {
  const { text } = stripHeader(source);
  const flows = new Map<number, Flow>();
  const known: { readonly at: number; readonly results: ReadonlyMap<string, Flow | null> }[] = [];
  const { tree, checked, diagnostics, sources } = await read(source, registry, include, {
    flow: (at, flow) => void flows.set(at, flow),
    results: (at, results) => void known.push({ at, results: new Map(results) }),
  });
  return {
    text,
    tokens: RECIPE_LEXER.tokenize(text).tokens,
    tree,
    diagnostics,
    params: checked.params,
    registry,
    flow: (at) => flows.get(at) ?? flowBefore(tree.statements, at, flows),
    results: (offset) => known.findLast((k) => k.at <= offset)?.results ?? new Map(),
    position: (offset) => sources.position(offset),
  };
}

/** Stages through which columns pass as they are, and more may come: behind a broken one they are still there. */
const PASSING: readonly string[] = ["filter", "sort", "top", "limit", "sample", "derive", "window", "detect"];

/**
 * What flows into a stage behind broken ones, as far as it can be told; and into one that the parser could make nothing
 * of: what flows out of its pipeline.
 */
function flowBefore(statements: readonly Statement[], at: number, flows: ReadonlyMap<number, Flow>): Flow | undefined {
  const pipeline = pipelines(statements).findLast((p) => p.span.start <= at);
  if (!pipeline) return undefined;
  const end = flows.get(pipeline.span.end);
  if (end) return end;
  for (const stage of pipeline.stages.filter((s) => s.span.start < at).toReversed()) {
    if (!PASSING.includes(stage.name.name)) return undefined;
    const flow = flows.get(stage.span.start);
    if (flow) return flow;
  }
  return undefined;
}

/** All pipelines of a recipe, in the order of the text. */
export function pipelines(statements: readonly Statement[]): Pipeline[] {
  return allStatements(statements).flatMap((s) =>
    (s.kind === "let" || s.kind === "pipeline") && s.pipeline ? [s.pipeline] : []
  );
}

/** All statements, those of a block behind the one that they are in. */
export function allStatements(statements: readonly Statement[]): Statement[] {
  return statements.flatMap((s) => {
    if (s.kind === "when") return [s, ...allStatements([...s.then, ...s.otherwise])];
    return s.kind === "every" ? [s, ...allStatements(s.body)] : [s];
  });
}

/** A type in words: `duration (ns)`, `rate (bytes/s)`, `int`. */
export function typeLabel(t: ValueType): string {
  return t.unit === null || t.unit === t.type ? t.type : `${t.type} (${t.unit})`;
}
