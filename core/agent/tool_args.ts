import { type Json, nearest } from "../data/mod.ts";
import type { Tool, ToolArgs, ToolParam } from "../plugin_api/mod.ts";

/** Arguments that fit the tool, or a text that says to a person or model what to write instead. */
export type CheckedArgs = { readonly ok: true; readonly args: ToolArgs } | {
  readonly ok: false;
  readonly error: string;
};

/**
 * Checks arguments against a tool's parameters and fills in defaults. Numbers written as text (`"5"`) are taken as
 * numbers: models do that.
 *
 * @param tool whose parameters
 * @param args a JSON object; anything else is an error
 */
export function checkToolArgs(tool: Pick<Tool, "name" | "params" | "required">, args: unknown): CheckedArgs {
  if (args === null || args === undefined) args = {};
  if (typeof args !== "object" || Array.isArray(args)) {
    return fail(tool, [`arguments must be a JSON object, not ${describe(args as Json)}`]);
  }
  const problems: string[] = [];
  const out: Record<string, string | number | boolean | readonly string[] | undefined> = {};
  const given = args as Record<string, Json>;
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(tool.params, name)) continue;
    const [near] = nearest(name, Object.keys(tool.params));
    problems.push(`unknown argument "${name.slice(0, 60)}"${near ? ` (did you mean "${near}"?)` : ""}`);
  }
  for (const [name, param] of Object.entries(tool.params)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (param.default !== undefined) out[name] = param.default;
      else if (tool.required.includes(name)) problems.push(`"${name}" is required (${param.type})`);
      continue;
    }
    const checked = checkValue(name, param, value);
    if ("error" in checked) problems.push(checked.error);
    else out[name] = checked.value;
  }
  return problems.length > 0 ? fail(tool, problems) : { ok: true, args: out };
}

type Checked = { value: string | number | boolean | readonly string[] } | { error: string };

function checkValue(name: string, param: ToolParam, value: Json): Checked {
  switch (param.type) {
    case "integer":
    case "number": {
      const n = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
      if (typeof n !== "number" || !Number.isFinite(n)) return wrong(name, param, value);
      if (param.type === "integer" && !Number.isInteger(n)) return wrong(name, param, value);
      if (param.minimum !== undefined && n < param.minimum) {
        return { error: `"${name}" must be at least ${param.minimum}, not ${n}` };
      }
      if (param.maximum !== undefined && n > param.maximum) {
        return { error: `"${name}" must be at most ${param.maximum}, not ${n}` };
      }
      return { value: n };
    }
    case "boolean":
      if (typeof value === "boolean") return { value };
      if (value === "true" || value === "false") return { value: value === "true" };
      return wrong(name, param, value);
    case "string":
      if (typeof value !== "string") return wrong(name, param, value);
      if (param.enum && !param.enum.includes(value)) return notIn(name, value, param.enum);
      return { value };
    case "array": {
      if (!Array.isArray(value)) return wrong(name, param, value);
      for (const item of value) {
        if (typeof item !== "string") return { error: `"${name}" must be a list of strings` };
        if (param.items?.enum && !param.items.enum.includes(item)) return notIn(name, item, param.items.enum);
      }
      return { value: value as readonly string[] };
    }
  }
}

function wrong(name: string, param: ToolParam, value: Json): Checked {
  const a = param.type === "integer" || param.type === "array" ? "an" : "a";
  return { error: `"${name}" must be ${a} ${param.type}, not ${describe(value)}` };
}

function notIn(name: string, value: string, list: readonly string[]): Checked {
  const [near] = nearest(value, list);
  return {
    error: `"${name}" must be one of ${list.join(", ")}, not "${value.slice(0, 60)}"` +
      (near ? ` (did you mean "${near}"?)` : ""),
  };
}

function describe(value: Json): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return value === null ? "null" : "an object";
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : String(value);
}

function fail(tool: Pick<Tool, "params">, problems: readonly string[]): CheckedArgs {
  const known = Object.entries(tool.params).map(([n, p]) => `${n}: ${p.enum ? p.enum.join("|") : p.type}`);
  return { ok: false, error: `${problems.join("; ")}. Arguments: ${known.join(", ") || "none"}` };
}
