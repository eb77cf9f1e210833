import type { IToken, TokenType } from "chevrotain";
import { STAGE_NAMES } from "./_vocabulary.ts";
import * as t from "./tokens.ts";

/** The part of a statement in which a place lies. */
export type Clause =
  | "start"
  | "name"
  | "type"
  | "default"
  | "assigned"
  | "source"
  | "probes"
  | "calls"
  | "on"
  | "self"
  | "for"
  | "resultSource"
  | "stageName"
  | "items"
  | "by"
  | "condition"
  | "period"
  | "tolerate"
  | "else"
  | "text"
  | "names"
  | "file";

/** An open parenthesis. */
export interface Parenthesis {
  /** The call whose arguments it holds, or null. */
  readonly call: string | null;
  /** Names of arguments in it (`pid:`), in their order. */
  readonly given: string[];
}

/** What the tokens before a place leave open. */
export interface PlaceState {
  /** The word that the statement begins with; `pipeline` for one without. */
  statement: string;
  clause: Clause;
  /** Offset of the span or the pipe that the clause belongs to. */
  at: number;
  /** The stage's name, once it is there. */
  stage: string;
  /** Commas behind the stage's name, outside of parentheses. */
  commas: number;
  /** Inside `collect span`. */
  inSpan: boolean;
  /** Its arrow was there. */
  arrow: boolean;
  readonly open: Parenthesis[];
  last: IToken | undefined;
  /** The last token may end an expression, and is not the name of a stage. */
  ended: boolean;
}

/**
 * Reads tokens as an editor must: from the left, up to a place behind which anything may follow. No error is possible.
 */
export function placeState(tokens: readonly IToken[], text: string): PlaceState {
  const s: PlaceState = {
    statement: "",
    clause: "start",
    at: 0,
    stage: "",
    commas: 0,
    inSpan: false,
    arrow: false,
    open: [],
    last: tokens.at(-1),
    ended: false,
  };
  tokens.forEach((token, i) => {
    const inName = s.clause === "stageName";
    step(s, token, tokens, i, text);
    s.ended = !inName && (tokens[i - 1]?.tokenType === t.Dot || endsOperand(token.tokenType));
  });
  return s;
}

function step(s: PlaceState, token: IToken, tokens: readonly IToken[], i: number, text: string): void {
  const type = token.tokenType;
  const before = tokens[i - 1];
  const newLine = before === undefined || before.endLine !== token.startLine;
  if (before?.tokenType === t.Dot) return;
  if (s.open.length > 0 && !(newLine && begins(token, tokens[i + 1]))) {
    inParentheses(s, token, tokens, i, text);
    return;
  }
  s.open.length = 0;
  if (type === t.OpenParen) s.open.push({ call: callBefore(tokens, i, text), given: [] });
  else if (type === t.Semicolon || type === t.OpenBrace || type === t.CloseBrace) begin(s, "", "start");
  else if (type === t.Pipe) Object.assign(s, { clause: "stageName", at: token.startOffset, stage: "", commas: 0 });
  else if (isStatementWord(type)) statementWord(s, token, tokens, i, newLine);
  else if (type === t.Name || type === t.StringLiteral) nameOrText(s, token, before, newLine);
  else word(s, token);
}

function begin(s: PlaceState, statement: string, clause: Clause): void {
  Object.assign(s, { statement, clause, stage: "", commas: 0, inSpan: false, arrow: false });
}

function statementWord(s: PlaceState, token: IToken, tokens: readonly IToken[], i: number, newLine: boolean): void {
  const { image, tokenType: type } = token;
  if (type === t.Collect) {
    if (s.statement !== "let" || s.clause !== "assigned") begin(s, "pipeline", "source");
    s.clause = "source";
    return;
  }
  const inSource = ["source", "probes", "calls", "on", "for"].includes(s.clause);
  if (type === t.Include && inSource && (tokens[i + 1]?.tokenType === t.Self || tokens.length === i + 1)) {
    s.clause = "self";
    return;
  }
  if (type === t.When && s.statement === "alert" && s.clause === "text" && !newLine) {
    s.clause = "condition";
    return;
  }
  begin(s, image, FIRST_CLAUSE[image] ?? "start");
}

const FIRST_CLAUSE: Readonly<Record<string, Clause>> = {
  recipe: "name",
  param: "name",
  let: "name",
  when: "condition",
  every: "period",
  expect: "condition",
  show: "names",
  save: "names",
  ask: "text",
  investigate: "text",
  alert: "text",
  include: "text",
};

function nameOrText(s: PlaceState, token: IToken, before: IToken | undefined, newLine: boolean): void {
  if (token.tokenType === t.StringLiteral) return;
  if (s.clause === "stageName") {
    s.stage = token.image;
    s.clause = "items";
  } else if (s.clause === "start" || (newLine && before && endsOperand(before.tokenType))) {
    begin(s, "pipeline", "resultSource");
  }
}

/** Words and signs that begin a part of a statement. */
function word(s: PlaceState, token: IToken): void {
  const inStage = s.clause === "items" || s.clause === "by";
  switch (token.tokenType) {
    case t.Calls:
      if (s.clause === "source") s.clause = "calls";
      return;
    case t.SpanWord:
      if (s.clause === "source") Object.assign(s, { clause: "probes", inSpan: true, at: token.startOffset });
      return;
    case t.Arrow:
      s.arrow = true;
      return;
    case t.Probe:
      if (s.clause === "source") s.clause = "probes";
      return;
    case t.On:
      if (s.inSpan && !inStage) s.clause = "on";
      return;
    case t.Cancel:
      if (s.inSpan && !inStage) s.clause = "probes";
      return;
    case t.For:
      s.clause = "for";
      return;
    case t.By:
      if (inStage) s.clause = "by";
      return;
    case t.Comma:
      s.commas++;
      return;
    case t.Equal:
      if (s.statement === "param" && s.clause !== "default") s.clause = "default";
      else if (s.statement === "let" && s.clause === "name") s.clause = "assigned";
      return;
    case t.Colon:
      if (s.statement === "param") s.clause = "type";
      return;
    case t.With:
      if (["ask", "investigate", "alert"].includes(s.statement)) s.clause = "names";
      return;
    case t.To:
      if (s.statement === "save") s.clause = "file";
      return;
    case t.Tolerate:
      if (s.statement === "expect") s.clause = "tolerate";
      return;
    case t.Else:
      s.clause = "else";
      return;
  }
}

function inParentheses(s: PlaceState, token: IToken, tokens: readonly IToken[], i: number, text: string): void {
  if (token.tokenType === t.OpenParen) s.open.push({ call: callBefore(tokens, i, text), given: [] });
  else if (token.tokenType === t.CloseParen) s.open.pop();
  else if (token.tokenType === t.Colon) s.open[s.open.length - 1].given.push(tokens[i - 1].image);
}

/** The dotted name before an open parenthesis. */
function callBefore(tokens: readonly IToken[], i: number, text: string): string | null {
  const start = pathStart(tokens, i - 1);
  if (start === null) return null;
  const last = tokens[i - 1];
  return text.slice(tokens[start].startOffset, last.startOffset + last.image.length);
}

/** The index of the first token of the dotted name that a token ends, or null where it ends none. */
export function pathStart(tokens: readonly IToken[], i: number): number | null {
  let at = i;
  while (at > 1 && tokens[at - 1].tokenType === t.Dot) at -= 2;
  return tokens[at] !== undefined && isName(tokens[at].tokenType) ? at : null;
}

/** Whether a token is a name, or a word that may be one. */
export function isName(type: TokenType): boolean {
  return type === t.Name || type.CATEGORIES?.includes(t.Name) === true;
}

/** Whether an expression can end with a token. */
export function endsOperand(type: TokenType): boolean {
  return [t.NumberLiteral, t.Dollar, t.CloseParen, t.True, t.False, t.Null, t.Index, t.Cast, t.Probe].includes(type) ||
    type === t.StringLiteral || type.CATEGORIES?.includes(t.StringLiteral) === true ||
    (isName(type) && ![t.On, t.With, t.To, t.Tolerate, t.Cancel, t.SpanWord, t.Calls].includes(type)) ||
    type === t.Self;
}

function isStatementWord(type: TokenType): boolean {
  return type.CATEGORIES?.includes(t.StatementWord) === true;
}

/** At the beginning of a line these begin something new, whatever parentheses are open. */
function begins(token: IToken, next: IToken | undefined): boolean {
  return isStatementWord(token.tokenType) ||
    (token.tokenType === t.Pipe && next !== undefined && STAGE_NAMES.includes(next.image));
}
