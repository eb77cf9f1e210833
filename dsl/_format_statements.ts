import type { CstNode, IToken } from "chevrotain";
import { type Atom, type AtomMaker, isNode, type Part, partsOf } from "./_format_atoms.ts";
import * as t from "./tokens.ts";

/** A statement as it is laid out. */
export type Piece =
  | { readonly kind: "plain"; readonly atoms: readonly Atom[] }
  | {
    readonly kind: "param";
    readonly name: readonly Atom[];
    readonly value: readonly Atom[];
    readonly doc: Atom | null;
  }
  /** A source, with what stands before it, and its stages. */
  | { readonly kind: "pipeline"; readonly head: readonly Atom[]; readonly stages: readonly (readonly Atom[])[] }
  /** `when … {`, a body, `} else {`, a body, `}` */
  | { readonly kind: "blocks"; readonly heads: readonly (readonly Atom[])[]; readonly bodies: readonly Piece[][] };

/** The atoms of a piece, in order, bodies left out. */
export function atomsOf(piece: Piece): readonly Atom[] {
  switch (piece.kind) {
    case "plain":
      return piece.atoms;
    case "param":
      return [...piece.name, ...piece.value, ...(piece.doc ? [piece.doc] : [])];
    case "pipeline":
      return [piece.head, ...piece.stages].flat();
    case "blocks":
      return piece.heads.flat();
  }
}

/** The statements of a node: of the recipe, or of a block. */
export function piecesOf(node: CstNode, make: AtomMaker): Piece[] {
  const nodes = partsOf(node).map((p) => p.child).filter(isNode);
  return nodes.map((statement, i) => {
    const inner = partsOf(statement)[0].child as CstNode;
    const piece = pieceOf(inner, make);
    const semicolon = statement.children.Semicolon?.[0];
    if (!semicolon || !needsSemicolon(inner, nodes[i + 1])) return piece;
    // With its space: a probe would take the semicolon for a part of its name.
    return withLast(piece, { ...make.atom({ key: "", child: semicolon }, "statement"), rank: 0 });
  });
}

/** Whether the next statement begins with a word that would continue this one. */
function needsSemicolon(inner: CstNode, next: CstNode | undefined): boolean {
  const words = {
    expectStatement: [t.Tolerate],
    askStatement: [t.With],
    alertStatement: [t.With],
    pipeline: [t.On, t.Cancel],
    letStatement: [t.On, t.Cancel],
  }[inner.name];
  return next !== undefined && words?.includes(firstToken(next).tokenType) === true;
}

function firstToken(node: CstNode): IToken {
  const first = partsOf(node)[0].child;
  return isNode(first) ? firstToken(first) : first;
}

function withLast(piece: Piece, atom: Atom): Piece {
  if (piece.kind === "plain") return { ...piece, atoms: [...piece.atoms, atom] };
  if (piece.kind !== "pipeline") return piece;
  const last = piece.stages.at(-1);
  if (!last) return { ...piece, head: [...piece.head, atom] };
  return { ...piece, stages: [...piece.stages.slice(0, -1), [...last, atom]] };
}

function pieceOf(node: CstNode, make: AtomMaker): Piece {
  switch (node.name) {
    case "paramStatement":
      return param(node, make);
    case "letStatement":
    case "pipeline":
      return pipeline(node, make);
    case "whenStatement":
    case "everyStatement":
      return blocks(node, make);
    default:
      return { kind: "plain", atoms: make.atoms(node) };
  }
}

function pipeline(node: CstNode, make: AtomMaker): Piece {
  const head: Atom[] = [];
  const stages: Atom[][] = [];
  const visit = (parent: CstNode): void => {
    for (const part of partsOf(parent)) {
      if (!isNode(part.child)) head.push(make.atom(part, parent.name));
      else if (part.child.name === "pipeline") visit(part.child);
      else if (part.child.name === "stage") stages.push(make.atoms(part.child));
      else for (const atom of make.atoms(part.child)) head.push(atom);
    }
  };
  visit(node);
  return { kind: "pipeline", head, stages };
}

function param(node: CstNode, make: AtomMaker): Piece {
  const name: Atom[] = [];
  const value: Atom[] = [];
  let doc: Atom | null = null;
  for (const part of partsOf(node)) {
    if (isNode(part.child)) value.push(...make.atoms(part.child));
    else if (part.key === "StringLiteral") doc = make.atom(part, node.name);
    else if (part.key === "Equal") value.push(make.atom(part, node.name));
    else name.push(make.atom(part, node.name));
  }
  return { kind: "param", name, value, doc };
}

function blocks(node: CstNode, make: AtomMaker): Piece {
  const heads: Atom[][] = [[]];
  const bodies: Piece[][] = [];
  for (const part of partsOf(node)) {
    if (!isNode(part.child)) heads.at(-1)?.push(make.atom(part, node.name));
    else if (part.child.name === "block") block(part.child, make, heads, bodies);
    else heads.at(-1)?.push(...make.atoms(part.child));
  }
  return { kind: "blocks", heads, bodies };
}

function block(node: CstNode, make: AtomMaker, heads: Atom[][], bodies: Piece[][]): void {
  const brace = (key: string): Part => ({ key, child: node.children[key][0] });
  heads.at(-1)?.push(make.atom(brace("OpenBrace"), node.name));
  const body = piecesOf({ ...node, children: { statement: node.children.statement ?? [] } }, make);
  const close = make.atom(brace("CloseBrace"), node.name);
  if (body.length === 0 && close.notes.length === 0) {
    heads.at(-1)?.push({ ...close, space: false });
    return;
  }
  bodies.push(body);
  heads.push([close]);
}
