import type { WordInfo } from "./words.ts";

/** Statements, for completion and hover. */
export const STATEMENTS: readonly WordInfo[] = [
  { name: "recipe", signature: 'recipe NAME "title"', doc: "Names the recipe; optional, once" },
  { name: "param", signature: 'param NAME: TYPE = DEFAULT "doc"', doc: "A parameter, used as $NAME" },
  { name: "let", signature: "let NAME = PIPELINE", doc: "Runs a pipeline and names its result" },
  {
    name: "collect",
    signature: "collect SOURCE [for DURATION] [include self]",
    doc: "Begins a pipeline: rows of a collector, or events of probes",
  },
  {
    name: "when",
    signature: "when CONDITION { … } else { … }",
    doc: "Runs a block after what stands before it, in a window of its own",
  },
  { name: "every", signature: "every DURATION [for DURATION] { … }", doc: "Runs its block again and again" },
  {
    name: "expect",
    signature: 'expect CONDITION [tolerate RATIO] [else "…"]',
    doc: "A check: it passes, fails or is inconclusive",
  },
  { name: "show", signature: "show NAME [as FORM], …", doc: "Shows these results; without any, all outside of blocks" },
  { name: "save", signature: 'save NAME to "FILE"', doc: "Writes a result; the ending chooses the format" },
  { name: "ask", signature: 'ask "QUESTION" [with NAME, …]', doc: "One question about these results" },
  {
    name: "investigate",
    signature: 'investigate "QUESTION" [with NAME, …] [for DURATION]',
    doc: "A question, for whose answer more may be measured",
  },
  {
    name: "alert",
    signature: 'alert "MESSAGE" [when CONDITION [for DURATION]] [with NAME, …]',
    doc: "Says so when the condition turns true",
  },
  { name: "include", signature: 'include "FILE"', doc: "The statements of another recipe" },
];

/** Words inside of statements, for hover. */
export const CLAUSES: readonly WordInfo[] = [
  { name: "calls", signature: "collect calls FUNCTION, …", doc: "Calls of functions: a row when one returns" },
  {
    name: "span",
    signature: "collect span START, … -> END, … [on CONDITION] [cancel PROBE, …]",
    doc: "From one probe to another: a start and its end make one row",
  },
  { name: "on", signature: "on start.X == end.Y [and …]", doc: "Which start and end belong together" },
  { name: "cancel", signature: "cancel PROBE, …", doc: "Probes that end a start without a row" },
  { name: "for", signature: "for DURATION", doc: "How long" },
  { name: "self", signature: "include self", doc: "With what Sonde's own processes do" },
  { name: "by", signature: "by EXPR, …", doc: "What rows are grouped or ordered by" },
  { name: "as", signature: "as NAME", doc: "What it is called, or how it is shown" },
  { name: "asc", signature: "EXPR asc", doc: "The smallest first" },
  { name: "desc", signature: "EXPR desc", doc: "The greatest first" },
  { name: "with", signature: "with NAME, …", doc: "The results that go with it" },
  { name: "to", signature: 'to "FILE"', doc: "The file that is written" },
  {
    name: "tolerate",
    signature: "tolerate RATIO",
    doc: "How much loss or error of estimates an expectation allows; else 1%",
  },
  { name: "else", signature: "else", doc: "Otherwise" },
  { name: "and", signature: "A and B", doc: "Both are true" },
  { name: "or", signature: "A or B", doc: "One of them is true" },
  { name: "not", signature: "not A", doc: "The opposite; null stays null" },
  { name: "in", signature: "X in (A, B, …)", doc: "Equals one of them" },
  { name: "like", signature: 'TEXT like "PATTERN"', doc: "The whole text matches: % is any text, _ any one character" },
];
