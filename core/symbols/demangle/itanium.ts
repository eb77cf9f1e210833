import {
  base36,
  deeper,
  expect,
  fail,
  NotMangled,
  number,
  peek,
  signedNumber,
  type State,
  take,
} from "./_itanium_state.ts";
import {
  angled,
  member,
  plain,
  pointer,
  qualify,
  show,
  spaced,
  startWriting,
  suffix,
  type Type,
} from "./_itanium_text.ts";
import { BUILTINS, D_BUILTINS, OPERATORS, SPECIAL, SPECIAL_NAMES, STANDARD } from "./_itanium_names.ts";

/**
 * Demangles a C++ name (Itanium C++ ABI, chapter 5.1), without the parameters and return type of the function itself:
 * `_ZNSt6vectorIiSaIiEE9push_backEOi` is `std::vector<int, std::allocator<int> >::push_back`.
 *
 * @returns null when the name is none, or uses what we do not know
 */
export function demangleItanium(mangled: string): string | null {
  if (!mangled.startsWith("_Z") || mangled.length > MAX_LENGTH) return null;
  const dot = mangled.indexOf(".");
  const state: State = {
    text: dot < 0 ? mangled : mangled.slice(0, dot),
    at: 2,
    depth: 0,
    substitutions: [],
    args: null,
    autos: 0,
  };
  startWriting();
  try {
    const name = encoding(state, true);
    return dot < 0 ? name : `${name} [clone ${mangled.slice(dot)}]`;
  } catch (error) {
    if (error instanceof NotMangled) return null;
    throw error;
  }
}

/** `<encoding>`. @param outermost leaves parameters out, and does not read them */
function encoding(s: State, outermost: boolean): string {
  return deeper(s, () => {
    const special = specialName(s);
    if (special !== null) return special;
    const outerArgs = s.args;
    const { text, template, qualifiers } = name(s, true);
    if (outermost) return text;
    if (s.at >= s.text.length || peek(s) === "E" || peek(s) === ".") {
      s.args = outerArgs;
      return text;
    }
    // Functions that are templates say what they return; constructors and conversions never do.
    if (template) type(s);
    const parameters = parameterList(s);
    s.args = outerArgs;
    return `${text}(${parameters})${qualifiers}`;
  });
}

function specialName(s: State): string | null {
  const two = s.text.slice(s.at, s.at + 2);
  if (two in SPECIAL) {
    s.at += 2;
    return SPECIAL[two] + show(type(s));
  }
  if (two in SPECIAL_NAMES) {
    s.at += 2;
    return SPECIAL_NAMES[two] + name(s, false).text;
  }
  if (two === "Th" || two === "Tv") {
    s.at += 1;
    callOffset(s);
    return `${two === "Th" ? "non-virtual" : "virtual"} thunk to ${encoding(s, false)}`;
  }
  if (two === "Tc") {
    s.at += 2;
    callOffset(s);
    callOffset(s);
    return `covariant return thunk to ${encoding(s, false)}`;
  }
  if (two === "GR") {
    s.at += 2;
    const of = name(s, false).text;
    const n = take(s, "_") ? 0 : base36(s) + 1;
    return `reference temporary #${n} for ${of}`;
  }
  if (two === "GT") {
    s.at += 3;
    return `${s.text[s.at - 1] === "t" ? "" : "non-"}transaction clone for ${encoding(s, false)}`;
  }
  if (two === "TC") {
    s.at += 2;
    const derived = show(type(s));
    number(s);
    expect(s, "_");
    return `construction vtable for ${show(type(s))}-in-${derived}`;
  }
  return null;
}

function callOffset(s: State): void {
  const virtual = peek(s) === "v";
  s.at++;
  signedNumber(s);
  expect(s, "_");
  if (!virtual) return;
  signedNumber(s);
  expect(s, "_");
}

const MAX_LENGTH = 8192;

interface Name {
  readonly text: string;
  /** Whether the function's encoding begins with its return type. */
  readonly template: boolean;
  /** ` const` and the like, of a member function. */
  readonly qualifiers: string;
}

/** `<name>`. @param tag whether the name's template arguments are what T_ means from here on */
function name(s: State, tag: boolean): Name {
  return deeper(s, () => {
    if (peek(s) === "N") return nestedName(s, tag);
    if (peek(s) === "Z") return { text: localName(s), template: false, qualifiers: "" };
    let text: string;
    let plainFunction = true;
    if (peek(s) === "S" && s.text[s.at + 1] !== "t") {
      const found = substitution(s);
      if (peek(s) !== "I") fail();
      text = show(found);
    } else {
      const std = take(s, "St");
      const unqualified = unqualifiedName(s, "");
      plainFunction = !unqualified.conversion;
      text = (std ? "std::" : "") + unqualified.text;
      if (peek(s) === "I") s.substitutions.push(plain(text, unqualified.text));
    }
    if (peek(s) !== "I") return { text, template: false, qualifiers: "" };
    return { text: text + spaced(text) + templateArgs(s, tag), template: plainFunction, qualifiers: "" };
  });
}

function nestedName(s: State, tag: boolean): Name {
  expect(s, "N");
  let qualifiers = "";
  for (;;) {
    if (take(s, "r")) qualifiers += " restrict";
    else if (take(s, "V")) qualifiers = " volatile" + qualifiers;
    else if (take(s, "K")) qualifiers = " const" + qualifiers;
    else break;
  }
  if (take(s, "R")) qualifiers += " &";
  else if (take(s, "O")) qualifiers += " &&";
  const { type: found, template } = prefix(s, tag);
  return { text: show(found), template, qualifiers };
}

/** Everything up to the E of a nested name. Each step but the last can be substituted. */
function prefix(s: State, tag: boolean): { type: Type; template: boolean } {
  let current: Type | null = null;
  let template = false;
  let constructor = false;
  let pushed = false;
  while (!take(s, "E")) {
    if (s.at >= s.text.length) fail();
    pushed = true;
    if (take(s, "St")) {
      current = plain("std");
      pushed = false;
      continue;
    }
    const c = peek(s);
    if (c === "S") {
      const abbreviation = STANDARD[s.text[s.at + 1]];
      current = substitution(s);
      // Constructors show which class the abbreviation stands for.
      if (abbreviation && /[CD]/.test(peek(s))) current = plain(abbreviation[1], abbreviation[2]);
      pushed = false;
      continue;
    }
    if (c === "T") current = templateParam(s);
    else if (c === "I") {
      if (current === null) fail();
      const before: Type = current;
      const text = show(before);
      current = plain(text + spaced(text) + templateArgs(s, tag), before.base);
      template = !constructor;
    } else if (c === "M") {
      s.at++;
      pushed = false;
      continue;
    } else if (c === "D" && /[tT]/.test(s.text[s.at + 1] ?? "")) current = type(s);
    else {
      const outer: string = current === null ? "" : `${show(current)}::`;
      const unqualified = unqualifiedName(s, current?.base ?? "");
      constructor = unqualified.conversion;
      template = false;
      current = plain(outer + unqualified.text, unqualified.text);
    }
    s.substitutions.push(current);
  }
  if (current === null) fail();
  if (pushed) s.substitutions.pop();
  return { type: current, template };
}

function localName(s: State): string {
  expect(s, "Z");
  const outer = encoding(s, false);
  expect(s, "E");
  if (take(s, "s")) {
    discriminator(s);
    return `${outer}::string literal`;
  }
  if (take(s, "d")) {
    const n = peek(s) === "_" ? 0 : number(s) + 1;
    expect(s, "_");
    return `${outer}::{default arg#${n + 1}}::${name(s, true).text}`;
  }
  const inner = name(s, true).text;
  discriminator(s);
  return `${outer}::${inner}`;
}

function discriminator(s: State): void {
  if (!take(s, "_")) return;
  if (take(s, "_")) {
    number(s);
    expect(s, "_");
  } else if (/\d/.test(peek(s))) s.at++;
  else s.at--;
}

interface Unqualified {
  readonly text: string;
  /** Constructors, destructors, conversions: functions whose encoding has no return type even as templates. */
  readonly conversion: boolean;
}

function unqualifiedName(s: State, className: string): Unqualified {
  take(s, "L");
  const c = peek(s);
  let text: string;
  let conversion = false;
  if (c >= "0" && c <= "9") text = sourceName(s);
  else if (c === "C") {
    s.at++;
    if (take(s, "I")) {
      s.at++;
      type(s);
    } else if (!/[1-5]/.test(s.text[s.at++] ?? "")) fail();
    if (className === "") fail();
    text = bareName(className);
    conversion = true;
  } else if (c === "D" && /[0-5]/.test(s.text[s.at + 1] ?? "")) {
    s.at += 2;
    if (className === "") fail();
    text = `~${bareName(className)}`;
    conversion = true;
  } else if (take(s, "DC")) {
    const parts: string[] = [];
    while (!take(s, "E")) parts.push(sourceName(s));
    text = `[${parts.join(", ")}]`;
  } else if (take(s, "Ul")) text = lambda(s);
  else if (take(s, "Ut")) {
    const n = take(s, "_") ? 1 : number(s) + 2;
    if (n > 1) expect(s, "_");
    text = `{unnamed type#${n}}`;
    s.substitutions.push(plain(text));
    s.substitutions.pop();
  } else {
    const found = operatorName(s);
    text = found.text;
    conversion = found.conversion;
  }
  while (take(s, "B")) text += `[abi:${sourceName(s)}]`;
  return { text, conversion };
}

/** Without ABI tags: a constructor of `string[abi:cxx11]` is called `string`. */
function bareName(className: string): string {
  const bracket = className.indexOf("[");
  return bracket > 0 ? className.slice(0, bracket) : className;
}

function lambda(s: State): string {
  s.autos++;
  const parameters = parameterList(s);
  s.autos--;
  expect(s, "E");
  const n = peek(s) === "_" ? 1 : number(s) + 2;
  expect(s, "_");
  return `{lambda(${parameters})#${n}}`;
}

function sourceName(s: State): string {
  const length = number(s);
  if (length === 0 || s.at + length > s.text.length) fail();
  const text = s.text.slice(s.at, s.at += length);
  return /^_GLOBAL_[._$]N/.test(text) ? "(anonymous namespace)" : text;
}

function operatorName(s: State): Unqualified {
  if (take(s, "cv")) {
    // T_ in the type may mean template arguments that follow the name: not known yet.
    const to = show(type(s));
    return { text: `operator ${to}`, conversion: true };
  }
  if (take(s, "li")) return { text: `operator"" ${sourceName(s)}`, conversion: false };
  const two = s.text.slice(s.at, s.at + 2);
  const known = OPERATORS[two];
  if (!known) fail();
  s.at += 2;
  const word = /^[a-z]/.test(known[0]) ? " " : "";
  return { text: `operator${word}${known[0]}`, conversion: false };
}

/** `<template-args>`: `<int, char const*>`. */
function templateArgs(s: State, tag: boolean): string {
  const args = deeper(s, () => {
    expect(s, "I");
    const list: Type[] = [];
    while (!take(s, "E")) list.push(templateArg(s));
    return list;
  });
  if (tag) s.args = args;
  return angled(args);
}

function templateArg(s: State): Type {
  const c = peek(s);
  if (c === "L") return plain(literal(s));
  if (take(s, "X")) {
    const text = expression(s);
    expect(s, "E");
    return plain(text);
  }
  if (take(s, "J")) {
    const pack: Type[] = [];
    while (!take(s, "E")) pack.push(templateArg(s));
    return { left: "", right: "", kind: "plain", pack };
  }
  return type(s);
}

function templateParam(s: State): Type {
  expect(s, "T");
  const n = peek(s) === "_" ? 0 : number(s) + 1;
  expect(s, "_");
  if (s.autos > 0) return plain(`auto:${n + 1}`);
  return s.args?.[n] ?? fail();
}

function substitution(s: State): Type {
  expect(s, "S");
  const known = STANDARD[peek(s)];
  if (known) {
    s.at++;
    let text = known[0];
    while (take(s, "B")) text += `[abi:${sourceName(s)}]`;
    return plain(text, known[2]);
  }
  const n = take(s, "_") ? 0 : base36(s) + 1;
  return s.substitutions[n] ?? fail();
}

/** `<type>`. All but the builtin ones can be substituted later. */
function type(s: State): Type {
  return deeper(s, () => {
    const c = peek(s);
    if (c === "S" && s.text[s.at + 1] !== "t") {
      const found = substitution(s);
      if (peek(s) !== "I") return found;
      return remember(s, plain(show(found) + templateArgs(s, false), found.base));
    }
    const builtin = BUILTINS[c];
    if (builtin) {
      s.at++;
      return plain(builtin);
    }
    if (c === "D") return typeD(s);
    if (take(s, "u")) {
      const text = sourceName(s);
      return remember(s, plain(peek(s) === "I" ? text + templateArgs(s, false) : text));
    }
    if (c === "r" || c === "V" || c === "K") return remember(s, qualified(s));
    if (take(s, "P")) return remember(s, pointer(type(s), "*"));
    if (take(s, "R")) return remember(s, pointer(type(s), "&"));
    if (take(s, "O")) return remember(s, pointer(type(s), "&&"));
    if (take(s, "C")) return remember(s, suffix(type(s), " _Complex"));
    if (take(s, "G")) return remember(s, suffix(type(s), " _Imaginary"));
    if (take(s, "U")) {
      const by = sourceName(s) + (peek(s) === "I" ? templateArgs(s, false) : "");
      return remember(s, suffix(type(s), ` ${by}`));
    }
    if (c === "F") return remember(s, functionType(s));
    if (c === "A") return remember(s, arrayType(s));
    if (take(s, "M")) {
      const owner = show(type(s));
      return remember(s, member(owner, type(s)));
    }
    if (c === "T" && !/[sue]/.test(s.text[s.at + 1] ?? "")) {
      const found = remember(s, templateParam(s));
      return peek(s) === "I" ? remember(s, plain(show(found) + templateArgs(s, false), found.base)) : found;
    }
    if (c === "T") s.at += 2;
    return remember(s, plain(name(s, false).text));
  });
}

function remember(s: State, t: Type): Type {
  s.substitutions.push(t);
  return t;
}

function typeD(s: State): Type {
  const c = s.text[s.at + 1] ?? "";
  const builtin = D_BUILTINS[c];
  if (builtin) {
    s.at += 2;
    return plain(builtin);
  }
  if (take(s, "Dp")) return remember(s, type(s));
  if (take(s, "DF")) {
    const bits = number(s);
    if (take(s, "b")) return plain("std::bfloat16_t");
    const extended = take(s, "x");
    if (!extended) expect(s, "_");
    return plain(`_Float${bits}${extended ? "x" : ""}`);
  }
  if (take(s, "Dt") || take(s, "DT")) {
    const text = expression(s);
    expect(s, "E");
    return remember(s, plain(`decltype (${text})`));
  }
  if (take(s, "Dv")) {
    const dimension = take(s, "_") ? expression(s) : String(number(s));
    expect(s, "_");
    return remember(s, suffix(type(s), ` __vector(${dimension})`));
  }
  if (c === "o" || c === "O" || c === "w" || c === "x") return remember(s, functionType(s));
  return fail();
}

function qualified(s: State): Type {
  let qualifiers = "";
  if (take(s, "r")) qualifiers = " restrict";
  if (take(s, "V")) qualifiers = " volatile" + qualifiers;
  if (take(s, "K")) qualifiers = " const" + qualifiers;
  const t = type(s);
  if (t.pack) return { ...t, pack: t.pack.map((p) => qualify(p, qualifiers)) };
  return qualify(t, qualifiers);
}

function functionType(s: State): Type {
  let except = "";
  if (take(s, "Do")) except = " noexcept";
  else if (take(s, "DO")) {
    except = ` noexcept(${expression(s)})`;
    expect(s, "E");
  } else if (take(s, "Dw")) {
    const list: string[] = [];
    while (!take(s, "E")) list.push(show(type(s)));
    except = ` throw(${list.join(", ")})`;
  } else if (take(s, "Dx")) except = " transaction_safe";
  expect(s, "F");
  take(s, "Y");
  const returns = type(s);
  const parameters = parameterList(s);
  const reference = take(s, "R") ? " &" : take(s, "O") ? " &&" : "";
  expect(s, "E");
  const space = returns.right === "" ? " " : "";
  return {
    left: returns.left + space,
    right: `(${parameters})${reference}${except}${returns.right}`,
    kind: "function",
  };
}

function arrayType(s: State): Type {
  expect(s, "A");
  const c = peek(s);
  const dimension = c === "_" ? "" : /\d/.test(c) ? String(number(s)) : expression(s);
  expect(s, "_");
  const of = type(s);
  // Arrays of arrays: the outer dimension comes first.
  const rest = of.kind === "array" ? of.right.trimStart() : of.right;
  return { left: of.left, right: ` [${dimension}]${rest}`, kind: "array" };
}

/** `<bare-function-type>`, up to an E, a dot, a reference qualifier or the end. */
function parameterList(s: State): string {
  const list: string[] = [];
  while (s.at < s.text.length && !/[E.]/.test(peek(s)) && !/^[RO]E/.test(s.text.slice(s.at, s.at + 2))) {
    const shown = show(type(s));
    if (shown !== "") list.push(shown);
  }
  return list.length === 1 && list[0] === "void" ? "" : list.join(", ");
}

/** `<expr-primary>`: `L`, a type, a value, `E`. */
function literal(s: State): string {
  expect(s, "L");
  if (peek(s) === "_" || peek(s) === "Z") {
    take(s, "_");
    expect(s, "Z");
    const text = encoding(s, false);
    expect(s, "E");
    return text;
  }
  const letter = peek(s);
  const of = show(type(s));
  const end = s.text.indexOf("E", s.at);
  if (end < 0) fail();
  let value = s.text.slice(s.at, end);
  s.at = end + 1;
  if (value.startsWith("n")) value = `-${value.slice(1)}`;
  if (letter === "b" && (value === "0" || value === "1")) return value === "1" ? "true" : "false";
  if (of === "decltype(nullptr)") return "nullptr";
  const ending = LITERAL_ENDINGS[letter];
  if (ending !== undefined) return value + ending;
  return /^[fdeg]$/.test(letter) ? `(${of})[${value}]` : `(${of})${value}`;
}

const LITERAL_ENDINGS: Readonly<Record<string, string>> = { i: "", j: "u", l: "l", m: "ul", x: "ll", y: "ull" };

/** `<expression>`: the kinds that names of real programs hold. */
function expression(s: State): string {
  return deeper(s, () => {
    const c = peek(s);
    if (c === "L") return literal(s);
    if (c === "T") return show(templateParam(s));
    if (take(s, "fp") || take(s, "fL")) {
      if (s.text[s.at - 1] === "L") {
        number(s);
        expect(s, "p");
      }
      while (/[rVK]/.test(peek(s))) s.at++;
      const n = peek(s) === "_" ? 1 : number(s) + 2;
      expect(s, "_");
      return `{parm#${n}}`;
    }
    if (take(s, "st")) return `sizeof (${show(type(s))})`;
    if (take(s, "sz")) return `sizeof (${expression(s)})`;
    if (take(s, "at")) return `alignof (${show(type(s))})`;
    if (take(s, "sZ")) {
      const pack = peek(s) === "T" ? templateParam(s) : plain(expression(s));
      return pack.pack ? String(pack.pack.length) : `sizeof...(${show(pack)})`;
    }
    if (take(s, "sp")) return expression(s);
    if (take(s, "sr")) return unresolved(s);
    if (take(s, "on")) {
      const text = operatorName(s).text;
      return peek(s) === "I" ? text + templateArgs(s, false) : text;
    }
    if (take(s, "gs")) return `::${expression(s)}`;
    if (take(s, "nx")) return `noexcept (${expression(s)})`;
    for (const [code, word] of CASTS) {
      if (take(s, code)) return `${word}<${show(type(s))}>(${expression(s)})`;
    }
    if (take(s, "cv")) {
      const to = show(type(s));
      if (take(s, "_")) return `${to}(${list(s)})`;
      return `(${to})(${expression(s)})`;
    }
    if (take(s, "cl")) {
      const called = expression(s);
      return `${wrapped(called)}(${list(s)})`;
    }
    if (take(s, "il")) return `{${list(s)}}`;
    if (take(s, "tl")) return `${show(type(s))}{${list(s)}}`;
    if (take(s, "dt")) return `${wrapped(expression(s))}.${unresolvedName(s)}`;
    if (take(s, "pt")) return `${wrapped(expression(s))}->${unresolvedName(s)}`;
    if (c >= "0" && c <= "9") return simpleId(s);
    const two = s.text.slice(s.at, s.at + 2);
    const operator = OPERATORS[two];
    if (!operator) fail();
    s.at += 2;
    if (two === "ix") return `${wrapped(expression(s))}[${expression(s)}]`;
    if (two === "qu") return `${wrapped(expression(s))}?${wrapped(expression(s))} : ${wrapped(expression(s))}`;
    if (operator[1] === 1) {
      if ((two === "pp" || two === "mm") && !take(s, "_")) return `${wrapped(expression(s))}${operator[0]}`;
      return `${operator[0]}${wrapped(expression(s))}`;
    }
    if (operator[1] !== 2) fail();
    const text = `${wrapped(expression(s))}${operator[0]}${wrapped(expression(s))}`;
    return two === "gt" ? `(${text})` : text;
  });
}

const CASTS = [["dc", "dynamic_cast"], ["sc", "static_cast"], ["cc", "const_cast"], [
  "rc",
  "reinterpret_cast",
]] as const;

function wrapped(text: string): string {
  return /^[\w:]+$|^\{parm#\d+\}$/.test(text) ? text : `(${text})`;
}

function list(s: State): string {
  const parts: string[] = [];
  while (!take(s, "E")) parts.push(expression(s));
  return parts.join(", ");
}

function simpleId(s: State): string {
  const text = sourceName(s);
  return peek(s) === "I" ? text + templateArgs(s, false) : text;
}

function unresolvedName(s: State): string {
  if (take(s, "sr")) return unresolved(s);
  if (take(s, "on")) return operatorName(s).text;
  return simpleId(s);
}

/** `sr <type> <name>`, or `srN <type> <level>… E <name>`. */
function unresolved(s: State): string {
  if (take(s, "N")) {
    let text = show(type(s));
    while (!take(s, "E")) text += `::${simpleId(s)}`;
    return `${text}::${unresolvedName(s)}`;
  }
  return `${show(type(s))}::${unresolvedName(s)}`;
}
