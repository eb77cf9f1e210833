import { aligned } from "./_aligned.ts";
import type { InstrumentOutcome } from "./instrument_run.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

/** What one kernel made of the cases. */
export interface KernelRun {
  /** As it was asked for: `6.1`. */
  readonly kernel: string;
  /** As it calls itself: `6.1.0-50-amd64`; empty when it did not boot. */
  readonly release: string;
  readonly outcomes: readonly SmokeOutcome[];
  readonly instruments: readonly InstrumentOutcome[];
  /** Boot, cases and power off. */
  readonly seconds: number;
  /** Why it ended before its end; empty when it did not. */
  readonly error: string;
}

/**
 * The runs as a table of Markdown, a row for each case, a column for each kernel; what was refused or
 * failed has its reason below.
 */
export function matrixTable(runs: readonly KernelRun[]): string {
  const names = [...new Set(runs.flatMap((r) => r.outcomes.map((o) => o.name)))];
  const notes: string[] = [];
  const rows = names.map((name) => {
    const outcomes = runs.map((r) => r.outcomes.find((o) => o.name === name));
    const known = outcomes.find((o) => o !== undefined)!;
    const cells = outcomes.map((o) => o ? cell(o, notes) : "did not run");
    const engines = [...new Set(outcomes.flatMap((o) => o && o.engine !== "" ? [o.engine] : []))];
    return [known.kind, name, engines.join(", "), ...cells];
  });
  const head = ["probe kind", "case", "engine", ...runs.map((r) => r.release || r.kernel)];
  const body = aligned([head, head.map(() => "-"), ...rows]);
  return [body, ...notes.map((n, i) => `${i + 1}. ${n}`)].join("\n").replace(/\n1\. /, "\n\n1. ");
}

const WORDS = { ok: "yes", refused: "no", failed: "FAILED" } as const;

function cell(o: SmokeOutcome, notes: string[]): string {
  const word = WORDS[o.result];
  if (o.reason === "") return word;
  const note = `${word}: ${o.reason}`;
  let at = notes.indexOf(note);
  if (at < 0) at = notes.push(note) - 1;
  return `${word} (${at + 1})`;
}

/**
 * Puts text between the markers of a page: `<!-- WHAT: begin (deno task test:kernels --write) -->`.
 *
 * @throws {Error} when the page has no markers
 */
export function replaceMeasured(page: string, text: string, what = "measured"): string {
  const open = `<!-- ${what}: begin (deno task test:kernels --write) -->`;
  const close = `<!-- ${what}: end -->`;
  const begin = page.indexOf(open);
  const end = page.indexOf(close);
  if (begin < 0 || end < begin) throw new Error(`The page has no markers ${open} … ${close}: put them back`);
  return `${page.slice(0, begin + open.length)}\n\n${text}\n\n${page.slice(end)}`;
}
