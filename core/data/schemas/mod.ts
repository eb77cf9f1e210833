/** The JSON forms as schemas, for data that comes from outside. Loads zod: import it lazily. @module */
export { z } from "zod";
export * from "./check.ts";
export * from "./diagnosis_schema.ts";
export * from "./quality_schema.ts";
export * from "./recording_schema.ts";
export * from "./result_schema.ts";
export * from "./tool_call_schema.ts";
