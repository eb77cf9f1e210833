import type { Session } from "../../cli/session.ts";
import { UnsupportedError } from "../../core/data/mod.ts";
import type { InstrumentCase } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

/** How an instrument came out; results as of a {@linkcode SmokeOutcome}. */
export interface InstrumentOutcome {
  readonly instrument: string;
  readonly checked: string;
  /** What it measured with. */
  readonly mechanism: string;
  readonly result: SmokeOutcome["result"];
  /** Why it did not; empty for `ok`. */
  readonly reason: string;
  readonly ms: number;
}

/** Runs one instrument in this process. Never throws: what goes wrong is the outcome. */
export async function runInstrument(
  instrument: InstrumentCase,
  bench: Bench,
  session: Session,
): Promise<InstrumentOutcome> {
  const started = performance.now();
  const outcome = (result: SmokeOutcome["result"], mechanism: string, reason: string): InstrumentOutcome => ({
    instrument: instrument.name,
    checked: instrument.checked,
    mechanism,
    result,
    reason: reason.split("\n")[0].replaceAll(bench.program, "PROGRAM"),
    ms: Math.round(performance.now() - started),
  });
  const missing = instrument.missing?.(bench) ?? null;
  if (missing !== null) return outcome("refused", "", missing);
  try {
    const { mechanism, problem } = await instrument.run(bench, session);
    return outcome(problem === null ? "ok" : "failed", mechanism, problem ?? "");
  } catch (error) {
    if (error instanceof UnsupportedError) return outcome("refused", "", error.message);
    return outcome("failed", "", error instanceof Error ? error.message : String(error));
  }
}
