/** Recordings of investigations. @module */
export * from "./open_recording.ts";
export * from "./read_recording.ts";
export * from "./recording.ts";
