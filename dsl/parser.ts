import type { CstNode, IRecognitionException, IToken } from "chevrotain";
import { collectorArgs, expressionOf, optionalExpression } from "./_expr_tree.ts";
import { type Builder, ident, nodeSpan, path, str, tokenSpan } from "./_tree_builder.ts";
import { strayName, type SyntaxMessage, syntaxMessage, type TokenContext, tokenContext } from "./_syntax_messages.ts";
import type * as ast from "./ast.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { nodesOf, RECIPE_PARSER, tokensOf } from "./grammar.ts";
import { lineIndex, type Span } from "./position.ts";
import { CloseBrace, CloseParen, Name, OpenBrace, OpenParen, RECIPE_LEXER, StatementWord } from "./tokens.ts";

/** A text longer than this is no recipe. UTF-16 code units. */
const MAX_TEXT = 1 << 18;
/** Parentheses and braces inside one another. */
const MAX_DEPTH = 60;
/** Expressions of one stage. */
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
  for (const e of lexed.errors) {
    const span = { start: e.offset, end: e.offset + e.length };
    const shown = JSON.stringify(text.slice(span.start, Math.min(span.end, span.start + 20)));
    out.error(span, "syntax", `${shown} is not part of the language`);
  }
  const tokens = shallow(lexed.tokens, text, out);
  const context = tokenContext(tokens, text);
  const { nodes, errors } = parseTokens(tokens);
  const b: Builder = { text, out, operands: 0 };
  const problems: Problem[] = errors.map((e) => ({ token: e.token, say: () => syntaxMessage(e, context) }));
  for (const node of nodes) strayNames(node, context, problems);
  report(problems, context, out);
  const tree = {
    statements: nodes.flatMap((node) => statements(b, node)),
    comments: (lexed.groups.comments ?? []).map((c) => ({ text: c.image, span: tokenSpan(c, text) })),
  };
  return { tree, nodes };
}

/** Parses on behind what the parser could make nothing of. */
function parseTokens(tokens: IToken[]): { nodes: CstNode[]; errors: IRecognitionException[] } {
  const nodes: CstNode[] = [];
  const errors: IRecognitionException[] = [];
  let from = 0;
  for (let part = 0; part < MAX_PARTS && (from < tokens.length || part === 0); part++) {
    RECIPE_PARSER.input = from === 0 ? tokens : tokens.slice(from);
    nodes.push(RECIPE_PARSER.recipe());
    errors.push(...RECIPE_PARSER.errors);
    const stopped = RECIPE_PARSER.errors.find((e) => e.name === "NotAllInputParsedException")?.token;
    if (!stopped) break;
    from = tokens.indexOf(stopped, from) + 1;
    while (from < tokens.length && !beginsStatement(tokens[from], tokens[from - 1])) from++;
  }
  return { nodes, errors };
}

function beginsStatement(token: IToken, before: IToken): boolean {
  if (token.tokenType.CATEGORIES?.includes(StatementWord)) return true;
  return token.tokenType === Name && token.startLine !== before.endLine;
}

interface Problem {
  readonly token: IToken;
  say(): SyntaxMessage;
}

/** One report a line: what follows a mistake on its line is usually its consequence. */
function report(problems: readonly Problem[], context: TokenContext, out: Diagnostics): void {
  const lines = lineIndex(context.text);
  const seen = new Set<number>();
  const start = (p: Problem): number => tokenSpan(p.token, context.text).start;
  for (const problem of problems.toSorted((a, b) => start(a) - start(b))) {
    const { line } = lines.position(start(problem));
    if (seen.has(line)) continue;
    seen.add(line);
    const { message, hint, span } = problem.say();
    out.error(span, "syntax", message, hint);
  }
}

/** Names that stand where a statement should: the grammar takes them for pipelines without stages. */
function strayNames(node: CstNode, context: TokenContext, problems: Problem[]): void {
  if (node.name === "pipeline" && !node.children.collect && !node.children.stage) {
    const token = tokensOf(node, "Name")[0];
    // In `let a = b` the name is the pipeline.
    if (token && context.before(token)?.image !== "=") problems.push({ token, say: () => strayName(token, context) });
    return;
  }
  for (const child of Object.values(node.children).flat()) {
    if ("children" in child) strayNames(child, context, problems);
  }
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
      const made = pipeline(b, node);
      if (made?.source.kind === "result" && made.stages.length === 0) return null; // reported as a stray name
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
  const stages = nodesOf(node, "stage").flatMap((s) => stage(b, s) ?? []);
  const span = nodeSpan(node, b.text.length);
  const collect = nodesOf(node, "collect")[0];
  if (collect) return { source: collected(b, collect), stages, span };
  const name = ident(b, node);
  return name && { source: { kind: "result", name, span: name.span }, stages, span };
}

function collected(b: Builder, node: CstNode): ast.CollectSource {
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
  const all = nodesOf(node, "item");
  if (all.length > MAX_ITEMS) {
    b.out.error(
      nodeSpan(node, b.text.length),
      "limit",
      `A stage has at most ${MAX_ITEMS} items, here are ${all.length}`,
    );
  }
  return all.slice(0, MAX_ITEMS).map((item) => ({
    expr: expressionOf(b, item),
    as: ident(b, item),
    order: tokensOf(item, "Desc").length > 0 ? "desc" : tokensOf(item, "Asc").length > 0 ? "asc" : null,
    span: nodeSpan(item, b.text.length),
  }));
}
