import type { IToken } from "chevrotain";
import { isName, pathStart } from "./_place_state.ts";
import type { Analysis } from "./analysis.ts";
import { type Role, roleOf } from "./place.ts";
import type { Span } from "./position.ts";
import * as t from "./tokens.ts";

/** The word at a place: a dotted name is one word. */
export interface WordAt {
  readonly text: string;
  readonly span: Span;
  readonly token: IToken;
  /** Of a dotted name: the first of its parts, up to the one at the place. */
  readonly upTo: string;
  /** What may stand where the word begins. */
  readonly role: Role;
  /** The call that it is the name of, up to its last parenthesis and without spaces; null for none. */
  readonly call: string | null;
  /** The token before it. */
  readonly before: IToken | undefined;
}

/** The word at an offset, or just before it; null where there is none. */
export function wordAt(a: Analysis, offset: number): WordAt | null {
  const { tokens, text } = a;
  const end = (token: IToken): number => token.startOffset + token.image.length;
  // Between two tokens the one behind counts, as editors show it; but not a sign.
  const here = tokens.map((token, i) => ({ token, i })).filter(({ token }) =>
    token.startOffset <= offset && offset <= end(token)
  );
  const found = here.findLast(({ token }) => /[\w"$]/.test(token.image[0])) ?? here.at(-1);
  if (!found) return null;
  let { i: first } = found;
  let last = first;
  const start = isPath(tokens, first) ? pathStart(tokens, first) : null;
  if (start !== null) {
    first = start;
    while (tokens[last + 1]?.tokenType === t.Dot && tokens[last + 2] !== undefined) last += 2;
  }
  const span = { start: tokens[first].startOffset, end: end(tokens[last]) };
  return {
    text: text.slice(span.start, span.end),
    span,
    token: found.token,
    upTo: text.slice(span.start, end(found.token)),
    role: roleOf(tokens.slice(0, first), text, span.start),
    call: tokens[last + 1]?.tokenType === t.OpenParen ? callText(tokens, last, span.start, text) : null,
    before: tokens[first - 1],
  };
}

function isPath(tokens: readonly IToken[], i: number): boolean {
  return isName(tokens[i].tokenType) || tokens[i - 1]?.tokenType === t.Dot;
}

function callText(tokens: readonly IToken[], name: number, start: number, text: string): string {
  let depth = 0;
  for (const token of tokens.slice(name + 1)) {
    if (token.tokenType === t.OpenParen) depth++;
    if (token.tokenType === t.CloseParen && --depth === 0) {
      return text.slice(start, token.startOffset + 1).replace(/\s/g, "");
    }
  }
  return text.slice(start).replace(/\s/g, "");
}
