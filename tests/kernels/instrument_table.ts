import { aligned } from "./_aligned.ts";
import type { InstrumentOutcome } from "./instrument_run.ts";

/** What one kernel made of the instruments. */
export interface InstrumentRun {
  readonly kernel: string;
  /** As it calls itself; empty when it did not boot. */
  readonly release: string;
  readonly instruments: readonly InstrumentOutcome[];
}

/**
 * A row for each instrument, a column for each kernel: what it used there, when its result was right; else what was
 * wrong, below the table.
 */
export function instrumentTable(runs: readonly InstrumentRun[]): string {
  const names = [...new Set(runs.flatMap((r) => r.instruments.map((o) => o.instrument)))];
  const notes: string[] = [];
  const note = (text: string): number => notes.indexOf(text) + 1 || notes.push(text);
  const cell = (o: InstrumentOutcome | undefined): string => {
    switch (o?.result) {
      case undefined:
        return "did not run";
      case "ok":
        return `right: ${o.mechanism}`;
      case "refused":
        return `no (${note(`no: ${o.reason}`)})`;
      case "failed":
        return `WRONG: ${o.mechanism} (${note(`WRONG: ${o.reason}`)})`;
    }
  };
  const rows = names.map((name) => {
    const outcomes = runs.map((r) => r.instruments.find((o) => o.instrument === name));
    return [`\`${name}\``, outcomes.find((o) => o)!.checked, ...outcomes.map(cell)];
  });
  const head = ["instrument", "checked", ...runs.map((r) => r.release || r.kernel)];
  const body = aligned([head, head.map(() => "-"), ...rows]);
  return [body, ...notes.map((n, i) => `${i + 1}. ${n}`)].join("\n").replace(/\n1\. /, "\n\n1. ");
}
