import type { IRecognitionException, IToken } from "chevrotain";
import { type Clue, likelyMistake } from "./_syntax_hints.ts";
import { tokenSpan } from "./_tree_builder.ts";
import { STAGE_NAMES } from "./_vocabulary.ts";
import type { Span } from "./position.ts";
import * as t from "./tokens.ts";

/** A syntax error in words. */
export interface SyntaxMessage {
  readonly message: string;
  readonly hint: string;
  readonly span: Span;
}

/** The tokens of a text, and where each is among them. */
export interface TokenContext {
  readonly text: string;
  readonly tokens: readonly IToken[];
  /** The number of tokens for the end of the text, which is none of them. */
  at(token: IToken): number;
  /** Names that a `let` gives. */
  isResult(name: string): boolean;
}

/** @param tokens in the order of the text */
export function tokenContext(tokens: readonly IToken[], text: string): TokenContext {
  const places = new Map(tokens.map((t, i) => [t, i]));
  return {
    text,
    tokens,
    at: (token) => places.get(token) ?? tokens.length,
    isResult: (name) => tokens.some((token, i) => token.image === name && tokens[i - 1]?.tokenType === t.Let),
  };
}

/** What a person is told about an error of the parser: what stands there, what should, and the likeliest mistake. */
export function syntaxMessage(e: IRecognitionException, context: TokenContext): SyntaxMessage {
  const { tokens } = context;
  const at = context.at(e.token);
  const before = tokens[at - 1];
  const found = at < tokens.length ? `Found ${shown(e.token)}` : "The recipe ends";
  const after = before ? ` after ${shown(before)}` : "";
  const inStage = before?.tokenType === t.Name && tokens[at - 2]?.tokenType === t.Pipe;
  const wanted = inStage && STAGE_NAMES.includes(before.image) ? "a value" : expected(e, before);
  return {
    message: `${found}${after}; expected ${wanted}`,
    hint: likelyMistake({ ...context, token: e.token, at, wanted: e.message }),
    span: tokenSpan(e.token, context.text),
  };
}

/** What a person is told about a name that stands alone. */
export function strayName(token: IToken, context: TokenContext): SyntaxMessage {
  const clue: Clue = { ...context, token, at: context.at(token), wanted: "" };
  const before = context.tokens[clue.at - 1];
  const sameLine = before !== undefined && before.endLine === token.startLine;
  return {
    message: `Found ${shown(token)}${sameLine ? ` after ${shown(before)}` : ""}; expected a statement`,
    hint: likelyMistake(clue),
    span: tokenSpan(token, context.text),
  };
}

const EXPECTED: Readonly<Record<string, string>> = {
  recipe: "a statement",
  statement: "a statement",
  block: "a statement or }",
  recipeStatement: "the recipe's name",
  paramStatement: "the name of a parameter",
  letStatement: "the name of a result",
  pipeline: "a pipeline",
  collect: "a collector (proc.list) or a probe (tracepoint:sched:sched_switch)",
  collector: "a collector's name",
  probes: "a probe, such as tracepoint:sched:sched_switch",
  span: "span PROBES -> PROBES on START == END",
  stage: "a stage, such as filter, aggregate or top",
  items: "an expression",
  item: "a name",
  expression: "an expression",
  operand: "a value",
  operator: "an operator",
  parenthesis: "a value",
  args: "an argument or )",
  arg: "an argument",
  path: "a name",
  names: "the name of a result",
  shown: "the name of a result",
  showStatement: "the name of a result",
  saveStatement: "the name of a result",
  askStatement: "a question in quotes",
  alertStatement: "a text in quotes",
  includeStatement: "a file name in quotes",
  whenStatement: "when CONDITION { … }",
  everyStatement: "every DURATION { … }",
  expectStatement: "expect CONDITION",
};

function expected(e: IRecognitionException, before: IToken | undefined): string {
  const rule = e.context.ruleStack.at(-1) ?? "statement";
  if (rule === "shown" && before?.tokenType === t.As) return `a form: table, hist, flame, series or heatmap`;
  // The message is the label of the one token that was expected: `"}"`, `string`, `Name`, …
  if (e.message.startsWith('"')) return e.message;
  if (e.message === "string") return EXPECTED[rule]?.endsWith("quotes") ? EXPECTED[rule] : "a text in quotes";
  if (rule === "letStatement" && e.message === "") return "a pipeline: collect …";
  return EXPECTED[rule] ?? "a statement";
}

function shown(token: IToken): string {
  const image = token.image.length > 30 ? `${token.image.slice(0, 29)}…` : token.image;
  return image.startsWith('"') ? image : `"${image}"`;
}
