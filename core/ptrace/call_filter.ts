import { didYouMean, UsageError } from "../data/mod.ts";
import { syscallNames, syscallNumber } from "../host/mod.ts";
import { CALL_CLASSES, EVERYWHERE } from "./call_classes.ts";
import { signalNumber } from "./signal_name.ts";

/** What is to be shown. */
export interface CallFilter {
  /** Numbers of system calls; null: all. */
  readonly calls: ReadonlySet<number> | null;
  /** Signals, by number; null: all. */
  readonly signals: ReadonlySet<number> | null;
}

/**
 * Reads what `-e` takes: `trace=SET`, `signal=SET`, or a SET of system calls alone. A SET is `all`, `none`, or a list of
 * names; `!` in front is everything but those. Among system calls, `%file` and the like are classes, `/REGEX` is what
 * matches it, and `?name` is nothing where there is no such call.
 *
 * @param expressions later ones of a kind replace earlier ones
 * @throws {UsageError} that names the word at fault
 */
export function parseCallFilter(expressions: readonly string[]): CallFilter {
  let calls: ReadonlySet<number> | null = null;
  let signals: ReadonlySet<number> | null = null;
  for (const expression of expressions) {
    const [, qualifier, set] = /^(?:([a-z]+)=)?(.*)$/s.exec(expression)!;
    switch (qualifier ?? "trace") {
      case "t":
      case "trace":
        calls = setOf(set, callsOf, () => ALL_CALLS.map((name) => syscallNumber(name)!));
        break;
      case "s":
      case "signal":
      case "signals":
        signals = setOf(set, signalsOf, () => Array.from({ length: 64 }, (_, i) => i + 1));
        break;
      default:
        throw new UsageError(`-e knows no "${qualifier}="`, "There are: trace=, signal=");
    }
  }
  return { calls, signals };
}

function setOf(
  text: string,
  numbersOf: (word: string) => number[],
  all: () => number[],
): ReadonlySet<number> | null {
  const negated = text.startsWith("!");
  const list = negated ? text.slice(1) : text;
  if (list === "all" || list === "none") return (list === "all") === negated ? new Set() : null;
  const words = list.split(",");
  if (words.some((word) => word === "")) throw new UsageError(`-e ${text}: a name is missing`);
  const named = new Set(words.flatMap(numbersOf));
  return negated ? new Set(all().filter((number) => !named.has(number))) : named;
}

function callsOf(word: string): number[] {
  if (word.startsWith("/")) {
    const pattern = regex(word.slice(1));
    const found = ALL_CALLS.filter((name) => pattern.test(name));
    if (found.length === 0) throw new UsageError(`No system call matches "${word}"`);
    return found.map((name) => syscallNumber(name)!);
  }
  const optional = word.startsWith("?");
  const name = optional ? word.slice(1) : word;
  if (name.startsWith("%")) {
    const names = CALL_CLASSES.get(name.slice(1));
    if (!names) {
      const classes = [...CALL_CLASSES.keys()].map((key) => `%${key}`);
      throw new UsageError(
        `There is no class "${name}"`,
        didYouMean(name, classes) || `There are: ${classes.join(", ")}`,
      );
    }
    // A class holds calls that only other architectures have.
    return names.flatMap((n) => syscallNumber(n) ?? []);
  }
  const number = syscallNumber(name) ?? syscallNumber(EVERYWHERE.get(name) ?? "") ?? numberOf(name);
  if (number !== null) return [number];
  if (optional) return [];
  throw new UsageError(
    `There is no system call "${name}"`,
    didYouMean(name, [...ALL_CALLS, ...EVERYWHERE.keys()]) || "sonde strace --help tells what -e takes",
  );
}

function numberOf(word: string): number | null {
  return /^\d{1,4}$/.test(word) ? Number(word) : null;
}

function signalsOf(word: string): number[] {
  const number = signalNumber(word.toUpperCase()) ?? numberOf(word);
  if (number === null || number < 1 || number > 64) {
    throw new UsageError(`There is no signal "${word}"`, "Signals are written INT, SIGINT or 2");
  }
  return [number];
}

function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`-e /${text}: ${(error as Error).message}`);
  }
}

const ALL_CALLS = syscallNames();
