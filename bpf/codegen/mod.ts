/** From probe specs to BPF instructions. Pure. @module */
export * from "./access.ts";
export * from "./cannot_generate.ts";
export { COUNTERS, type Machine, MAP } from "./gen.ts";
export * from "./layout.ts";
export * from "./plan.ts";
export * from "./program.ts";
