/** Profiles as other tools write them. Pure: bytes in, data out. @module */
export { formatByEnding, formatByName, sniffFormat } from "./find_format.ts";
export {
  type FoldedOptions,
  type FoldedParser,
  foldedParser,
  looksLikeFolded,
  parseFolded,
  writeFolded,
} from "./folded.ts";
export type { ProfileFormat, ProfileReader, ReadOptions, WriteOptions } from "./format.ts";
export { FormatError } from "./format_error.ts";
export { type FormatEntry, PROFILE_FORMATS } from "./formats.ts";
export { packing } from "./packing.ts";
export { looksLikePerfScript, parsePerfScript, type PerfScriptParser, perfScriptParser } from "./perf_script.ts";
