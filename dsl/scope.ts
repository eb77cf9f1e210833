import type { Field } from "../core/data/mod.ts";
import type { Expr, ValueType } from "../core/query/mod.ts";

/** What the names in an expression may mean. */
export interface Scope {
  /** What is named, for messages: `proc.list`, `the aggregate`. */
  readonly of: string;
  /** The value of a name, or undefined. */
  name(name: string): Expr | undefined;
  /** The value of a call that stands for a column (`p99(duration)` after `aggregate`), by its canonical text. */
  call?(text: string): Expr | undefined;
  /** Names to offer when one is not found, in the order of the source. */
  names(): readonly string[];
  /** What else there is to say when a name is not found. */
  readonly note?: string;
  /** Why a name that is a field elsewhere is none here; undefined for no special reason. */
  refuse?(name: string): { readonly message: string; readonly hint: string } | undefined;
  /** Rows are events of probes as they come: what only their engine can compute may be asked for. */
  readonly atSource?: boolean;
}

/** One column that expressions may name. */
export interface Column {
  /** Name inside batches. */
  readonly field: string;
  readonly t: ValueType;
  /** What it is called in recipes, beside `field`. */
  readonly aliases: readonly string[];
  /** Calls that mean it. */
  readonly calls: readonly string[];
  readonly doc?: string;
}

/** Fields too many to list: members of structs. */
export interface Members {
  /** A dotted name that is no column. */
  member?(name: string): Expr | undefined;
}

/** A scope over columns. */
export function columnScope(
  of: string,
  columns: readonly Column[],
  more: Pick<Scope, "note" | "refuse" | "atSource"> & Members = {},
): Scope {
  const names = new Map<string, Column>();
  const calls = new Map<string, Column>();
  for (const c of columns) {
    for (const alias of c.aliases) if (!names.has(alias)) names.set(alias, c);
    for (const text of c.calls) calls.set(text, c);
  }
  for (const c of columns) names.set(c.field, c);
  const ref = (c: Column | undefined): Expr | undefined => c && { op: "field", name: c.field, t: c.t };
  return {
    of,
    note: more.note,
    refuse: more.refuse,
    atSource: more.atSource,
    name: (name) => ref(names.get(name)) ?? (mayBeMember(name) ? more.member?.(name) : undefined),
    call: (text) => ref(calls.get(text)),
    names: () => columns.map((c) => c.aliases[0] ?? c.field),
  };
}

/** A dotted name, or an argument by its number: `arg0`. */
function mayBeMember(name: string): boolean {
  return name.includes(".") || /^arg\d+$/.test(name);
}

/** A scope in which only parameters and constants have a meaning. */
export function constantScope(of: string): Scope {
  return { of, name: () => undefined, names: () => [] };
}

/** The value type of a field. */
export function typeOfField(f: Field): ValueType {
  return {
    type: f.type,
    unit: f.unit,
    // The upper half of the addresses is the kernel's: they are no negative numbers.
    ...((f.unsigned || f.type === "address") && { unsigned: true }),
    ...(f.bare && { bare: true }),
  };
}
