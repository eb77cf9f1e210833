import type { LineIndex, Position, Span } from "./position.ts";

/** What a pass has to say about a place in a recipe. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Stable, for tools: `syntax`, `unknown-field`, `type`, `unit`, … */
  readonly code: string;
  readonly message: string;
  /** What to do, as a sentence or several lines; empty when there is nothing to advise. */
  readonly hint: string;
  readonly start: Position;
  readonly end: Position;
}

/** Of errors, and of warnings: more nobody reads. */
const MAX = 200;
/** A message quotes the recipe, and a recipe may hold a name as long as a book. UTF-16 code units. */
const MAX_MESSAGE = 400;
/** A line of a hint lists the names that there are. */
const MAX_HINT = 2000;
const MAX_WORD = 120;

/** Collects what the passes find, in the order of the text. */
export interface Diagnostics {
  error(span: Span, code: string, message: string, hint?: string): void;
  warn(span: Span, code: string, message: string, hint?: string): void;
  readonly hasErrors: boolean;
  /** There are so many errors that no more are taken: what is left need not be looked at. */
  readonly full: boolean;
  /** Sorted by place; a second error of the same pass on the same words is left out. */
  list(): Diagnostic[];
}

/** An empty collection over a text. */
export function diagnostics(lines: LineIndex): Diagnostics {
  const all: Diagnostic[] = [];
  const seen = new Set<string>();
  // Counted apart: warnings must not crowd out an error, without which a broken recipe would be planned.
  const counts = { error: 0, warning: 0 };
  const add = (severity: Diagnostic["severity"], span: Span, code: string, message: string, hint: string): void => {
    const start = lines.position(span.start);
    const shown = short(message, MAX_MESSAGE);
    const key = `${start.offset} ${shown}`;
    if (counts[severity] >= MAX || seen.has(key)) return;
    seen.add(key);
    counts[severity]++;
    const end = lines.position(Math.max(span.start, span.end));
    const advice = hint.split("\n").map((line) => short(line, MAX_HINT)).join("\n");
    all.push({ severity, code, message: shown, hint: advice, start, end });
  };
  return {
    error: (span, code, message, hint = "") => add("error", span, code, message, hint),
    warn: (span, code, message, hint = "") => add("warning", span, code, message, hint),
    get hasErrors(): boolean {
      return counts.error > 0;
    },
    get full(): boolean {
      return counts.error >= MAX;
    },
    list: () => all.toSorted((a, b) => a.start.offset - b.start.offset || a.end.offset - b.end.offset),
  };
}

/** Long words, then the whole, cut off with an ellipsis. */
function short(text: string, most: number): string {
  if (text.length <= MAX_WORD) return text;
  const words = text.replace(/\S{121,}/g, (word) => cut(word, MAX_WORD));
  return words.length <= most ? words : cut(words, most);
}

function cut(text: string, most: number): string {
  // Not between the halves of one character.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/**
 * For people: `file:line:column: message`, then the hint, each of its lines indented.
 *
 * @param file the name to print, as the user gave it; what is wrong in an included file bears that file's name
 */
export function diagnosticText(d: Diagnostic, file: string): string {
  const head = `${d.start.file ?? file}:${d.start.line}:${d.start.column}: ${
    d.severity === "warning" ? "warning: " : ""
  }${d.message}`;
  if (!d.hint) return head;
  return `${head}\n${d.hint.split("\n").map((line) => `  ${line}`).join("\n")}`;
}
