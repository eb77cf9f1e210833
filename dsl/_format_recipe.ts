import type { CstNode } from "chevrotain";
import { atomMaker } from "./_format_atoms.ts";
import { joined, type Page, page, WIDTH } from "./_format_layout.ts";
import { atomsOf, type Piece, piecesOf } from "./_format_statements.ts";
import type { Comment } from "./ast.ts";

/** Of a line, for each block around it. */
const INDENT = 2;
/** Of a line that continues the one before. */
const CONTINUATION = 4;

/**
 * The text of a recipe without errors, laid out.
 *
 * @param text what the nodes were parsed from
 */
export function layOut(text: string, nodes: readonly CstNode[], comments: readonly Comment[]): string {
  const to = page();
  const make = atomMaker(text, comments);
  statements(nodes.flatMap((node) => piecesOf(node, make)), 0, to);
  to.notes(make.rest(), 0, true);
  return to.text();
}

function statements(pieces: readonly Piece[], indent: number, to: Page): void {
  to.begin();
  for (let i = 0; i < pieces.length;) {
    const group = paramsFrom(pieces, i);
    if (group.length > 0) params(group, indent, to);
    else statement(pieces[i], indent, to);
    i += Math.max(1, group.length);
  }
}

function statement(piece: Piece, indent: number, to: Page): void {
  const atoms = atomsOf(piece);
  before(piece, indent, to);
  switch (piece.kind) {
    case "plain":
    case "param":
      return to.fill(atoms, indent, indent + CONTINUATION);
    case "pipeline": {
      const line = " ".repeat(indent) + joined(atoms);
      if (atoms[0].line === atoms[atoms.length - 1].line && line.length <= WIDTH) return to.line(line);
      to.fill(piece.head, indent, indent + CONTINUATION);
      for (const stage of piece.stages) {
        to.notes(stage[0].notes, indent + INDENT);
        to.fill(stage, indent + INDENT, indent + INDENT + CONTINUATION);
      }
      return;
    }
    case "blocks":
      to.fill(piece.heads[0], indent, indent + CONTINUATION);
      piece.bodies.forEach((body, i) => {
        statements(body, indent + INDENT, to);
        const head = piece.heads[i + 1];
        to.notes(head[0].notes, indent + INDENT, true);
        // Behind `} # comment`, `else` begins a line of its own.
        to.fill(head, indent, indent);
      });
  }
}

/** What stands before a statement: comments, an empty line. */
function before(piece: Piece, indent: number, to: Page): void {
  const [first] = atomsOf(piece);
  to.notes(first.notes, indent, true);
  if (first.blank) to.gap();
}

type Param = Extract<Piece, { kind: "param" }>;

function hasInnerNotes(piece: Piece): boolean {
  return atomsOf(piece).some((a, i) => i > 0 && a.notes.length > 0);
}

/** Parameters that stand one below the other from `at`: an empty line or a comment ends them. */
function paramsFrom(pieces: readonly Piece[], at: number): Param[] {
  const group: Param[] = [];
  for (let i = at; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece.kind !== "param" || hasInnerNotes(piece)) break;
    if (i > at && (piece.name[0].blank || piece.name[0].notes.some((n) => !n.trailing))) break;
    group.push(piece);
  }
  return group;
}

/** Parameters with defaults and texts in columns. */
function params(group: readonly Param[], indent: number, to: Page): void {
  const names = group.map((p) => joined(p.name));
  const longest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const valueColumn = longest(names.filter((_, i) => group[i].value.length > 0));
  const values = group.map((p, i) =>
    p.value.length > 0 ? `${names[i].padEnd(valueColumn)} ${joined(p.value)}` : names[i]
  );
  const docColumn = longest(values);
  group.forEach((piece, i) => {
    before(piece, indent, to);
    const doc = piece.doc ? `${values[i].padEnd(docColumn)}   ${piece.doc.text}` : values[i];
    to.line(" ".repeat(indent) + doc);
  });
}
