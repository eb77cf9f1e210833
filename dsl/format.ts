import { type Diagnostic, diagnostics } from "./diagnostic.ts";
import { escapeCommentEnd, stripHeader } from "./header.ts";
import { parse } from "./parse.ts";
import { lineIndex } from "./position.ts";

/** A recipe in the one layout, or as it was. */
export interface Formatted {
  /** The text that was given, when it has errors. */
  readonly text: string;
  /** What the parser has to say. With errors nothing was changed. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Lays a recipe out: the same tokens and comments, other white space. What it makes of its own result is the same text.
 * A semicolon stays only where the next statement would continue the last one.
 *
 * @param text a recipe, with or without header
 */
export async function format(text: string): Promise<Formatted> {
  const given = stripHeader(text);
  const { start, end } = given.body;
  const source = given.earlyEndAt < 0
    ? text
    : text.slice(0, start) + escapeCommentEnd(text.slice(start, end)) + text.slice(end);
  const stripped = stripHeader(source);
  const out = diagnostics(lineIndex(source));
  // With the parser come chevrotain and the grammar, which take long to load.
  const [{ parseSyntax }, { layOut }] = await Promise.all([import("./parser.ts"), import("./_format_recipe.ts")]);
  const { tree, nodes } = parseSyntax(stripped.text, out);
  if (out.hasErrors || stripped.unclosedAt >= 0) return { text, diagnostics: (await parse(text)).diagnostics };

  const body = layOut(stripped.text, nodes, tree.comments);
  if (!stripped.hasHeader) return { text: body, diagnostics: out.list() };
  const header = source.slice(0, start).replaceAll("\r\n", "\n");
  return { text: `${header}\n\n${body}*/\n`, diagnostics: out.list() };
}
