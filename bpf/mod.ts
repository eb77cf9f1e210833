/** The BPF engine: probe specs to bytecode to tables, without compiler or library. @module */
export { type BpfEngine, bpfEngine } from "./engine.ts";
