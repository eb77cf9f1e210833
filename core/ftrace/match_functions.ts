import { UsageError } from "../data/mod.ts";
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
    const near = nearNames(pattern, all);
    return new UsageError(
      `No function that can be traced here matches "${pattern}"`,
      near.length > 0 ? `There are: ${near.join(", ")}` : "`available_filter_functions` of tracefs lists them.",
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

/** Names that have most of a mistyped one: those that contain it, that begin like it, or that its letters make up. */
function nearNames(pattern: string, all: readonly TraceableFunction[]): string[] {
  const wanted = pattern.replace(/[*?]/g, "");
  if (wanted.length < 2) return [];
  const scored = new Map<string, number>();
  for (const { name } of all) {
    const score = name.includes(wanted) ? name.length - wanted.length : 2 * distance(wanted, name);
    if (score <= Math.max(8, wanted.length)) scored.set(name, score);
  }
  return [...scored].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 5).map(([name]) => name);
}

/** Levenshtein distance; given up where lengths alone differ by more than 3. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3 || a[0] !== b[0]) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
