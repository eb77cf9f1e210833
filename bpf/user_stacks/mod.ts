/** User stacks that programs take by copies, unwound by tables and named. @module */
export { ANALYZER_COPY_BYTES, type AnalyzerStacks, type NamedStacks, openAnalyzerStacks } from "./analyzer_stacks.ts";
export { kernelFrames } from "./kernel_frames.ts";
export { type NamedStack, type UserStackEnd, type UserStacks, userStacks } from "./user_stacks.ts";
