/** Unwinding stacks from registers and copies of memory. @module */
export { createUnwinder, type UnwinderOptions } from "./create_unwinder.ts";
export type { StackEnd, Unwinder, UserStack, UserState } from "./unwinder.ts";
export { createOrcUnwinder, type LoadedOrc, type OrcUnwinder } from "./orc_unwinder.ts";
