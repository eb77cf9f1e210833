import { UsageError } from "../data/mod.ts";
import type { Expr } from "./expr.ts";

type Re2 = typeof import("re2js").RE2JS;
let loaded: Re2 | undefined;

/** Loads the RE2 engine (linear time), which `~` needs. It is not loaded with this room: it costs 10 ms. */
export async function loadRegex(): Promise<void> {
  loaded ??= (await import("re2js")).RE2JS;
}

/** Whether an expression uses `~`, so that {@linkcode loadRegex} has to come before compiling it. */
export function usesRegex(expr: Expr): boolean {
  switch (expr.op) {
    case "unary":
      return usesRegex(expr.arg);
    case "binary":
      return expr.fn === "~" || usesRegex(expr.left) || usesRegex(expr.right);
    case "in":
      return usesRegex(expr.arg) || expr.list.some(usesRegex);
    case "call":
      return expr.args.some(usesRegex);
    default:
      return false;
  }
}

/**
 * Compiles an RE2 pattern; it matches anywhere in a text unless anchored by `^` and `$`.
 *
 * @throws {UsageError} on a pattern that is none
 * @throws {Error} before {@linkcode loadRegex}
 */
export function compileRegex(pattern: string): (text: string) => boolean {
  if (!loaded) throw new Error("loadRegex() has to come before an expression with ~ is compiled");
  try {
    const re = loaded.compile(pattern);
    return (text) => re.test(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
    throw new UsageError(`${JSON.stringify(pattern)} is no regular expression: ${why}`, "The syntax is RE2's");
  }
}
