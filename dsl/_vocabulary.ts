/** Words that begin a statement. */
export const STATEMENT_WORDS: readonly string[] = [
  "recipe",
  "param",
  "let",
  "collect",
  "when",
  "every",
  "expect",
  "show",
  "save",
  "ask",
  "investigate",
  "alert",
  "include",
];

/** Stages of the language; plugins may add more. */
export const STAGE_NAMES: readonly string[] = [
  "filter",
  "derive",
  "select",
  "aggregate",
  "sort",
  "top",
  "limit",
  "distinct",
  "sample",
  "window",
  "enrich",
  "detect",
  "join",
];
