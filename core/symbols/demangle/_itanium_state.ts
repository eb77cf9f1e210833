import type { Type } from "./_itanium_text.ts";

/** Where a parser is in a mangled name, and what it has seen. */
export interface State {
  readonly text: string;
  at: number;
  depth: number;
  readonly substitutions: Type[];
  /** What T_ means: the arguments of the innermost template that the name has come to. */
  args: readonly Type[] | null;
  /** Inside the parameters of a generic lambda, T_ means `auto`. */
  autos: number;
}

/** Thrown inside, caught by {@linkcode demangleItanium}. */
export class NotMangled extends Error {}

/** Gives the name up. */
export function fail(): never {
  throw new NotMangled();
}

/** Goes past the text, if it comes next. */
export function take(s: State, text: string): boolean {
  if (!s.text.startsWith(text, s.at)) return false;
  s.at += text.length;
  return true;
}

/** Goes past the text, which must come next. */
export function expect(s: State, text: string): void {
  if (!take(s, text)) fail();
}

/** The next letter; empty at the end. */
export function peek(s: State): string {
  return s.text[s.at] ?? "";
}

/** Runs a parser that may call itself, to a limited depth. */
export function deeper<T>(s: State, parse: () => T): T {
  if (++s.depth > MAX_DEPTH) fail();
  const result = parse();
  s.depth--;
  return result;
}

/** Decimal digits, at least one. */
export function number(s: State): number {
  const start = s.at;
  while (/\d/.test(peek(s))) s.at++;
  if (s.at === start || s.at - start > 9) fail();
  return Number(s.text.slice(start, s.at));
}

/** Goes past a number, with `n` before it when negative. */
export function signedNumber(s: State): void {
  take(s, "n");
  number(s);
}

/** Digits and capital letters, up to an underscore. */
export function base36(s: State): number {
  const end = s.text.indexOf("_", s.at);
  const text = s.text.slice(s.at, end);
  if (end < 0 || !/^[0-9A-Z]{1,5}$/.test(text)) fail();
  s.at = end + 1;
  return parseInt(text, 36);
}

const MAX_DEPTH = 192;
