import type { IToken } from "chevrotain";
import type { Span } from "./position.ts";
import { placeState } from "./_place_state.ts";
import { roleAt } from "./_place_role.ts";
import { RECIPE_LEXER } from "./tokens.ts";

/** What may stand at a place of a recipe, as far as the words before it tell. */
export type Role =
  | { readonly kind: "nothing" }
  /** A statement begins; `words` may continue the one before. */
  | { readonly kind: "statement"; readonly words: readonly string[] }
  /** Words of the language and nothing else. */
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Behind `let NAME =`. */
  | { readonly kind: "pipeline" }
  /** Behind `collect`. */
  | { readonly kind: "source" }
  | { readonly kind: "collector" }
  | { readonly kind: "probe" }
  /** Behind `collect calls`. */
  | { readonly kind: "function" }
  /** The name of an argument of a collector; `given` are there already. */
  | { readonly kind: "argument"; readonly collector: string; readonly given: readonly string[] }
  | Constant
  /** Behind the digits of a number. */
  | { readonly kind: "unit"; readonly wanted?: Constant["wanted"] }
  | { readonly kind: "type" }
  | { readonly kind: "stage" }
  | Row
  /** An expression over results; `call` is the call whose argument it is. */
  | { readonly kind: "condition"; readonly call: string | null }
  | { readonly kind: "result" }
  | { readonly kind: "form" }
  /** A name that is made here. */
  | { readonly kind: "new" };

/** An expression over what flows into a stage, or over the two sides of a span. */
export interface Row {
  readonly kind: "row";
  /** Where the stage, or the span, begins: an offset that the checker's observer was told. */
  readonly at: number;
  /** `on` for the condition of a span. */
  readonly stage: string;
  /** Behind `by`. */
  readonly by: boolean;
  /** Commas before it. */
  readonly item: number;
  /** The call whose argument it is. */
  readonly call: string | null;
}

/** A value that is known before anything runs: a literal or a parameter. */
export interface Constant {
  readonly kind: "constant";
  /** What it has to be, where that is known; `count`: a number of rows. */
  readonly wanted?: "count" | "duration" | "ratio";
  /** The argument of a collector whose value it is. */
  readonly argument?: { readonly collector: string; readonly name: string };
}

/** A place of a recipe: the word there, and what may stand in its stead. */
export interface Place {
  /** The word, from its beginning to the place; empty where none has begun. */
  readonly word: string;
  /** The whole of the word, behind the place too. */
  readonly span: Span;
  readonly role: Role;
}

const PROBE = /[A-Za-z_]\w*:[^\s,|(){}"#]*$/;
const WORD = /(?:\$\w*|[A-Za-z_]\w*(?:\.(?:\w+|\(\w*\)))*\.?)$/;
const NUMBER = /(?:^|[^\w.$:])(?!0[xXbB])(\d[\d_]*(?:\.\d+)?([A-Za-zµμ]*))$/;

/**
 * What may stand at an offset.
 *
 * @param text the recipe, its header blanked out
 */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  if (inComment(before)) return { word: "", span: { start: offset, end: offset }, role: { kind: "nothing" } };
  const probe = PROBE.exec(before)?.[0] ?? "";
  if (probe !== "") {
    const place = placeOf(text, offset, probe, /^[^\s,|(){}"#]*/);
    if (["source", "probe", "function"].includes(place.role.kind)) return place;
  }
  const number = NUMBER.exec(before);
  if (number) {
    const { role, span } = placeOf(text, offset, number[1], /^[\wµμ%]*/);
    const wanted = role.kind === "constant" ? role.wanted : undefined;
    const takesUnit = ["row", "condition", "constant"].includes(role.kind) && wanted !== "count";
    const unit = { start: offset - number[2].length, end: span.end };
    return { word: number[2], span: unit, role: takesUnit ? { kind: "unit", wanted } : { kind: "nothing" } };
  }
  return placeOf(text, offset, WORD.exec(before)?.[0] ?? "", /^\w*/);
}

/** The place of a word that is there, given its tokens: what stands before it decides. */
export function roleOf(tokens: readonly IToken[], text: string, at: number): Role {
  return roleAt(placeState(tokens, text), startsLine(tokens.at(-1), text, at));
}

function placeOf(text: string, offset: number, word: string, rest: RegExp): Place {
  const start = offset - word.length;
  const { tokens } = RECIPE_LEXER.tokenize(text.slice(0, start));
  const span = { start, end: offset + (rest.exec(text.slice(offset))?.[0].length ?? 0) };
  const last = tokens.at(-1);
  if (last && last.tokenType.name === "OpenString" && last.endLine === lineOf(text, start)) {
    return { word: "", span: { start: offset, end: offset }, role: { kind: "nothing" } };
  }
  return { word, span, role: roleOf(tokens, text, start) };
}

/** Whether a comment goes on at the end of a text. */
function inComment(before: string): boolean {
  const { groups } = RECIPE_LEXER.tokenize(before);
  const last = groups.comments?.at(-1);
  return last !== undefined && last.startOffset + last.image.length === before.length;
}

/** Whether a line break stands between a token and an offset behind it. */
function startsLine(token: IToken | undefined, text: string, at: number): boolean {
  return token !== undefined && text.slice(token.startOffset + token.image.length, at).includes("\n");
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
