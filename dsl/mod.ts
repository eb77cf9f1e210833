/** The investigation language: text to plan, plan to results. The parser is loaded on first use. @module */
export { check, compile, type Compiled } from "./compile.ts";
export { type Diagnostic, diagnosticText } from "./diagnostic.ts";
export { format, type Formatted } from "./format.ts";
export { addHeader } from "./header.ts";
export type { IncludedFile, IncludeOptions, ReadInclude } from "./include.ts";
export type * from "./plan.ts";
export type { Position } from "./position.ts";
export type { Matches, RecipeRegistry } from "./registry.ts";
export { AGGREGATIONS, STAGES, type WordInfo } from "./words.ts";
export { execute, reportQuality } from "./run/execute.ts";
export {
  type EnginesAnswer,
  type ExplainedPipeline,
  type ExplainedStep,
  explainPlan,
  type ExplainServices,
  type Explanation,
  type Refusal,
} from "./run/explain.ts";
export {
  type AlertReport,
  type AskReport,
  exitCode,
  type ExpectReport,
  type PhaseReport,
  type PipelineReport,
  type RecipeReport,
  reportToJson,
  type RoundReport,
  type RunError,
} from "./run/report.ts";
export type { RunServices } from "./run/services.ts";
