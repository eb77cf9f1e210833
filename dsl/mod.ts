/** The investigation language: text to plan, plan to results. The parser is loaded on first use. @module */
export { check, compile, type Compiled } from "./compile.ts";
export { type Diagnostic, diagnosticText } from "./diagnostic.ts";
export { addHeader } from "./header.ts";
export type { Plan, PlanParam } from "./plan.ts";
export type { RecipeRegistry } from "./registry.ts";
export { AGGREGATIONS, STAGES, type WordInfo } from "./words.ts";
