import type { Tree } from "./ast.ts";
import { type Diagnostic, type Diagnostics, diagnostics } from "./diagnostic.ts";
import { stripHeader } from "./header.ts";
import { lineIndex } from "./position.ts";

/** A recipe's tree and what is wrong with it. */
export interface Parsed {
  readonly tree: Tree;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Any text to a tree and diagnostics; never throws. The parser (70 ms to load and build) is loaded on the first call.
 *
 * @param text a recipe, with or without header
 */
export async function parse(text: string): Promise<Parsed> {
  const out = diagnostics(lineIndex(text));
  const tree = await parseInto(text, out);
  return { tree, diagnostics: out.list() };
}

/** Like {@linkcode parse}, reporting into a collection that later passes share. */
export async function parseInto(text: string, out: Diagnostics): Promise<Tree> {
  const stripped = stripHeader(text);
  if (stripped.earlyEndAt >= 0) {
    out.error(
      { start: stripped.earlyEndAt, end: stripped.earlyEndAt + 2 },
      "header",
      '"*/" ends the JavaScript comment that holds the recipe',
      "Write *\\/ instead",
    );
  }
  if (stripped.unclosedAt >= 0) {
    const span = { start: stripped.unclosedAt, end: stripped.unclosedAt + 2 };
    out.error(span, "header", 'The header opens a comment that no "*/" at the end closes', 'Add a last line "*/"');
  }
  const { parseTree } = await import("./parser.ts");
  return parseTree(stripped.text, out);
}
