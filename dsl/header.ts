import type { Span } from "./position.ts";

/** A recipe's text with what surrounds it blanked out. */
export interface Stripped {
  /** As long as the original, same line breaks: offsets are those of the file. */
  readonly text: string;
  readonly hasHeader: boolean;
  /** Where the recipe stands in the text: all of it without a header. */
  readonly body: Span;
  /** Offset of the `/*` that no `*\/` closes, or -1. */
  readonly unclosedAt: number;
  /** Offset of a `*\/` inside the body, which ends the JavaScript comment too early, or -1. */
  readonly earlyEndAt: number;
}

const HEADER = /^\uFEFF?(?:#![^\n]*\n)?\s*import\s+(?:"[^"\n]*"|'[^'\n]*')\s*;?\s*\/\*/;

/**
 * Blanks the header (`#!…`, `import "sonde/run"; /*`) and the closing `*\/` out of a recipe. Text without a header is
 * answered as it is: the shebang alone is a comment of the language.
 */
export function stripHeader(text: string): Stripped {
  const header = HEADER.exec(text);
  if (!header) return { text, hasHeader: false, body: { start: 0, end: text.length }, unclosedAt: -1, earlyEndAt: -1 };
  const bodyStart = header[0].length;
  const end = text.lastIndexOf("*/");
  const closed = end >= bodyStart && text.slice(end + 2).trim() === "";
  const bodyEnd = closed ? end : text.length;
  const body = text.slice(bodyStart, bodyEnd);
  const early = body.indexOf("*/");
  return {
    text: blank(text.slice(0, bodyStart)) + body + blank(text.slice(bodyEnd)),
    hasHeader: true,
    body: { start: bodyStart, end: bodyEnd },
    unclosedAt: closed ? -1 : bodyStart - 2,
    earlyEndAt: early < 0 ? -1 : bodyStart + early,
  };
}

/**
 * The recipe in the form that Deno runs anywhere: `deno run -A x.perf`. A header that is there already is replaced.
 *
 * @param specifier what the header imports: `sonde/run`, a `file:` URL or `npm:sonde@VERSION/run`
 */
export function addHeader(text: string, specifier: string): string {
  const stripped = stripHeader(text);
  const bare = stripped.hasHeader ? stripped.text.trim() : text.replace(/^#![^\n]*\n/, "").trim();
  const body = stripped.hasHeader ? bare : escapeCommentEnd(bare);
  return `#!/usr/bin/env -S deno run -A\nimport ${JSON.stringify(specifier)}; /*\n\n${body}\n*/\n`;
}

/** In a recipe `*` before `/` stands only in strings, quoted paths, wildcards and comments, where `\/` means `/`. */
export function escapeCommentEnd(text: string): string {
  return text.replaceAll("*/", "*\\/");
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, " ");
}
