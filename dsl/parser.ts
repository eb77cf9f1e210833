import type { CstNode, ILexingError, IRecognitionException, IToken } from "chevrotain";
import { collectorArgs, expressionOf, optionalExpression } from "./_expr_tree.ts";
import { type Builder, ident, nodeSpan, path, str, tokenSpan } from "./_tree_builder.ts";
import { strangeSign } from "./_syntax_hints.ts";
import { strayName, type SyntaxMessage, syntaxMessage, tokenContext } from "./_syntax_messages.ts";
import { TooManyErrors } from "./_parse_errors.ts";
import type * as ast from "./ast.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { nodesOf, PARSE_ERRORS, RECIPE_PARSER, tokensOf } from "./grammar.ts";
import { lineIndex, type Span } from "./position.ts";
import {
  CloseBrace,
  CloseParen,
  Dollar,
  Name,
  OpenBrace,
  OpenParen,
  Param,
  RECIPE_LEXER,
  StatementWord,
} from "./tokens.ts";

/** A text longer than this is no recipe. UTF-16 code units. */
const MAX_TEXT = 1 << 18;
/** Parentheses and braces inside one another. */
const MAX_DEPTH = 60;
/** Words and signs: some 1,500 lines of a recipe. Recovery from errors looks ahead, so its work grows faster than a text. */
const MAX_TOKENS = 20_000;
/** Of a recipe, those in blocks included: every one may name all results before it. */
const MAX_STATEMENTS = 1000;
/** Stages of a pipeline and their items: every one may name all columns before it. */
const MAX_ITEMS = 500;
/** How often the parser starts again behind something unreadable. */
const MAX_PARTS = 50;

/** A tree with what it was made of. */
export interface Syntax {
  readonly tree: ast.Tree;
  /** The grammar's own trees, each of rule `recipe`: one, unless something was unreadable. */
  readonly nodes: readonly CstNode[];
}

/**
 * Text to tree. Never throws: what cannot be read is reported and left out.
 *
 * @param text the recipe, its header blanked out
 */
export function parseTree(text: string, out: Diagnostics): ast.Tree {
  return parseSyntax(text, out).tree;
}

/** Like {@linkcode parseTree}, with the grammar's own trees, which hold every token. */
export function parseSyntax(text: string, out: Diagnostics): Syntax {
  if (text.length > MAX_TEXT) {
    const span = { start: MAX_TEXT, end: MAX_TEXT };
    out.error(span, "limit", `A recipe has at most ${MAX_TEXT} characters, here are ${text.length}`);
    return { tree: { statements: [], comments: [] }, nodes: [] };
  }
  const lexed = RECIPE_LEXER.tokenize(text);
  if (lexed.tokens.length > MAX_TOKENS) {
    const span = tokenSpan(lexed.tokens[MAX_TOKENS], text);
    out.error(span, "limit", `A recipe has at most ${MAX_TOKENS} words and signs, here are ${lexed.tokens.length}`);
    return { tree: { statements: [], comments: [] }, nodes: [] };
  }
  const tokens = declaredNames(shallow(lexed.tokens, text, out), text, out);
  const context = tokenContext(tokens, text);
  const { nodes, errors } = parseTokens(tokens);
  const b: Builder = { text, out, operands: 0, items: 0, statements: 0, stray: [] };
  const made = nodes.flatMap((node) => statements(b, node));
  const start = (token: IToken): number => tokenSpan(token, text).start;
  report(
    [
      ...lexed.errors.map((e) => ({ start: e.offset, say: () => strange(e, text) })),
      ...errors.map((e) => ({ start: start(e.token), say: () => syntaxMessage(e, context) })),
      ...b.stray.map((token) => ({ start: start(token), say: () => strayName(token, context) })),
    ],
    text,
    out,
  );
  const tree = {
    statements: made,
    comments: (lexed.groups.comments ?? []).map((c) => ({ text: c.image, span: tokenSpan(c, text) })),
  };
  return { tree, nodes };
}

/** Parses on behind what the parser could make nothing of. */
function parseTokens(tokens: IToken[]): { nodes: CstNode[]; errors: IRecognitionException[] } {
  const nodes: CstNode[] = [];
  const errors: IRecognitionException[] = [];
  let from = 0;
  PARSE_ERRORS.reset();
  try {
    for (let part = 0; part < MAX_PARTS && (from < tokens.length || part === 0); part++) {
      RECIPE_PARSER.input = from === 0 ? tokens : tokens.slice(from);
      nodes.push(RECIPE_PARSER.recipe());
      errors.push(...RECIPE_PARSER.errors);
      const stopped = RECIPE_PARSER.errors.find((e) => e.name === "NotAllInputParsedException")?.token;
      if (!stopped) break;
      from = tokens.indexOf(stopped, from) + 1;
      while (from < tokens.length && !beginsStatement(tokens[from], tokens[from - 1])) from++;
    }
  } catch (e) {
    if (!(e instanceof TooManyErrors)) throw e;
    errors.push(...RECIPE_PARSER.errors);
  }
  return { nodes, errors };
}

function beginsStatement(token: IToken, before: IToken): boolean {
  if (token.tokenType.CATEGORIES?.includes(StatementWord)) return true;
  return token.tokenType === Name && token.startLine !== before.endLine;
}

interface Problem {
  readonly start: number;
  say(): SyntaxMessage;
}

/** One report a line: what follows a mistake on its line is usually its consequence. */
function report(problems: readonly Problem[], text: string, out: Diagnostics): void {
  const lines = lineIndex(text);
  const seen = new Set<number>();
  for (const problem of problems.toSorted((a, b) => a.start - b.start)) {
    if (out.full) break;
    const { line } = lines.position(problem.start);
    if (seen.has(line)) continue;
    seen.add(line);
    const { message, hint, span } = problem.say();
    out.error(span, "syntax", message, hint);
  }
}

/** What a person is told about what is no word and no sign of the language. */
function strange(e: ILexingError, text: string): SyntaxMessage {
  const span = { start: e.offset, end: e.offset + e.length };
  const sign = text.slice(span.start, Math.min(span.end, span.start + 20));
  return { message: `${JSON.stringify(sign)} is not part of the language`, hint: strangeSign(sign), span };
}

/** A parameter that is declared as it is used: what is meant by `param $n` is clear. */
function declaredNames(tokens: IToken[], text: string, out: Diagnostics): IToken[] {
  return tokens.map((token, i) => {
    if (token.tokenType !== Dollar || tokens[i - 1]?.tokenType !== Param) return token;
    const image = token.image.slice(1);
    out.error(tokenSpan(token, text), "syntax", 'A parameter is declared without "$"', `Write: param ${image}`);
    return { ...token, image, startOffset: token.startOffset + 1, tokenType: Name, tokenTypeIdx: Name.tokenTypeIdx! };
  });
}

/** Leaves out what is nested too deeply, so that neither the parser nor later passes run out of stack. */
function shallow(tokens: IToken[], text: string, out: Diagnostics): IToken[] {
  let depth = 0;
  let reported = false;
  return tokens.filter((token) => {
    const opens = token.tokenType === OpenParen || token.tokenType === OpenBrace;
    const closes = token.tokenType === CloseParen || token.tokenType === CloseBrace;
    if (opens) depth++;
    const keep = depth <= MAX_DEPTH;
    if (closes) depth = Math.max(0, depth - 1);
    if (!keep && !reported) {
      reported = true;
      out.error(tokenSpan(token, text), "limit", `Parentheses and braces are nested at most ${MAX_DEPTH} deep`);
    }
    return keep;
  });
}

function statements(b: Builder, node: CstNode | undefined): ast.Statement[] {
  return nodesOf(node, "statement").flatMap((s) => {
    if (++b.statements > MAX_STATEMENTS) {
      if (b.statements === MAX_STATEMENTS + 1) {
        b.out.error(nodeSpan(s, b.text.length), "limit", `A recipe has at most ${MAX_STATEMENTS} statements`);
      }
      return [];
    }
    const inner = Object.values(s.children).flat().find((c): c is CstNode => "children" in c);
    const made = inner ? statement(b, inner) : null;
    return made ? [made] : [];
  });
}

function statement(b: Builder, node: CstNode): ast.Statement | null {
  const span = nodeSpan(node, b.text.length);
  switch (node.name) {
    case "recipeStatement": {
      const name = ident(b, node);
      return name && { kind: "recipe", name, title: str(b, node), span };
    }
    case "paramStatement": {
      const name = ident(b, node);
      const type = ident(b, node, "type");
      return name && { kind: "param", name, type, default: optionalExpression(b, node), doc: str(b, node), span };
    }
    case "letStatement": {
      const name = ident(b, node);
      const inner = nodesOf(node, "pipeline")[0];
      const value = optionalExpression(b, node);
      return name && { kind: "let", name, pipeline: inner ? pipeline(b, inner) : null, value, span };
    }
    case "pipeline": {
      if (!node.children.collect && !node.children.stage) {
        b.stray.push(...tokensOf(node, "Name").slice(0, 1));
        return null;
      }
      const made = pipeline(b, node);
      return made && { kind: "pipeline", pipeline: made, span };
    }
    case "whenStatement":
      return {
        kind: "when",
        condition: expressionOf(b, node),
        then: statements(b, nodesOf(node, "then")[0]),
        otherwise: statements(b, nodesOf(node, "otherwise")[0]),
        span,
      };
    case "everyStatement":
      return {
        kind: "every",
        period: expressionOf(b, node),
        duration: duration(b, node),
        body: statements(b, nodesOf(node, "block")[0]),
        span,
      };
    case "expectStatement": {
      const tolerate = optionalExpression(b, node, "tolerate");
      return { kind: "expect", condition: expressionOf(b, node), tolerate, message: str(b, node), span };
    }
    case "showStatement":
      return { kind: "show", items: nodesOf(node, "shown").flatMap((n) => shownItem(b, n) ?? []), span };
    case "saveStatement":
      return { kind: "save", name: ident(b, node), file: str(b, node), span };
    case "askStatement":
      return {
        kind: tokensOf(node, "Investigate").length > 0 ? "investigate" : "ask",
        question: str(b, node),
        results: tokensOf(node, "With").length > 0 ? names(b, node) : null,
        duration: duration(b, node),
        span,
      };
    case "alertStatement":
      return {
        kind: "alert",
        message: str(b, node),
        condition: optionalExpression(b, node),
        duration: duration(b, node),
        results: tokensOf(node, "With").length > 0 ? names(b, node) : null,
        span,
      };
    case "includeStatement":
      return { kind: "include", file: str(b, node), span };
    default:
      return null;
  }
}

function shownItem(b: Builder, node: CstNode): ast.ShownItem | null {
  const name = ident(b, node);
  return name && { name, form: ident(b, node, "form"), span: nodeSpan(node, name.span.end) };
}

function names(b: Builder, node: CstNode): ast.Ident[] {
  return tokensOf(nodesOf(node, "names")[0], "Name").map((n) => ({ name: n.image, span: tokenSpan(n, b.text) }));
}

function duration(b: Builder, node: CstNode): ast.ExprNode | null {
  const clause = nodesOf(node, "forClause")[0];
  return clause ? expressionOf(b, clause) : null;
}

function pipeline(b: Builder, node: CstNode): ast.Pipeline | null {
  b.items = 0;
  const stages = nodesOf(node, "stage").flatMap((s) => stage(b, s) ?? []);
  const span = nodeSpan(node, b.text.length);
  const collect = nodesOf(node, "collect")[0];
  if (collect) return { source: collected(b, collect), stages, span };
  const name = ident(b, node);
  return name && { source: { kind: "result", name, span: name.span }, stages, span };
}

function collected(b: Builder, node: CstNode): ast.CollectSource {
  for (const key of ["forClause", "selfClause"]) {
    for (const again of nodesOf(node, key).slice(1)) {
      const span = nodeSpan(again, b.text.length);
      b.out.error(
        span,
        "duplicate",
        `"${key === "forClause" ? "for" : "include self"}" is written twice`,
        "Write it once",
      );
    }
  }
  const self = nodesOf(node, "selfClause")[0];
  const span = nodeSpan(node, b.text.length);
  return {
    kind: "collect",
    what: what(b, node),
    duration: duration(b, node),
    includeSelf: self ? nodeSpan(self, span.end) : null,
    span,
  };
}

function what(b: Builder, node: CstNode): ast.Collected | null {
  const inner = (name: string): CstNode | undefined => nodesOf(node, name)[0];
  const at = (n: CstNode): Span => nodeSpan(n, b.text.length);
  const probes = inner("probes");
  if (probes) return { kind: "probes", probes: probeTexts(b, probes), span: at(probes) };
  const calls = inner("calls");
  if (calls) return { kind: "calls", targets: probeTexts(b, nodesOf(calls, "probes")[0]), span: at(calls) };
  const span = inner("span");
  if (span) {
    return {
      kind: "span",
      starts: probeTexts(b, nodesOf(span, "starts")[0]),
      ends: probeTexts(b, nodesOf(span, "ends")[0]),
      on: optionalExpression(b, span),
      cancels: probeTexts(b, nodesOf(span, "cancels")[0]),
      span: at(span),
    };
  }
  const collector = inner("collector");
  const name = collector && path(b, collector);
  if (!collector || !name) return null;
  const args = nodesOf(collector, "args")[0];
  return { kind: "collector", name, args: args ? collectorArgs(b, args) : [], span: at(collector) };
}

function probeTexts(b: Builder, node: CstNode | undefined): ast.ProbeText[] {
  return tokensOf(node, "Probe").map((p) => ({ text: p.image, span: tokenSpan(p, b.text) }));
}

function stage(b: Builder, node: CstNode): ast.Stage | null {
  if (!counted(b, node)) return null;
  const name = ident(b, node);
  const by = nodesOf(node, "by")[0];
  return name && {
    name,
    items: items(b, nodesOf(node, "items")[0]),
    by: tokensOf(node, "By").length > 0 ? items(b, by) : null,
    span: nodeSpan(node, name.span.end),
  };
}

function items(b: Builder, node: CstNode | undefined): ast.StageItem[] {
  return nodesOf(node, "item").filter((item) => counted(b, item)).map((item) => ({
    expr: expressionOf(b, item),
    as: ident(b, item),
    order: tokensOf(item, "Desc").length > 0 ? "desc" : tokensOf(item, "Asc").length > 0 ? "asc" : null,
    span: nodeSpan(item, b.text.length),
  }));
}

/** Whether a stage or an item of one is among the first of its pipeline; complains about the one that is not. */
function counted(b: Builder, node: CstNode): boolean {
  if (++b.items === MAX_ITEMS + 1) {
    const message = `The stages of a pipeline and what they list are at most ${MAX_ITEMS} in all`;
    b.out.error(nodeSpan(node, b.text.length), "limit", message);
  }
  return b.items <= MAX_ITEMS;
}
