import { fail } from "./_itanium_state.ts";

/** A type as text before and after the place of a declared name: `int (*` and `)(char)`. */
export interface Type {
  readonly left: string;
  readonly right: string;
  /** Functions and arrays need parentheses around what points to them. */
  readonly kind: "plain" | "function" | "array";
  /** The elements, when this stands for several template arguments. */
  readonly pack?: readonly Type[];
  /** Name of the class alone, for its constructors. */
  readonly base?: string;
}

/** The type with nothing declared; the elements of a pack with commas between. */
export function show(type: Type): string {
  if (type.pack) return type.pack.map(show).filter((t) => t !== "").join(", ");
  const text = type.left + type.right;
  written += text.length;
  return text.length > MAX_OUTPUT || written > MAX_WRITTEN ? fail() : text;
}

/** Characters put out for the name at hand: hostile names would go on for ever. */
let written = 0;
const MAX_WRITTEN = 1 << 20;

/** A type that is written before what it declares. @param base name of the class, for constructors */
export function plain(left: string, base?: string): Type {
  if (left.length > MAX_OUTPUT) fail();
  return base === undefined ? { left, right: "", kind: "plain" } : { left, right: "", kind: "plain", base };
}

/** Template arguments as they are written. */
export function angled(args: readonly Type[]): string {
  const text = args.map(show).filter((t) => t !== "").join(", ");
  return `<${text}${text.endsWith(">") ? " " : ""}>`;
}

/** `operator<` and `operator<<` are set apart from the arguments behind them. */
export function spaced(name: string): string {
  return name.endsWith("<") ? " " : "";
}

/** ` const` and the like: behind a type, or behind the parameters of a function. */
export function qualify(t: Type, qualifiers: string): Type {
  if (t.kind === "function") return { ...t, right: t.right + qualifiers };
  return suffix(t, t.left.endsWith(qualifiers) || isReference(t) ? "" : qualifiers);
}

/** Adds text behind the type itself. */
export function suffix(t: Type, text: string): Type {
  return { ...t, left: t.left + text };
}

/** A pointer or reference to a type. @param mark `*`, `&` or `&&` */
export function pointer(t: Type, mark: string): Type {
  if (t.pack) return { ...t, pack: t.pack.map((p) => pointer(p, mark)) };
  if (isReference(t) && mark !== "*") {
    // References to references collapse: only && to && stays one.
    return mark === "&" && t.left.endsWith("&&") ? { ...t, left: t.left.slice(0, -1) } : t;
  }
  return around(t, mark);
}

/** A pointer to a member of a class. */
export function member(owner: string, t: Type): Type {
  if (t.kind === "plain") return around(t, ` ${owner}::*`);
  return around(t, `${owner}::*`);
}

function isReference(t: Type): boolean {
  return t.kind === "plain" && t.left.endsWith("&");
}

function around(t: Type, mark: string): Type {
  switch (t.kind) {
    case "plain":
      return { left: t.left + mark, right: t.right, kind: "plain" };
    case "function":
      return { left: `${t.left}(${mark}`, right: `)${t.right}`, kind: "plain" };
    case "array":
      return { left: `${t.left} (${mark}`, right: `)${t.right}`, kind: "plain" };
  }
}

/** Begins a new name. */
export function startWriting(): void {
  written = 0;
}

/** Substitutions can double a name with every two letters. */
const MAX_OUTPUT = 32768;
