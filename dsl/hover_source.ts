import { type Expr, exprText, type ValueType } from "../core/query/mod.ts";
import type { Field } from "../core/data/mod.ts";
import type { ParamSpec } from "../core/plugin_api/mod.ts";
import { typeLabel } from "./analysis.ts";
import { BUILTINS } from "./builtins.ts";
import { readCall } from "./call_text.ts";
import type { Said } from "./hover.ts";
import { readProbe } from "./probe_text.ts";
import type { RecipeRegistry } from "./registry.ts";
import { typeOfField } from "./scope.ts";

/** A collector: its arguments and fields. */
export function hoverCollector(name: string, registry: RecipeRegistry): Said | null {
  const info = registry.collector(name);
  if (!info) return null;
  const lines = [
    `${info.doc} (${info.window})`,
    ...section("Arguments:", info.params.map((p) => `- \`${argument(p)}\`. ${p.doc}`)),
    ...section("Fields:", fieldLines(info.fields)),
  ];
  const params = info.params.length > 0 ? `(${info.params.map((p) => p.name).join(", ")})` : "";
  return { code: `collect ${name}${params}`, text: lines.join("\n") };
}

/**
 * A probe, or a function whose calls are collected: its fields beside the builtins.
 *
 * @param isCall behind `collect calls`
 */
export function hoverPoint(text: string, isCall: boolean, registry: RecipeRegistry): Said | null {
  if (isCall) {
    const read = readCall(text);
    if (!read.ok) return null;
    if (read.pattern) return matches(text, "functions", registry.matchCalls(read.target, 1).total);
    return point(text, registry.callFields(read.target));
  }
  const read = readProbe(text);
  if (!read.ok) return null;
  if (read.pattern) return matches(text, "probes", registry.matchProbes(read.point, 1).total);
  return point(text, registry.probeFields(read.point));
}

function point(code: string, fields: readonly Field[] | null | string): Said {
  if (typeof fields === "string") return { code, text: fields };
  if (fields === null) return { code, text: "Its arguments are not known here" };
  const builtins = new Set(BUILTINS.map((b) => b.name));
  const own = fields.filter((f) => !builtins.has(f.name));
  if (own.length === 0) return { code, text: "It has the builtins, and no arguments" };
  return { code, text: ["Fields beside the builtins:", "", ...fieldLines(own)].join("\n") };
}

function matches(code: string, noun: string, total: number): Said {
  return { code, text: `Matches ${total} ${noun} here` };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, "", ...lines];
}

function fieldLines(fields: readonly Field[]): string[] {
  return fields.map((f) => `- \`${f.name}\`: ${typeLabel(typeOfField(f))}${f.doc ? `. ${f.doc}` : ""}`);
}

function argument(p: ParamSpec): string {
  const t: ValueType = { type: p.type, unit: p.unit ?? null };
  if (p.default === undefined) return `${p.name}: ${typeLabel(t)}`;
  const whole = typeof p.default === "number" && Number.isInteger(p.default) && p.type !== "float" &&
    p.type !== "ratio";
  const literal: Expr = { op: "lit", value: whole ? BigInt(p.default) : p.default, t };
  return `${p.name}: ${typeLabel(t)} = ${exprText(literal)}`;
}
