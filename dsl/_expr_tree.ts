import type { CstNode, IToken } from "chevrotain";
import { type BinaryOp, PRECEDENCE } from "../core/query/mod.ts";
import { type Builder, nodeSpan, path, stringValue, tokenSpan } from "./_tree_builder.ts";
import type { Arg, ExprNode } from "./ast.ts";
import { nodesOf, tokensOf } from "./grammar.ts";
import type { Span } from "./position.ts";
import * as t from "./tokens.ts";

/** Operands of one expression, those in parentheses included: a deeper tree could not be walked recursively. */
const MAX_OPERANDS = 500;
/** `not` binds between `and` and the comparisons, a minus sign tighter than every operator. */
const NOT = 3;
const NEGATE = 11;

/** A prefix operator, an operator between, or an operand, in the order of the text. */
type Piece =
  | { readonly kind: "prefix"; readonly op: "not" | "-"; readonly span: Span }
  | { readonly kind: "operator"; readonly op: string; readonly span: Span }
  | { readonly kind: "operand"; readonly node: ExprNode };

/** The expression of a rule; `missing` (already reported by the parser) where recovery found none. */
export function expressionOf(b: Builder, parent: CstNode, key = "expression", index = 0): ExprNode {
  const node = nodesOf(parent, key)[index];
  b.operands = 0;
  return node ? expression(b, node) : { kind: "missing", span: nodeSpan(parent, b.text.length) };
}

/** Like {@linkcode expressionOf}, null where the clause is absent. */
export function optionalExpression(b: Builder, parent: CstNode, key = "expression"): ExprNode | null {
  return nodesOf(parent, key).length > 0 ? expressionOf(b, parent, key) : null;
}

function expression(b: Builder, node: CstNode): ExprNode {
  const span = nodeSpan(node, b.text.length);
  const operands = nodesOf(node, "operand");
  const operators = nodesOf(node, "operator");
  b.operands += operands.length + operands.reduce((n, o) => n + tokensOf(o, "prefix").length, 0);
  if (b.operands > MAX_OPERANDS) {
    b.out.error(span, "limit", `An expression has at most ${MAX_OPERANDS} operands and signs before them`);
    return { kind: "missing", span };
  }
  const pieces: Piece[] = [];
  operands.forEach((operand, i) => {
    if (i > 0) pieces.push(operator(b, operators[i - 1], span));
    for (const token of tokensOf(operand, "prefix")) {
      const at = tokenSpan(token, b.text);
      if (token.tokenType === t.Bang) b.out.error(at, "syntax", '"!" is not an operator here', 'Write "not"');
      pieces.push({ kind: "prefix", op: token.tokenType === t.Minus ? "-" : "not", span: at });
    }
    pieces.push({ kind: "operand", node: primary(b, operand, span) });
  });
  return pieces.length > 0 ? climb(b, { pieces, at: 0 }, 0) : { kind: "missing", span };
}

interface Cursor {
  readonly pieces: readonly Piece[];
  at: number;
}

/** Precedence climbing over the flat list: operators at least as strong as `least`. */
function climb(b: Builder, cursor: Cursor, least: number): ExprNode {
  let left = prefixed(b, cursor);
  while (cursor.at < cursor.pieces.length) {
    const piece = cursor.pieces[cursor.at];
    if (piece.kind !== "operator") break;
    const strength = strengthOf(piece.op);
    if (strength < least) break;
    cursor.at++;
    const right = climb(b, cursor, strength + 1);
    if (
      strength === COMPARISON && left.kind === "binary" && !left.inParentheses && strengthOf(left.op) === COMPARISON
    ) {
      const hint = "Write a < b and b < c; or put one comparison in parentheses";
      b.out.error(piece.span, "syntax", "Comparisons do not chain", hint);
    }
    // An operand that is missing may have its place behind all others.
    const span = {
      start: Math.min(left.span.start, piece.span.start),
      end: Math.max(piece.span.end, right.span.end),
    };
    left = { kind: "binary", op: piece.op, opSpan: piece.span, left, right, span };
  }
  return left;
}

function prefixed(b: Builder, cursor: Cursor): ExprNode {
  const piece = cursor.pieces[cursor.at++];
  if (piece === undefined) return { kind: "missing", span: { start: b.text.length, end: b.text.length } };
  if (piece.kind === "operand") return piece.node;
  if (piece.kind === "operator") return { kind: "missing", span: piece.span };
  const arg = climb(b, cursor, piece.op === "not" ? NOT : NEGATE);
  return {
    kind: "unary",
    op: piece.op,
    arg,
    span: { start: piece.span.start, end: Math.max(piece.span.end, arg.span.end) },
  };
}

const COMPARISON = PRECEDENCE["=="];

function strengthOf(op: string): number {
  if (op === "=") return 0;
  return op === "not in" || op === "not like" || op === "not ~" ? COMPARISON : PRECEDENCE[op as BinaryOp] ?? COMPARISON;
}

const OTHER_LANGUAGES: Readonly<Record<string, string>> = {
  "&&": "and",
  "||": "or",
  "<>": "!=",
  "===": "==",
  "!==": "!=",
};

function operator(b: Builder, node: CstNode | undefined, around: Span): Piece {
  const token = tokensOf(node, "BinaryOperator")[0];
  if (token) {
    const span = tokenSpan(token, b.text);
    const meant = OTHER_LANGUAGES[token.image];
    if (meant) b.out.error(span, "syntax", `"${token.image}" is not an operator here`, `Write "${meant}"`);
    return { kind: "operator", op: meant ?? token.image, span };
  }
  const not = tokensOf(node, "Not")[0];
  const negated = tokensOf(node, "negated")[0];
  if (!not || !negated) return { kind: "operator", op: "==", span: nodeSpan(node, around.end) };
  const span = { start: tokenSpan(not, b.text).start, end: tokenSpan(negated, b.text).end };
  if (!["in", "like", "~"].includes(negated.image)) {
    b.out.error(span, "syntax", `"not" does not stand before "${negated.image}"`, "Only: not in, not like, not ~");
  }
  return { kind: "operator", op: `not ${negated.image}`, span };
}

function primary(b: Builder, node: CstNode, around: Span): ExprNode {
  const token = firstToken(node, ["NumberLiteral", "StringLiteral", "True", "False", "Null", "Dollar"]);
  if (token) {
    const span = tokenSpan(token, b.text);
    switch (token.tokenType) {
      case t.NumberLiteral:
        return { kind: "number", text: token.image, span };
      case t.True:
      case t.False:
        return { kind: "bool", value: token.tokenType === t.True, span };
      case t.Null:
        return { kind: "null", span };
      case t.Dollar:
        return { kind: "param", name: token.image.slice(1), span };
      default:
        return { kind: "string", value: stringValue(b, token), span };
    }
  }
  const inParentheses = nodesOf(node, "parenthesis")[0];
  if (inParentheses) return parenthesis(b, inParentheses);
  const name = path(b, node);
  if (!name) return { kind: "missing", span: nodeSpan(node, around.end) };
  const args = nodesOf(node, "args")[0];
  if (!args) return { kind: "path", name: name.name, span: name.span };
  return {
    kind: "call",
    name,
    args: argsOf(b, args),
    span: { start: name.span.start, end: Math.max(name.span.end, nodeSpan(args, 0).end) },
  };
}

function parenthesis(b: Builder, node: CstNode): ExprNode {
  const items = nodesOf(node, "expression").map((e) => expression(b, e));
  const span = nodeSpan(node, b.text.length);
  if (items.length === 1) {
    return items[0].kind === "binary" ? { ...items[0], span, inParentheses: true } : { ...items[0], span };
  }
  return items.length === 0 ? { kind: "missing", span } : { kind: "list", items, span };
}

/** The arguments between the parentheses of a collector. */
export function collectorArgs(b: Builder, node: CstNode): Arg[] {
  b.operands = 0;
  return argsOf(b, node);
}

function argsOf(b: Builder, node: CstNode): Arg[] {
  return nodesOf(node, "arg").map((arg) => {
    const value = nodesOf(arg, "expression")[0];
    const token = tokensOf(arg, "Name")[0];
    return {
      name: token ? { name: token.image, span: tokenSpan(token, b.text) } : null,
      value: value ? expression(b, value) : { kind: "missing", span: nodeSpan(arg, b.text.length) },
      span: nodeSpan(arg, b.text.length),
    };
  });
}

function firstToken(node: CstNode, names: readonly string[]): IToken | undefined {
  for (const name of names) {
    const token = tokensOf(node, name)[0];
    if (token) return token;
  }
  return undefined;
}
