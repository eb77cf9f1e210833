import type { CstNode, IToken } from "chevrotain";
import type { Comment } from "./ast.ts";
import * as t from "./tokens.ts";

/** How willingly a line breaks before an atom: 1 first, 3 last, 0 never. */
export type Rank = 0 | 1 | 2 | 3;

/** A token as it is printed, with what stands before it. */
export interface Atom {
  readonly text: string;
  /** A space parts it from the atom before, where no line begins. */
  readonly space: boolean;
  readonly rank: Rank;
  /** Comments between the atom before and this one. */
  readonly notes: readonly Note[];
  /** An empty line stands before it. */
  readonly blank: boolean;
  /** Where it stood. From 1. */
  readonly line: number;
}

/** A comment as it is printed. */
export interface Note {
  readonly text: string;
  /** It stands behind something on its line. */
  readonly trailing: boolean;
  /** An empty line stands before it. */
  readonly blank: boolean;
}

/** Makes atoms and notes, in the order of the text. */
export interface AtomMaker {
  /** The atoms of a node. */
  atoms(node: CstNode): Atom[];
  /** One token of a rule. */
  atom(part: Part, rule: string, depth?: number): Atom;
  /** The comments that no atom has taken. */
  rest(): Note[];
}

/** A child of a node with the label that it has there. */
export interface Part {
  readonly key: string;
  readonly child: CstNode | IToken;
}

/** The children of a node in the order of the text: the grammar keeps them by name. */
export function partsOf(node: CstNode): Part[] {
  const parts: Part[] = [];
  for (const key in node.children) for (const child of node.children[key]) parts.push({ key, child });
  return parts.sort((a, b) => offsetOf(a.child) - offsetOf(b.child));
}

/** Whether a child is a node, not a token. */
export function isNode(child: CstNode | IToken): child is CstNode {
  return "children" in child;
}

function offsetOf(child: CstNode | IToken): number {
  return isNode(child) ? child.location?.startOffset ?? 0 : child.startOffset;
}

/** @param text what the tokens were read from */
export function atomMaker(text: string, comments: readonly Comment[]): AtomMaker {
  let nextComment = 0;
  /** The atom before binds the next one: an opening parenthesis, a dot, a sign. */
  let glued = false;

  const note = (comment: Comment): Note => ({
    text: comment.text.trimEnd(),
    trailing: /\S/.test(text.slice(text.lastIndexOf("\n", comment.span.start - 1) + 1, comment.span.start)),
    blank: isBlankBefore(text, comment.span.start),
  });

  const notesUntil = (offset: number): Note[] => {
    const notes: Note[] = [];
    while (nextComment < comments.length && comments[nextComment].span.start < offset) {
      notes.push(note(comments[nextComment++]));
    }
    return notes;
  };

  const atom = ({ key, child }: Part, rule: string, depth = 0): Atom => {
    const token = child as IToken;
    const type = token.tokenType;
    // What stands before a comma or a brace moves behind it: neither begins a line.
    const notes = type === t.Comma || type === t.OpenBrace ? [] : notesUntil(token.startOffset);
    const space = !glued && !bindsToBefore(type, rule);
    glued = type === t.OpenParen || type === t.Dot || (key === "prefix" && type === t.Minus);
    return {
      text: type === t.Cast ? token.image.replace(/[ \t]/g, "") : token.image,
      space,
      rank: rankOf(token, key, rule, depth),
      notes,
      blank: isBlankBefore(text, token.startOffset),
      line: token.startLine ?? 0,
    };
  };

  const visit = (node: CstNode, depth: number, out: Atom[]): void => {
    const inside = node.name === "args" || node.name === "parenthesis" ? depth + 1 : depth;
    let afterComma = false;
    for (const part of partsOf(node)) {
      const from = out.length;
      if (isNode(part.child)) visit(part.child, inside, out);
      else out.push(atom(part, node.name, inside));
      if (afterComma && from < out.length) out[from] = { ...out[from], rank: commaRank(node.name, inside) };
      afterComma = part.key === "Comma";
    }
  };

  return {
    atom,
    atoms(node): Atom[] {
      const out: Atom[] = [];
      visit(node, 0, out);
      return out;
    },
    rest: () => notesUntil(Infinity),
  };
}

function bindsToBefore(type: IToken["tokenType"], rule: string): boolean {
  return type === t.Comma || type === t.Dot || type === t.Colon || type === t.CloseParen ||
    (type === t.OpenParen && rule === "args");
}

function commaRank(rule: string, depth: number): Rank {
  return depth === 0 && (rule === "items" || rule === "showStatement") ? 1 : 2;
}

const CLAUSES: readonly IToken["tokenType"][] = [t.Arrow, t.On, t.Cancel, t.For, t.By, t.Tolerate, t.Else, t.With];
const CLAUSE_RULES: readonly string[] = [
  ...["span", "forClause", "stage", "expectStatement", "askStatement", "alertStatement"],
];

function rankOf(token: IToken, key: string, rule: string, depth: number): Rank {
  const type = token.tokenType;
  if (rule === "operator") {
    // A line that began with the bitwise or would read like a stage.
    if (key === "negated" || type === t.Pipe) return 0;
    return type !== t.And && type !== t.Or ? 3 : depth > 0 ? 2 : 1;
  }
  return CLAUSES.includes(type) && CLAUSE_RULES.includes(rule) ? 1 : 0;
}

/** Whether an empty line stands before an offset. */
function isBlankBefore(text: string, offset: number): boolean {
  let breaks = 0;
  for (let i = offset - 1; i >= 0 && /\s/.test(text[i]); i--) if (text[i] === "\n") breaks++;
  return breaks > 1;
}
