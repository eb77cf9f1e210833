import type { Field } from "../core/data/mod.ts";
import { BUILTINS } from "./builtins.ts";
import type { Scope } from "./scope.ts";

/** What the points of a source have in common. */
export interface CommonFields {
  /** Builtins, and whatever else is no argument. */
  readonly builtins: readonly Field[];
  /** Named without `args.`. */
  readonly args: readonly Field[];
  /** Some points have arguments that others lack, or have with another type. */
  readonly unlike: boolean;
}

/** The fields that all points have with the same type. */
export function commonFields(fields: readonly (readonly Field[] | null)[]): CommonFields {
  const [first, ...others] = fields.map((f) => splitFields(f ?? []));
  const inAll = (of: (s: SplitFields) => readonly Field[]) => {
    const maps = others.map((o) => new Map(of(o).map((f) => [f.name, f.type])));
    return of(first).filter((f) => maps.every((m) => m.get(f.name) === f.type));
  };
  const args = inAll((s) => s.args);
  return {
    builtins: inAll((s) => s.builtins),
    args,
    unlike: [first, ...others].some((s) => s.args.length > args.length),
  };
}

interface SplitFields {
  readonly builtins: readonly Field[];
  readonly args: readonly Field[];
}

function splitFields(fields: readonly Field[]): SplitFields {
  const args = fields.filter((f) => f.name.startsWith("args.")).map((f) => ({
    ...f,
    name: f.name.slice("args.".length),
  }));
  const builtins = fields.filter((f) => !f.name.startsWith("args."));
  return { builtins: builtins.length > 0 ? builtins : BUILTINS, args };
}

/** Members of structs behind the arguments of all points. */
export interface MemberFields {
  /** The field of a dotted name, written with `args.` or without; its name is full. */
  find(name: string): Field | undefined;
  /** Why there is none, where the type tells. */
  why: NonNullable<Scope["refuse"]>;
}

/** @param ask the member of one point by its full name; a text says why there is none */
export function memberFields<T>(
  points: readonly T[],
  ask: ((point: T, name: string) => Field | null | string) | undefined,
): MemberFields {
  const known = new Map<string, Field | string | null>();
  const answer = (name: string): Field | string | null => {
    const full = fullName(name);
    let found = known.get(full);
    if (found === undefined) known.set(full, found = ask ? sameOfAll(points, full, ask) : null);
    return found;
  };
  return {
    find: (name) => {
      const found = answer(name);
      return found !== null && typeof found === "object" ? { ...found, name: fullName(name) } : undefined;
    },
    why: (name) => {
      const found = /^arg\d+$|\./.test(name) ? answer(name) : null;
      if (typeof found !== "string") return undefined;
      const [message, ...hint] = found.split("\n");
      return { message, hint: hint.join("\n") };
    },
  };
}

function fullName(name: string): string {
  const numbered = /^arg(\d+)(\..*)?$/.exec(name);
  if (numbered) return `args.${numbered[1]}${numbered[2] ?? ""}`;
  return /^(args|task)\./.test(name) ? name : `args.${name}`;
}

function sameOfAll<T>(
  points: readonly T[],
  name: string,
  ask: (point: T, name: string) => Field | null | string,
): Field | string | null {
  let first: Field | null = null;
  for (const point of points) {
    const found = ask(point, name);
    if (found === null || typeof found === "string") return found;
    first ??= found;
    if (found.type !== first.type) {
      return `"${name}" is ${first.type} in one of the probes and ${found.type} in another`;
    }
  }
  return first;
}
