/**
 * Demangles a name of rustc's v0 scheme (RFC 2603; doc.rust-lang.org/rustc/symbol-mangling/v0.html), without the hashes
 * of crates: `_RNvNtCs1234_4core3fmt5write` is `core::fmt::write`.
 *
 * @returns null when the name is none, or uses what we do not know
 */
export function demangleRustV0(mangled: string): string | null {
  const m = /^_R([A-Za-z0-9_]+)(?:[.$].*)?$/.exec(mangled);
  if (!m || m[1].length > MAX_LENGTH || /^\d/.test(m[1])) return null;
  const state: State = { text: m[1], at: 0, depth: 0, lifetimes: 0, written: 0 };
  try {
    const name = path(state, true);
    // The crate that made an instance of a generic function: of no interest, but it must be there in whole.
    if (state.at < state.text.length) path(state, false);
    return state.at === state.text.length ? name : null;
  } catch (error) {
    if (error instanceof NotMangled) return null;
    throw error;
  }
}

class NotMangled extends Error {}

const MAX_LENGTH = 16384;
const MAX_DEPTH = 200;
/** Back references can double a name with every few letters. */
const MAX_WORK = 1 << 16;

interface State {
  readonly text: string;
  at: number;
  depth: number;
  /** Lifetimes that binders around here have named. */
  lifetimes: number;
  written: number;
}

function fail(): never {
  throw new NotMangled();
}

function take(s: State, letter: string): boolean {
  if (s.text[s.at] !== letter) return false;
  s.at++;
  return true;
}

function next(s: State): string {
  return s.text[s.at++] ?? fail();
}

function deeper(s: State, parse: () => string): string {
  if (++s.depth > MAX_DEPTH || ++s.written > MAX_WORK) fail();
  const text = parse();
  s.depth--;
  s.written += text.length >> 6;
  return text;
}

/** `B` and a number: what stands at that place, once more. */
function backReference(s: State, parse: () => string): string {
  const start = s.at - 1;
  const target = base62(s);
  if (target >= start) fail();
  const back = s.at;
  s.at = target;
  const text = deeper(s, parse);
  s.at = back;
  return text;
}

/** @param value whether generic arguments need `::` before them, as in expressions */
function path(s: State, value: boolean): string {
  return deeper(s, () => {
    switch (next(s)) {
      case "C":
        return identifier(s).name;
      case "M":
        implPath(s);
        return `<${type(s)}>`;
      case "X": {
        implPath(s);
        const self = type(s);
        return `<${self} as ${path(s, false)}>`;
      }
      case "Y": {
        const self = type(s);
        return `<${self} as ${path(s, false)}>`;
      }
      case "N": {
        const namespace = next(s);
        const outer = path(s, value);
        const { name, disambiguator } = identifier(s);
        if (/[A-Z]/.test(namespace)) {
          const kind = namespace === "C" ? "closure" : namespace === "S" ? "shim" : namespace;
          return `${outer}::{${kind}${name === "" ? "" : `:${name}`}#${disambiguator}}`;
        }
        return name === "" ? outer : `${outer}::${name}`;
      }
      case "I": {
        const of = path(s, value);
        const args: string[] = [];
        while (!take(s, "E")) args.push(genericArg(s));
        return `${of}${value ? "::" : ""}<${args.join(", ")}>`;
      }
      case "B":
        return backReference(s, () => path(s, value));
      default:
        return fail();
    }
  });
}

function implPath(s: State): void {
  disambiguator(s);
  path(s, false);
}

function genericArg(s: State): string {
  if (take(s, "L")) return lifetime(s, base62(s));
  if (take(s, "K")) return constant(s);
  return type(s);
}

function type(s: State): string {
  return deeper(s, () => {
    const c = next(s);
    const basic = BASIC[c];
    if (basic) return basic;
    switch (c) {
      case "A": {
        const of = type(s);
        return `[${of}; ${constant(s)}]`;
      }
      case "S":
        return `[${type(s)}]`;
      case "T": {
        const parts: string[] = [];
        while (!take(s, "E")) parts.push(type(s));
        return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
      }
      case "R":
      case "Q": {
        const n = take(s, "L") ? base62(s) : 0;
        return `&${n > 0 ? `${lifetime(s, n)} ` : ""}${c === "Q" ? "mut " : ""}${type(s)}`;
      }
      case "P":
        return `*const ${type(s)}`;
      case "O":
        return `*mut ${type(s)}`;
      case "F":
        return binder(s, () => functionType(s));
      case "D": {
        const bounds = binder(s, () => dynBounds(s));
        if (!take(s, "L")) fail();
        const n = base62(s);
        return `dyn ${bounds}${n > 0 ? ` + ${lifetime(s, n)}` : ""}`;
      }
      case "B":
        return backReference(s, () => type(s));
      default:
        s.at--;
        return path(s, false);
    }
  });
}

function functionType(s: State): string {
  let text = take(s, "U") ? "unsafe " : "";
  if (take(s, "K")) {
    const abi = take(s, "C") ? "C" : identifier(s).name.replaceAll("_", "-");
    text += `extern "${abi}" `;
  }
  const parameters: string[] = [];
  while (!take(s, "E")) parameters.push(type(s));
  const returns = type(s);
  return `${text}fn(${parameters.join(", ")})${returns === "()" ? "" : ` -> ${returns}`}`;
}

function dynBounds(s: State): string {
  const traits: string[] = [];
  while (!take(s, "E")) {
    let trait = path(s, false);
    const bindings: string[] = [];
    while (take(s, "p")) {
      const name = identifier(s).name;
      bindings.push(`${name} = ${type(s)}`);
    }
    if (bindings.length > 0) {
      trait = trait.endsWith(">")
        ? `${trait.slice(0, -1)}, ${bindings.join(", ")}>`
        : `${trait}<${bindings.join(", ")}>`;
    }
    traits.push(trait);
  }
  return traits.join(" + ");
}

/** `G` and a number before what names lifetimes of its own. */
function binder(s: State, parse: () => string): string {
  if (!take(s, "G")) return parse();
  const n = base62(s) + 1;
  if (n > 64) fail();
  s.lifetimes += n;
  const names = Array.from({ length: n }, (_, i) => lifetime(s, n - i));
  const text = parse();
  s.lifetimes -= n;
  return `for<${names.join(", ")}> ${text}`;
}

/** Counted outwards from the innermost binder; 0 is erased. */
function lifetime(s: State, n: number): string {
  if (n === 0) return "'_";
  const depth = s.lifetimes - n;
  if (depth < 0) fail();
  return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`;
}

function constant(s: State): string {
  return deeper(s, () => {
    const c = next(s);
    if (c === "p") return "_";
    if (c === "B") return backReference(s, () => constant(s));
    if (/[hjmotyaislnx]/.test(c)) {
      const negative = take(s, "n");
      const digits = hexDigits(s);
      return `${negative ? "-" : ""}${BigInt(`0x${digits || "0"}`)}`;
    }
    if (c === "b") {
      const digits = hexDigits(s);
      return digits === "0" || digits === "" ? "false" : digits === "1" ? "true" : fail();
    }
    if (c === "c") {
      const point = parseInt(hexDigits(s) || "0", 16);
      return point <= 0x10ffff ? JSON.stringify(String.fromCodePoint(point)).replace(/^"|"$/g, "'") : fail();
    }
    return fail();
  });
}

function hexDigits(s: State): string {
  const end = s.text.indexOf("_", s.at);
  const digits = s.text.slice(s.at, end);
  if (end < 0 || !/^[0-9a-f]{0,32}$/.test(digits)) fail();
  s.at = end + 1;
  return digits;
}

function identifier(s: State): { name: string; disambiguator: number } {
  const n = disambiguator(s);
  const punycode = take(s, "u");
  const start = s.at;
  // A number does not begin with 0: after an empty name the next one's length may follow at once.
  if (!take(s, "0")) { while (/\d/.test(s.text[s.at] ?? "")) s.at++; }
  const length = Number(s.text.slice(start, s.at));
  if (s.at === start || s.at - start > 6) fail();
  take(s, "_");
  if (s.at + length > s.text.length) fail();
  const text = s.text.slice(s.at, s.at += length);
  return { name: punycode ? decodePunycode(text) : text, disambiguator: n };
}

/** 0 when there is none; `s_` is 1. */
function disambiguator(s: State): number {
  return take(s, "s") ? base62(s) + 1 : 0;
}

/** `_` is 0; digits and `_` are one more than they say. */
function base62(s: State): number {
  let n = 0;
  if (take(s, "_")) return 0;
  for (;;) {
    const c = next(s);
    if (c === "_") return n + 1;
    const digit = DIGITS.indexOf(c);
    if (digit < 0) fail();
    n = n * 62 + digit;
  }
}

/** RFC 3492, with an underscore for the delimiter. */
function decodePunycode(text: string): string {
  const split = text.lastIndexOf("_");
  const output = split > 0 ? [...text.slice(0, split)].map((c) => c.codePointAt(0)!) : [];
  let n = 128, i = 0, bias = 72;
  for (let at = split + 1; at < text.length;) {
    const old = i;
    for (let w = 1, k = 36;; k += 36) {
      const c = text[at++] ?? fail();
      const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(c);
      if (digit < 0) fail();
      i += digit * w;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < t) break;
      w *= 36 - t;
      if (w > 2 ** 40) fail();
    }
    const length = output.length + 1;
    let delta = old === 0 ? Math.floor((i - old) / 700) : Math.floor((i - old) / 2);
    delta += Math.floor(delta / length);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff) fail();
    output.splice(i++, 0, n);
  }
  return String.fromCodePoint(...output);
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASIC: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};
