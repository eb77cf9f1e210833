/** Choosing the engine that runs a probe spec. @module */
export * from "./choose_engine.ts";
