import { allStatements, type Analysis } from "./analysis.ts";
import type { Ident, StageItem } from "./ast.ts";
import type { Position, Span } from "./position.ts";
import { type StageAt, stageAt } from "./stage_at.ts";
import * as t from "./tokens.ts";
import { type WordAt, wordAt } from "./word_at.ts";

/** Where something is declared. */
export interface Definition {
  readonly target: Target;
  /** The word that was asked for. */
  readonly origin: Span;
}

/** A place in this recipe, the file of an `include` as it was written, or a place in a file that is included. */
export type Target =
  | { readonly kind: "here"; readonly span: Span }
  | { readonly kind: "include"; readonly file: string }
  | { readonly kind: "file"; readonly file: string; readonly start: Position; readonly end: Position };

/**
 * Where the word at an offset is declared: a parameter at its `param`, a result at its `let` or where its pipeline
 * begins, a column where a stage makes it, the file of an `include` in that file.
 */
export function definition(a: Analysis, offset: number): Definition | null {
  const word = wordAt(a, offset);
  if (!word) return null;
  const { token, text, span: origin, before } = word;
  if (token.tokenType === t.StringLiteral) {
    const file = text.slice(1, -1).replaceAll("\\/", "/");
    return before?.tokenType === t.Include ? { target: { kind: "include", file }, origin } : null;
  }
  const span = token.tokenType === t.Dollar ? paramSpan(text.slice(1), a) : namedSpan(word, a);
  if (!span) return null;
  const start = a.position(span.start);
  if (start.file === undefined) return { target: { kind: "here", span }, origin };
  return { target: { kind: "file", file: start.file, start, end: a.position(span.end) }, origin };
}

function paramSpan(name: string, a: Analysis): Span | null {
  return allStatements(a.tree.statements).flatMap((s) => s.kind === "param" ? s.name : [])
    .find((n) => n.name === name)?.span ?? null;
}

function namedSpan({ role, text, call }: WordAt, a: Analysis): Span | null {
  switch (role.kind) {
    case "pipeline":
    case "result":
    case "statement":
      return resultSpan(text, a);
    case "condition":
      return call === null ? resultSpan(text.split(".")[0], a) : null;
    case "row": {
      const stage = stageAt(a.tree, role.at);
      return (stage && columnSpan(text, stage)) ?? resultSpan(text.split(".")[0], a);
    }
    default:
      return null;
  }
}

/** Names of results are given once in a recipe, blocks included; those without `let` are counted. */
function resultSpan(name: string, a: Analysis): Span | null {
  const all = allStatements(a.tree.statements);
  const named = all.find((s) => s.kind === "let" && s.name.name === name);
  if (named?.kind === "let") return named.name.span;
  const number = name === "result" ? 1 : Number(/^result_(\d+)$/.exec(name)?.[1] ?? 0);
  return all.filter((s) => s.kind === "pipeline")[number - 1]?.span ?? null;
}

/** Where a stage before this one, or an item before in this one, gives a column its name. */
function columnSpan(name: string, { stage, before }: StageAt): Span | null {
  for (const s of [stage, ...before.toReversed()]) {
    for (const item of [...s.items, ...s.by ?? []]) {
      const made = newColumn(item);
      if (made?.name === name) return made.span;
    }
  }
  return null;
}

/** `EXPR as NAME`, `NAME = EXPR`. */
function newColumn({ as, expr }: StageItem): Ident | null {
  if (as) return as;
  return expr.kind === "binary" && expr.op === "=" && expr.left.kind === "path" ? expr.left : null;
}
