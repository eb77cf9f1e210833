import type { Field } from "../../core/data/mod.ts";
import type { ProbePoint } from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import type { Guard, Surroundings } from "../codegen/program.ts";
import type { ProbeField } from "./probe_field.ts";
import type { Attach } from "./target.ts";

/** One program's worth of one probe point. */
export interface Place {
  readonly attach: Attach;
  readonly guards: readonly Guard[];
  readonly surroundings: Surroundings;
  /** How an argument (`args.NAME`) or a builtin of the kind's own is read there; null for none of that name. */
  access(name: string): Access | null;
}

/** What one kind of probe knows of its points. */
export interface PointKind<P extends ProbePoint = ProbePoint> {
  /** `args.NAME` or a member reached from it; null for none. @throws {CannotGenerate} with a reason */
  field(point: P, name: string): ProbeField | null;
  /** The arguments, without members of structs; null when there is no such point. */
  fields(point: P): Field[] | null;
  /**
   * Where programs go: usually one place; a USDT probe may stand at several.
   *
   * @param names of the fields that are read: they may decide where from
   * @throws {CannotGenerate} when there is no such point, or the kernel has no way to it
   */
  places(point: P, names: readonly string[]): readonly Place[];
  /** Points that a pattern with `*` and `?` in its names means, all when the pattern is absent; at most `limit`. */
  match(pattern: P | null, limit: number): Matched<P>;
}

/** Points that were asked for. */
export interface Matched<P extends ProbePoint = ProbePoint> {
  readonly points: readonly P[];
  /** How many there are, those over the limit included. */
  readonly total: number;
}

/** The first of many. */
export function upTo<P extends ProbePoint>(points: readonly P[], limit: number): Matched<P> {
  return { points: points.slice(0, limit), total: points.length };
}

/** A matcher of names: `*` is any text, `?` one character. */
export function globOf(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  return (name) => matches(pattern, name);
}

/**
 * At most name × pattern steps, where a regular expression of as many stars tries all ways to share the name out among
 * them: only the last star ever has to be tried again.
 */
function matches(pattern: string, name: string): boolean {
  let p = 0, n = 0, retryPattern = -1, retryName = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      retryPattern = ++p;
      retryName = n;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (retryPattern >= 0) {
      p = retryPattern;
      n = ++retryName;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
