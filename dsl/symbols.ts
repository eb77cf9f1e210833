import { allStatements, type Analysis } from "./analysis.ts";
import type { Ident, Statement } from "./ast.ts";
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

/** What a recipe declares, in the order of its text, blocks included; not of what it includes. */
export function symbols({ tree, text }: Analysis): RecipeSymbol[] {
  return allStatements(tree.statements).filter((s) => s.span.start <= text.length).flatMap((s) => symbolOf(s) ?? []);
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
