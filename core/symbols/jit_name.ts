/** What the name that a runtime gave to its code says to people. */
export interface JitName {
  readonly function: string;
  readonly file: string;
  /** 0 when not known. */
  readonly line: number;
}

/**
 * Reads the names that runtimes write into perf maps and jitdumps: V8 (`JS:*f file:line:column`; `LazyCompile:` before
 * 2022), CPython (`py::f:file`), HotSpot (`int pack.Class.method(int)`), perf-map-agent (`Lpack/Class;::method`), .NET
 * (`void [assembly] Type::Method(int)[Tier1]`). What is none of these stays as it is.
 *
 * @param raw from a file that anybody may have written
 */
export function parseJitName(raw: string): JitName {
  return raw.length > MAX_NAME
    ? { function: raw, file: "", line: 0 }
    : v8(raw) ?? python(raw) ?? java(raw) ?? dotnet(raw) ??
      { function: raw, file: "", line: 0 };
}

/**
 * Tags of code-events.h. `~` is interpreted, `^` baseline, `+` and `*` optimised: the same function to people. So is what
 * was entered in the midst of a loop (`o+`) and what was specialised for its context (`*'`), as V8 tells since 2025.
 */
const V8_SCRIPT = /^(?:JS|LazyCompile|Function|Eval|Script|Lazy):((?:o?[~^+*-]'?|')?)(.*)$/s;
const V8_MACHINERY = /^(?:Builtin|BytecodeHandler|Handler|Stub|RegExp|interpreter|Wasm|WasmFunction):/;

function v8(raw: string): JitName | null {
  if (V8_MACHINERY.test(raw)) return { function: raw, file: "", line: 0 };
  const match = V8_SCRIPT.exec(raw);
  if (!match) return null;
  const rest = match[2];
  // `name path:line:column`; names have no spaces but those of getters (`get x`), paths may have some.
  const position = /:(\d+):(\d+)$/.exec(rest);
  if (!position) return { function: rest === "" ? "(anonymous)" : rest, file: "", line: 0 };
  const before = rest.slice(0, position.index);
  const accessor = /^(?:get|set|async|static) /.exec(before)?.[0].length ?? 0;
  const space = before.indexOf(" ", accessor);
  const name = space < 0 ? "" : before.slice(0, space);
  const path = (space < 0 ? before : before.slice(space + 1)).replace(/^file:\/\//, "");
  // Functions without a name are told apart by where they are.
  const base = path.slice(path.lastIndexOf("/") + 1);
  return { function: name === "" ? `(anonymous) ${base}:${position[1]}` : name, file: path, line: Number(position[1]) };
}

function python(raw: string): JitName | null {
  if (!raw.startsWith("py::")) return null;
  const colon = raw.indexOf(":", 4);
  return colon < 0
    ? { function: raw.slice(4), file: "", line: 0 }
    : { function: raw.slice(4, colon), file: raw.slice(colon + 1), line: 0 };
}

/** Return type, then class and method; a hidden class has its address in its name. */
const HOTSPOT = /^[\w.$[\]/+]+ ([\w.$/+]+\.(?:[\w$]+|<init>|<clinit>))\([^()]*\)$/;
const MAP_AGENT = /^L([\w/$]+);::([\w$<>]+)(?:\(.*)?$/;

function java(raw: string): JitName | null {
  const agent = MAP_AGENT.exec(raw);
  if (agent) return { function: `${agent[1].replaceAll("/", ".")}.${agent[2]}`, file: "", line: 0 };
  const hotspot = HOTSPOT.exec(raw);
  return hotspot && { function: hotspot[1], file: "", line: 0 };
}

const DOTNET = /^(?:[^[\]()]* )?\[([^\]]+)\] ([^\s()]+::[^\s()]+)\(.*?\)(?:\[[^\]]*\])?$/;

function dotnet(raw: string): JitName | null {
  const match = DOTNET.exec(raw);
  return match && { function: match[2], file: "", line: 0 };
}

const MAX_NAME = 4096;
