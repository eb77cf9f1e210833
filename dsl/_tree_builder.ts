import type { CstNode, IToken } from "chevrotain";
import type { Ident, Str } from "./ast.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { nodesOf, tokensOf } from "./grammar.ts";
import type { Span } from "./position.ts";
import * as t from "./tokens.ts";

/** What the parts of the tree's construction share. */
export interface Builder {
  readonly text: string;
  readonly out: Diagnostics;
  /** Operands of the expression being built. */
  operands: number;
  /** Stages and items of the pipeline being built. */
  items: number;
  /** Statements of the recipe so far. */
  statements: number;
  /** Names that stand where a statement should: the grammar takes them for pipelines without stages. */
  readonly stray: IToken[];
}

/** The place of a token. Tokens at the end of the input have no offset of their own. */
export function tokenSpan(token: IToken, text: string): Span {
  if (!(token.startOffset >= 0)) return { start: text.trimEnd().length, end: text.trimEnd().length };
  return { start: token.startOffset, end: token.startOffset + token.image.length };
}

/** The place of a node; `fallback` for one that recovery left empty. */
export function nodeSpan(node: CstNode | undefined, fallback: number): Span {
  const at = node?.location;
  if (!at || !(at.startOffset >= 0)) return { start: fallback, end: fallback };
  const end = at.endOffset;
  return { start: at.startOffset, end: end !== undefined && Number.isFinite(end) ? end + 1 : at.startOffset };
}

/** A name of a rule, or null where recovery found none. */
export function ident(b: Builder, node: CstNode, key = "Name", index = 0): Ident | null {
  const token = tokensOf(node, key)[index];
  return token ? { name: token.image, span: tokenSpan(token, b.text) } : null;
}

/** The string of a rule, escapes resolved, or null. */
export function str(b: Builder, node: CstNode): Str | null {
  const token = tokensOf(node, "StringLiteral")[0];
  return token ? { value: stringValue(b, token), span: tokenSpan(token, b.text) } : null;
}

/** A dotted name: `start.args.pid`, `args.0`, `args.sk.(tcp_sock).srtt_us`. */
export function path(b: Builder, parent: CstNode): Ident | null {
  const node = nodesOf(parent, "path")[0];
  if (!node) return null;
  const parts = [...tokensOf(node, "Name"), ...tokensOf(node, "Member")];
  if (parts.length === 0) return null;
  const name = parts.map((p) => p.image.replace(/[ \t]/g, "")).join(".");
  return { name, span: nodeSpan(node, tokenSpan(parts[0], b.text).start) };
}

/** The value of a string token; complains about broken ones. */
export function stringValue(b: Builder, token: IToken): string {
  const span = tokenSpan(token, b.text);
  if (token.tokenType === t.SingleQuoted) {
    b.out.error(span, "syntax", "Text stands in double quotes", `Write ${JSON.stringify(token.image.slice(1, -1))}`);
    return token.image.replace(/^'|'$/g, "");
  }
  let inner = token.image.slice(1, -1);
  if (token.tokenType === t.OpenString) {
    b.out.error(span, "syntax", "This text has no closing quote", 'Text ends with " on the same line');
    inner = token.image.slice(1);
  }
  return inner.replace(/\\(x[0-9a-fA-F]{2}|u\{[0-9a-fA-F]{1,6}\}|[\s\S])/g, (whole, escape: string, at: number) => {
    if (escape.length === 1) {
      const plain = ESCAPES[escape];
      if (plain !== undefined) return plain;
    } else {
      const code = parseInt(escape.replace(/[^0-9a-fA-F]/g, ""), 16);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
    }
    const start = span.start + 1 + at;
    b.out.error(
      { start, end: start + whole.length },
      "syntax",
      `${whole} is no escape`,
      'Escapes are \\" \\\\ \\/ \\n \\r \\t \\0 \\xHH \\u{H…}; a backslash itself is written \\\\',
    );
    return whole;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  n: "\n",
  r: "\r",
  t: "\t",
  "0": "\0",
};
