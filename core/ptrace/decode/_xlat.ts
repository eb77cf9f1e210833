import { FLAGS } from "./_flags.ts";
import { VALUES } from "./_values.ts";
import { hex } from "./_decoding.ts";

/** A set of named bits or values of one field. */
interface Name {
  readonly name: string;
  readonly value: number;
}

/** Makes text of one number; keeps the texts it made. */
export type Namer = (value: number) => string;

/** Distinct values whose text is kept, for each table: a program could pass any. */
const MAX_KEPT = 256;

const flagNamers = new Map<string, Namer>();
const valueNamers = new Map<string, Namer>();

/** Whether there is a table of flags of this name. */
export function hasFlags(table: string): boolean {
  return Object.hasOwn(FLAGS, table);
}

/** Whether there is a table of values of this name. */
export function hasValues(table: string): boolean {
  return Object.hasOwn(VALUES, table);
}

/**
 * Names of a number's bits, `O_RDONLY|O_CLOEXEC`; what has no name is hexadecimal.
 *
 * @param table one of `_flags.ts`; a variant of the architecture is `NAME_ARCH`
 */
export function flagNamer(table: string, arch = ""): Namer {
  // The common case first: this is asked for at every call.
  if (arch === "") {
    const before = flagNamers.get(table);
    if (before !== undefined) return before;
  }
  const key = hasFlags(`${table}_${arch}`) ? `${table}_${arch}` : table;
  return kept(flagNamers, key, () => {
    const { mask, values, bits, unknown } = readFlags(FLAGS[key]);
    const zero = bits.find((n) => n.value === 0)?.name;
    const comment = unknown !== "" ? ` /* ${unknown} */` : mask === 0 ? unknownBits(bits) : "";
    return (value) => flagsText(value >>> 0, mask, values, bits, zero, comment);
  });
}

/** Name of a value, `SEEK_SET`; without one hexadecimal, with a comment of which kind it should be. */
export function valueNamer(table: string): Namer {
  const before = valueNamers.get(table);
  if (before !== undefined) return before;
  return kept(valueNamers, table, () => {
    const words = VALUES[table].trim().split(/\s+/);
    const unknown = words[0].startsWith("?") ? words.shift()!.slice(1) : "";
    const names = new Map<number, string>();
    for (const word of words) {
      const { name, value } = readName(word);
      if (!names.has(value)) names.set(value, name);
    }
    const comment = unknown ? ` /* ${unknown} */` : "";
    return (value) => names.get(value >>> 0) ?? hex(value >>> 0) + comment;
  });
}

/** Value of a name of a table of flags or values. For code that compares with it. */
export function valueOf(table: string, name: string): number {
  const text = FLAGS[table] ?? VALUES[table];
  const word = text.trim().split(/\s+/).find((w) => w.startsWith(`${name}=`));
  if (word === undefined) throw new Error(`no ${name} in the table ${table}`);
  return readName(word).value;
}

function kept(all: Map<string, Namer>, table: string, make: () => Namer): Namer {
  const before = all.get(table);
  if (before !== undefined) return before;
  const texts = new Map<number, string>();
  let name: Namer | undefined;
  const namer: Namer = (value) => {
    let text = texts.get(value);
    if (text === undefined) {
      name ??= make();
      text = name(value);
      if (texts.size < MAX_KEPT) texts.set(value, text);
    }
    return text;
  };
  all.set(table, namer);
  return namer;
}

function readFlags(text: string): { mask: number; values: Name[]; bits: Name[]; unknown: string } {
  const values: Name[] = [], bits: Name[] = [];
  let mask = 0, inField = false, unknown = "";
  for (const word of text.trim().split(/\s+/)) {
    if (word.startsWith("?")) unknown = word.slice(1);
    else if (word === "&") inField = false;
    else if (word.startsWith("&")) [mask, inField] = [parseInt(word.slice(1), 16), true];
    else (inField ? values : bits).push(readName(word));
  }
  return { mask, values, bits, unknown };
}

function readName(word: string): Name {
  const at = word.indexOf("=");
  return { name: word.slice(0, at), value: parseInt(word.slice(at + 1), 16) };
}

function flagsText(
  value: number,
  mask: number,
  values: readonly Name[],
  bits: readonly Name[],
  zero: string | undefined,
  comment: string,
): string {
  const parts: string[] = [];
  let rest = value;
  if (mask !== 0) {
    const field = values.find((n) => n.value === (value & mask) >>> 0);
    if (field !== undefined) {
      parts.push(field.name);
      rest = (rest & ~mask) >>> 0;
    }
  } else if (value === 0) return zero ?? "0";
  for (const { name, value: bit } of bits) {
    if (bit === 0 || ((rest & bit) >>> 0) !== bit) continue;
    parts.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (parts.length === 0) return hex(rest) + comment;
  if (rest !== 0) parts.push(hex(rest));
  return parts.join("|");
}

/** `O_???`: what the names have in common, as strace says it of a value without any. */
function unknownBits(names: readonly Name[]): string {
  const prefix = names[0].name.replace(/_.*/, "_");
  return names.every((n) => n.name.startsWith(prefix)) ? ` /* ${prefix}??? */` : "";
}
