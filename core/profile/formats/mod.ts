/** Profiles as other tools write them. Pure: bytes in, data out. @module */
export { foldedFormat, parseFolded } from "./folded.ts";
export type { ProfileFormat, ProfileReader, ReadOptions, WriteOptions } from "./format.ts";
export { FormatError } from "./format_error.ts";
export { packing } from "./packing.ts";
export { perfScriptFormat } from "./perf_script.ts";
export { stackcollapseFormat } from "./stackcollapse.ts";
export { type FoldedOptions, writeFolded } from "./write_folded.ts";
