import { ANALYZER_CASES } from "./analyzer_cases.ts";
import { CALLS_CASES } from "./calls_cases.ts";
import type { InstrumentCase } from "./instrument_case.ts";
import { TRACER_CASES } from "./tracer_cases.ts";

/** Every instrument, over a load that is known: the table "What each instrument used" of docs/kernels.md. */
export const INSTRUMENT_CASES: readonly InstrumentCase[] = [...TRACER_CASES, ...CALLS_CASES, ...ANALYZER_CASES];
