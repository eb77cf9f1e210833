/** The typed pipeline: expressions, probe specs, aggregates. Pure: no input or output. @module */
export * from "./expr.ts";
export * from "./probe_spec.ts";
