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

/** More than this nobody reads. */
const MAX = 200;

/** Collects what the passes find, in the order of the text. */
export interface Diagnostics {
  error(span: Span, code: string, message: string, hint?: string): void;
  warn(span: Span, code: string, message: string, hint?: string): void;
  readonly hasErrors: boolean;
  /** Sorted by place; a second error of the same pass on the same words is left out. */
  list(): Diagnostic[];
}

/** An empty collection over a text. */
export function diagnostics(lines: LineIndex): Diagnostics {
  const all: Diagnostic[] = [];
  const add = (severity: Diagnostic["severity"], span: Span, code: string, message: string, hint: string): void => {
    const start = lines.position(span.start);
    const end = lines.position(Math.max(span.start, span.end));
    if (all.length >= MAX || all.some((d) => d.start.offset === start.offset && d.message === message)) return;
    all.push({ severity, code, message, hint, start, end });
  };
  return {
    error: (span, code, message, hint = "") => add("error", span, code, message, hint),
    warn: (span, code, message, hint = "") => add("warning", span, code, message, hint),
    get hasErrors(): boolean {
      return all.some((d) => d.severity === "error");
    },
    list: () => all.toSorted((a, b) => a.start.offset - b.start.offset || a.end.offset - b.end.offset),
  };
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
