/** The typed pipeline: expressions, probe specs, aggregates. Pure: no input or output. @module */
export * from "./build.ts";
export * from "./expr.ts";
export * from "./probe_spec.ts";
