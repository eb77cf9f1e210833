import { AGGREGATES, exprText, SCALARS } from "../core/query/mod.ts";
import { allStatements, type Analysis, typeLabel } from "./analysis.ts";
import type { Flow, FlowColumn } from "./flow.ts";
import { hoverCollector, hoverPoint } from "./hover_source.ts";
import { knownAggregations, knownStages } from "./known_words.ts";
import { readNumber } from "./literal.ts";
import type { Role } from "./place.ts";
import type { Span } from "./position.ts";
import { columnScope } from "./scope.ts";
import { stageAt } from "./stage_at.ts";
import { CLAUSES, STATEMENTS } from "./statement_words.ts";
import * as t from "./tokens.ts";
import { type WordAt, wordAt } from "./word_at.ts";
import type { WordInfo } from "./words.ts";

/** What there is to say about a word. */
export interface Hover {
  readonly span: Span;
  /** Of the language: `rss: bytes`. */
  readonly code: string;
  /** Markdown; may be empty. */
  readonly text: string;
}

/** What there is to say about a thing, wherever it stands. */
export type Said = Omit<Hover, "span">;

/** Type, unit and documentation of what stands at an offset; null where there is nothing to say. */
export function hover(a: Analysis, offset: number): Hover | null {
  const word = wordAt(a, offset);
  const said = word && sayOf(word, a);
  return said && { span: word.span, ...said };
}

function sayOf(word: WordAt, a: Analysis): Said | null {
  const { token, role, text } = word;
  switch (token.tokenType) {
    case t.Probe:
      return hoverPoint(text, role.kind === "function", a.registry);
    case t.Dollar:
      return param(text.slice(1), a);
    case t.NumberLiteral: {
      const read = readNumber(text);
      return read.ok ? { code: `${text}: ${typeLabel(read.t)}`, text: "" } : null;
    }
  }
  return named(word, role, a) ?? keyword(word);
}

function keyword({ token, text }: WordAt): Said | null {
  if (token.tokenType === t.Name || token.image !== text) return null;
  return info([...STATEMENTS, ...CLAUSES].find((w) => w.name === text));
}

function named(word: WordAt, role: Role, a: Analysis): Said | null {
  const { text, span } = word;
  const results = a.results(span.start);
  switch (role.kind) {
    case "stage":
      return info(knownStages(a.registry).find((s) => s.name === text));
    case "source":
    case "collector":
      return hoverCollector(text, a.registry);
    case "argument": {
      const spec = a.registry.collector(role.collector)?.params.find((p) => p.name === text);
      return spec
        ? { code: `${text}: ${typeLabel({ type: spec.type, unit: spec.unit ?? null })}`, text: spec.doc }
        : null;
    }
    case "pipeline":
    case "result":
    case "statement":
      return result(text, results);
    case "condition":
      if (word.call !== null) return info(AGGREGATES.get(text) ?? SCALARS.get(text));
      return word.upTo === text && text.includes(".") ? resultColumn(text, results) : result(word.upTo, results);
    case "row":
      return inRow(word, a.flow(role.at), stageAt(a.tree, role.at)?.after, a);
    case "new":
      return madeHere(word, a);
    default:
      return null;
  }
}

/** A name among what flows into a stage: a column, a call that means one, a function, or a column that is made there. */
function inRow(word: WordAt, flow: Flow | undefined, after: number | undefined, a: Analysis): Said | null {
  const { text, call } = word;
  if (call !== null) {
    const same = flow?.columns.find((c) => c.calls.some((made) => made.replace(/\s/g, "") === call));
    if (same) return column(same.calls[0], same);
    return info(knownAggregations(a.registry).find((w) => w.name === text) ?? SCALARS.get(text));
  }
  const next = after === undefined ? undefined : a.flow(after);
  return (flow && fieldOf(text, flow)) ?? (next && fieldOf(text, next)) ?? columnOfResult(word, a);
}

/** `RESULT.COLUMN` in a join. */
function columnOfResult({ text, span }: WordAt, a: Analysis): Said | null {
  return text.includes(".") ? resultColumn(text, a.results(span.start)) : result(text, a.results(span.start));
}

function fieldOf(name: string, flow: Flow): Said | null {
  const found = columnScope(flow.of, flow.columns, flow).name(name);
  if (found?.op !== "field") return null;
  const known = flow.columns.find((c) => c.field === found.name);
  return known ? column(name, known) : { code: `${name}: ${typeLabel(found.t)}`, text: "" };
}

/** What `let x`, `param x` and `as x` name. */
function madeHere({ text, span, before }: WordAt, a: Analysis): Said | null {
  if (before?.tokenType === t.Param) return param(text, a);
  if (before?.tokenType === t.Let) {
    const made = allStatements(a.tree.statements).find((s) => s.kind === "let" && s.name.span.start === span.start);
    return result(text, a.results((made?.span.end ?? span.end) + 1));
  }
  const stage = stageAt(a.tree, span.start);
  const flow = stage && a.flow(stage.after);
  return flow ? fieldOf(text, flow) : null;
}

function param(name: string, a: Analysis): Said | null {
  const p = a.params.find((p) => p.name === name);
  if (!p) return null;
  return { code: `$${name}: ${typeLabel(p.t)}${p.default ? ` = ${exprText(p.default)}` : ""}`, text: p.doc };
}

function result(name: string, results: ReadonlyMap<string, Flow | null>): Said | null {
  const flow = results.get(name);
  if (flow === undefined) return null;
  if (flow === null) return { code: name, text: "Its pipeline has errors" };
  if (flow.kind === "profile") return { code: `${name}: profile`, text: "" };
  const lines = flow.columns.filter((c) => c.shown).map((c) => fieldLine(c.output, c));
  return { code: name, text: [flow.oneRow ? "One row:" : "Columns:", "", ...lines].join("\n") };
}

function resultColumn(path: string, results: ReadonlyMap<string, Flow | null>): Said | null {
  const dot = path.indexOf(".");
  const name = path.slice(dot + 1);
  const found = results.get(path.slice(0, dot))?.columns.find((c) =>
    c.shown && (c.output === name || c.field === name)
  );
  return found ? column(path, found) : null;
}

function column(name: string, c: FlowColumn): Said {
  return { code: `${name}: ${typeLabel(c.t)}`, text: c.doc ?? "" };
}

/** A column as an item of a Markdown list. */
function fieldLine(name: string, c: FlowColumn): string {
  return `- \`${name}\`: ${typeLabel(c.t)}${c.doc ? `. ${c.doc}` : ""}`;
}

function info(word: WordInfo | undefined): Said | null {
  return word ? { code: word.signature, text: word.doc } : null;
}
