import { allStatements } from "./analysis.ts";
import type { Ident, Statement, Tree } from "./ast.ts";
import type { Span } from "./position.ts";

/** Something that a recipe declares. */
export interface RecipeSymbol {
  readonly name: string;
  readonly kind: "recipe" | "parameter" | "result";
  readonly detail: string;
  /** The whole statement. */
  readonly span: Span;
  /** The name in it. */
  readonly nameSpan: Span;
}

/** What a recipe declares, in the order of its text, blocks included. */
export function symbols(tree: Tree): RecipeSymbol[] {
  return allStatements(tree.statements).flatMap((s) => symbolOf(s) ?? []);
}

function symbolOf(s: Statement): RecipeSymbol | null {
  const made = (kind: RecipeSymbol["kind"], name: Ident, detail: string): RecipeSymbol => ({
    name: name.name,
    kind,
    detail,
    span: s.span,
    nameSpan: name.span,
  });
  switch (s.kind) {
    case "recipe":
      return made("recipe", s.name, s.title?.value ?? "");
    case "param":
      return made("parameter", s.name, s.doc?.value ?? s.type?.name ?? "");
    case "let":
      return made("result", s.name, "");
    default:
      return null;
  }
}
