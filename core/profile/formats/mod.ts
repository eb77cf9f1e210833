/** Profiles as other tools write them. Pure: text in, data out. @module */
export {
  type FoldedOptions,
  type FoldedParser,
  foldedParser,
  looksLikeFolded,
  parseFolded,
  writeFolded,
} from "./folded.ts";
export { FormatError } from "./format_error.ts";
export { looksLikePerfScript, parsePerfScript, type PerfScriptParser, perfScriptParser } from "./perf_script.ts";
