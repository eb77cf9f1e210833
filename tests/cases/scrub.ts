import type { Json } from "../../core/data/mod.ts";

/** Paths that are the same on every machine, or ours. */
const KEPT = /^\/(usr|lib|lib64|bin|sbin|dev|proc|sys|var\/tmp\/sonde_case_[^/]*)(\/|$)/;

/**
 * Takes out of a recording's lines what says more about the machine it was made on than the case needs: command lines
 * other than the loads', directories, and what process 1 is and runs.
 */
export function scrub(lines: readonly string[]): string[] {
  const parsed = lines.map((line): Json => JSON.parse(line));
  const first = new Set(parsed.flatMap(namesOfProcess1));
  const modules = new Set(parsed.flatMap(ownModules));
  const text = (s: string): string => {
    for (const name of first) s = s.replaceAll(name, "init");
    return s.replace(/\/[^\s,:;'"()]+/g, (path) => KEPT.test(path) ? path : shortPath(path));
  };
  return parsed.map((line) => JSON.stringify(mapStrings(withoutFunctions(withoutCommands(line), modules), text)));
}

/** The last part of a path of several; of one part, the whole. */
function shortPath(path: string): string {
  const parts = path.split("/").filter((p) => p !== "");
  return parts.length > 1 ? parts[parts.length - 1] : path;
}

interface TableJson {
  readonly kind: "table";
  readonly fields: readonly { readonly name: string }[];
  readonly rows: readonly (readonly Json[])[];
}

function isTable(value: Json): value is TableJson & { readonly [key: string]: Json } {
  return isRecord(value) && value.kind === "table";
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Values of JSON, at any depth. */
function* values(value: Json): Generator<Json> {
  yield value;
  if (value !== null && typeof value === "object") { for (const inner of Object.values(value)) yield* values(inner); }
}

function namesOfProcess1(line: Json): string[] {
  const names: string[] = [];
  for (const value of values(line)) {
    if (!isTable(value)) continue;
    const pid = value.fields.findIndex((f) => f.name === "pid");
    const comm = value.fields.findIndex((f) => f.name === "comm");
    for (const row of value.rows) if (pid >= 0 && comm >= 0 && row[pid] === 1) names.push(String(row[comm]));
  }
  return names;
}

/** Modules in stacks that no package and no load has brought. */
function ownModules(line: Json): string[] {
  const modules: string[] = [];
  for (const value of values(line)) {
    if (!isRecord(value) || typeof value.module !== "string" || typeof value.function !== "string") continue;
    if (value.kind !== "kernel" && value.module.startsWith("/") && !KEPT.test(value.module)) modules.push(value.module);
  }
  return modules;
}

/** Names of functions in these modules, in frames and in rows of tables, become unknown. */
function withoutFunctions(value: Json, modules: ReadonlySet<string>): Json {
  if (Array.isArray(value)) {
    const named = value.some((v) => typeof v === "string" && modules.has(v));
    return value.map((v, i) => named && i === 0 ? "[unknown]" : withoutFunctions(v, modules));
  }
  if (!isRecord(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutFunctions(v, modules)]));
  return typeof value.module === "string" && modules.has(value.module) ? { ...inner, function: "[unknown]" } : inner;
}

function withoutCommands(value: Json): Json {
  if (isTable(value)) {
    const command = value.fields.findIndex((f) => f.name === "command");
    const comm = value.fields.findIndex((f) => f.name === "comm");
    if (command < 0 || comm < 0) return value;
    const rows = value.rows.map((row) =>
      KEPT.test(String(row[command])) && String(row[command]).startsWith("/var/tmp/")
        ? row
        : row.with(command, row[comm])
    );
    return { ...value, rows };
  }
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutCommands(v)]));
  return value;
}

/**
 * Every string in a value by way of `f`, but JSON Pointers and names of fields, which are no text of the machine.
 */
function mapStrings(value: Json, f: (s: string) => string, key = ""): Json {
  if (typeof value === "string") return key === "path" && value.startsWith("/results/") ? value : f(value);
  if (Array.isArray(value)) return value.map((v) => mapStrings(v, f));
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapStrings(v, f, k)]));
  return value;
}
