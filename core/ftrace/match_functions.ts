import { didYouMean, UsageError } from "../data/mod.ts";
import type { TraceableFunction } from "./kernel_function_names.ts";

/** The longest pattern: names of the kernel are shorter (KSYM_NAME_LEN). */
const MAX_PATTERN = 512;

/**
 * Checks that patterns are such: `vfs_read`, `vfs_*`, `tcp_?end*`.
 *
 * @throws {UsageError} for anything else: the filter would take it for a command, `name:traceoff`, `!name`, a list
 */
export function checkPatterns(patterns: readonly string[]): void {
  for (const pattern of patterns) {
    if (/^[\w.$*?]+$/.test(pattern) && pattern.length <= MAX_PATTERN) continue;
    throw new UsageError(`"${pattern}" is no name of a function`, "Names may hold * and ?: vfs_*, tcp_?end*");
  }
}

/** The first pattern that no function matches, in words, with names that are near; null when all match. */
export function unmatched(patterns: readonly string[], all: readonly TraceableFunction[]): UsageError | null {
  for (const pattern of patterns) {
    const matches = globOf(pattern);
    if (all.some(({ name }) => matches(name))) continue;
    const near = didYouMean(pattern.replace(/[*?]/g, ""), all.map(({ name }) => name));
    return new UsageError(
      `No function that can be traced here matches "${pattern}"`,
      near || "`available_filter_functions` of tracefs lists them.",
    );
  }
  return null;
}

/** Whether a name is what a pattern with `*` and `?` says. Never takes longer than the product of their lengths. */
export function globOf(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  return (name) => {
    let p = 0;
    let n = 0;
    let star = -1;
    let from = 0;
    while (n < name.length) {
      if (pattern[p] === "*") {
        star = p++;
        from = n;
      } else if (pattern[p] === "?" || pattern[p] === name[n]) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++from;
      } else return false;
    }
    while (pattern[p] === "*") p++;
    return p === pattern.length;
  };
}
