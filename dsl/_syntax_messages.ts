import type { IRecognitionException, IToken } from "chevrotain";
import { tokenSpan } from "./_tree_builder.ts";
import { STAGE_NAMES, STATEMENT_WORDS } from "./_vocabulary.ts";
import { nearest } from "./nearest.ts";
import type { Span } from "./position.ts";
import * as t from "./tokens.ts";

/** A syntax error in words. */
export interface SyntaxMessage {
  readonly message: string;
  readonly hint: string;
  readonly span: Span;
}

/** The tokens of a text, and what stands beside each. */
export interface TokenContext {
  readonly text: string;
  before(token: IToken): IToken | undefined;
  after(token: IToken): IToken | undefined;
  /** The tokens of its line. */
  line(token: IToken): IToken[];
  /** Whether it is one of the text, and not the end. */
  has(token: IToken): boolean;
}

/** @param tokens in the order of the text */
export function tokenContext(tokens: readonly IToken[], text: string): TokenContext {
  const places = new Map(tokens.map((t, i) => [t, i]));
  const at = (token: IToken): number => places.get(token) ?? tokens.length;
  return {
    text,
    has: (token) => places.has(token),
    before: (token) => tokens[at(token) - 1],
    after: (token) => tokens[at(token) + 1],
    line(token): IToken[] {
      let first = at(token);
      let last = first;
      while (first > 0 && tokens[first - 1].startLine === token.startLine) first--;
      while (last < tokens.length && tokens[last].startLine === token.startLine) last++;
      return tokens.slice(first, last);
    },
  };
}

/** What a person is told about an error of the parser: what stands there, what should, and the likeliest mistake. */
export function syntaxMessage(e: IRecognitionException, context: TokenContext): SyntaxMessage {
  const before = context.before(e.token);
  const found = context.has(e.token) ? `Found ${shown(e.token)}` : "The recipe ends";
  const after = before ? ` after ${shown(before)}` : "";
  const inStage = before?.tokenType === t.Name && context.before(before)?.tokenType === t.Pipe;
  const message = `${found}${after}; expected ${
    inStage && STAGE_NAMES.includes(before.image) ? "a value" : expected(e)
  }`;
  return { message, hint: hint(e, context), span: tokenSpan(e.token, context.text) };
}

/** What a person is told about a name that stands alone. */
export function strayName(token: IToken, context: TokenContext): SyntaxMessage {
  const before = context.before(token);
  const sameLine = before !== undefined && before.endLine === token.startLine;
  const message = `Found ${shown(token)}${sameLine ? ` after ${shown(before)}` : ""}; expected a statement`;
  const advice = lineHint(token, context) || `To show a result, write: show ${token.image}`;
  return { message, hint: advice, span: tokenSpan(token, context.text) };
}

const EXPECTED: Readonly<Record<string, string>> = {
  recipe: "a statement",
  statement: "a statement",
  block: "a statement or }",
  recipeStatement: "the recipe's name",
  paramStatement: "a parameter: param NAME: TYPE = DEFAULT",
  letStatement: "let NAME = a pipeline",
  pipeline: "a pipeline",
  collect: "a collector (proc.list) or a probe (tracepoint:sched:sched_switch)",
  collector: "a collector's name",
  probes: "a probe, such as tracepoint:sched:sched_switch",
  span: "span PROBES -> PROBES on START == END",
  stage: "a stage, such as filter, aggregate or top",
  items: "an expression",
  item: "an expression or a name",
  expression: "an expression",
  operand: "a value",
  operator: "an operator",
  parenthesis: ")",
  args: "an argument or )",
  arg: "an argument",
  path: "a name",
  names: "the name of a result",
  shown: "the name of a result",
  saveStatement: 'save NAME to "file"',
  askStatement: "a question in quotes",
  alertStatement: "a text in quotes",
  includeStatement: "a file name in quotes",
  whenStatement: "when CONDITION { … }",
  everyStatement: "every DURATION { … }",
  expectStatement: "expect CONDITION",
};

const CLOSING: readonly string[] = ['")"', '"}"'];

function expected(e: IRecognitionException): string {
  // The message is the label of the one token that was expected.
  return CLOSING.includes(e.message) ? e.message : EXPECTED[e.context.ruleStack.at(-1) ?? "statement"] ?? "a statement";
}

function shown(token: IToken): string {
  const image = token.image.length > 30 ? `${token.image.slice(0, 29)}…` : token.image;
  return image.startsWith('"') ? image : `"${image}"`;
}

function hint(e: IRecognitionException, context: TokenContext): string {
  const before = context.before(e.token);
  if (e.token.tokenType === t.Pipe && before?.tokenType === t.Pipe) return 'Write "or" for a logical or';
  if (e.token.tokenType === t.Percent && before?.tokenType === t.NumberLiteral) {
    return "A ratio is written 50%, a remainder a % b";
  }
  if (reserved(e.token) && expectsName(e)) {
    return `"${e.token.image}" is a word of the language and cannot be a name here`;
  }
  return context.has(e.token) ? lineHint(e.token, context) : "";
}

/** The likeliest mistake on the line of a token. */
function lineHint(token: IToken, context: TokenContext): string {
  const before = context.before(token);
  if (
    before?.tokenType === t.Name && !STAGE_NAMES.includes(before.image) && context.before(before)?.tokenType === t.Pipe
  ) {
    return `There is no stage "${before.image}"; a bitwise or stands in parentheses: (a | b)`;
  }
  if (context.after(token)?.tokenType === t.Dot) return "To collect, write: collect AREA.NAME";
  if (before?.tokenType === t.NumberLiteral && /^[a-zA-Zµμ]{1,3}$/.test(token.image)) {
    return `A unit stands directly after its number: ${before.image}${token.image}`;
  }
  const [first, second] = context.line(token);
  if (first?.tokenType !== t.Name || second?.tokenType === t.Pipe) return "";
  if (STAGE_NAMES.includes(first.image)) return `A stage begins with "|": | ${first.image}`;
  const meant = nearest(first.image, STATEMENT_WORDS, 1)[0];
  return meant ? `Did you mean "${meant}" instead of "${first.image}"?` : "";
}

function reserved(token: IToken): boolean {
  return /^[a-z]+$/.test(token.image) && token.tokenType !== t.Name && !token.tokenType.CATEGORIES?.includes(t.Name);
}

function expectsName(e: IRecognitionException): boolean {
  const rule = e.context.ruleStack.at(-1) ?? "";
  return ["recipeStatement", "paramStatement", "letStatement", "path", "names", "shown", "saveStatement", "stage"]
    .includes(
      rule,
    );
}
