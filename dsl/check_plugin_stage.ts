import { type Field, UsageError } from "../core/data/mod.ts";
import type { Stage as PluginStage, StageParam } from "../core/plugin_api/mod.ts";
import { adaptLiteral, type NamedExpr, valueType } from "../core/query/mod.ts";
import type { Stage, StageItem } from "./ast.ts";
import { fits } from "./check_collector.ts";
import { aType, checkExpr } from "./check_expr.ts";
import { bare } from "./check_items.ts";
import type { CheckedStage, PipelineContext } from "./checked_stage.ts";
import { type Flow, implicitSelect, namedColumn, outputFields } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import { constantScope, typeOfField } from "./scope.ts";

/** Checks a stage that a plugin added. It sees the columns that a result would have. Null when something is wrong. */
export function checkPluginStage(
  stage: Stage,
  plugin: PluginStage,
  flow: Flow,
  cx: PipelineContext,
): CheckedStage | null {
  const select = implicitSelect(flow);
  const input = outputFields(flow);
  const args = checkArgs(stage, plugin, input, cx);
  const by = byColumns(stage, plugin, input, cx);
  if (!args || !by) return null;
  let fields: readonly Field[];
  try {
    fields = plugin.fields(input, { columns: args.columns, by });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    cx.out.error(stage.span, "stage", error.message, error.hint);
    return null;
  }
  return {
    plans: [
      ...(select ? [{ kind: "select", columns: select } as const] : []),
      { kind: "plugin", stage: plugin.name, args: args.values, columns: args.columns, by, fields },
    ],
    flow: {
      of: `"${plugin.name}"`,
      kind: "rows",
      columns: fields.map((f) => namedColumn(f.name, typeOfField(f), f.doc)),
      oneRow: false,
    },
  };
}

/** As `list` and messages show it: `spread(column, step: duration = 1s)`. */
export function stageSignature(stage: Pick<PluginStage, "name" | "params" | "by">): string {
  const args = stage.params.map((p) => p.default === undefined ? p.name : `[${p.name}]`);
  return [stage.name, args.join(", "), stage.by ? "[by COLUMN, …]" : ""].filter(Boolean).join(" ");
}

function checkArgs(
  stage: Stage,
  plugin: PluginStage,
  input: readonly Field[],
  cx: PipelineContext,
): { values: NamedExpr[]; columns: Record<string, string> } | null {
  const form = `It is written: | ${stageSignature(plugin)}`;
  const extra = stage.items[plugin.params.length];
  if (extra) {
    cx.out.error(extra.span, "argument", `${plugin.name} takes ${plugin.params.length} arguments`, form);
    return null;
  }
  const values: NamedExpr[] = [];
  const columns: Record<string, string> = {};
  for (const [i, param] of plugin.params.entries()) {
    const item = stage.items[i];
    if (!item) {
      if (param.default !== undefined) continue;
      cx.out.error(stage.name.span, "argument", `${plugin.name} needs ${param.name}: ${param.doc}`, form);
      return null;
    }
    if (item.expr.kind === "missing" || !bare(item, plugin.name, cx)) return null;
    if (param.type === "column") {
      const name = columnName(item, input, cx);
      if (name === null) return null;
      columns[param.name] = name;
    } else {
      const value = constant(item, { ...param, type: param.type }, plugin.name, cx);
      if (!value) return null;
      values.push(value);
    }
  }
  return { values, columns };
}

function constant(
  item: StageItem,
  param: StageParam & { readonly type: Field["type"] },
  of: string,
  cx: PipelineContext,
): NamedExpr | null {
  const wanted = valueType(param.type);
  const checked = checkExpr(item.expr, constantScope(`an argument of ${of}`), cx);
  const expr = checked && adaptLiteral(checked, wanted);
  if (!expr) return null;
  if (fits(expr.t, wanted)) return { name: param.name, expr };
  cx.out.error(item.span, "type", `"${param.name}" is ${aType(wanted)}, here is ${aType(expr.t)}`, param.doc);
  return null;
}

function byColumns(stage: Stage, plugin: PluginStage, input: readonly Field[], cx: PipelineContext): string[] | null {
  if (!stage.by) return [];
  if (!plugin.by) {
    cx.out.error(stage.by[0]?.span ?? stage.span, "syntax", `${plugin.name} has no "by"`);
    return null;
  }
  const names = stage.by.map((item) => bare(item, plugin.name, cx) ? columnName(item, input, cx) : null);
  return names.includes(null) ? null : names as string[];
}

function columnName(item: StageItem, input: readonly Field[], cx: PipelineContext): string | null {
  const { expr } = item;
  const name = expr.kind === "path" ? expr.name : null;
  const found = input.find((f) => f.name === name || f.name === name?.replaceAll(".", "_"));
  if (found) return found.name;
  const names = input.map((f) => f.name);
  const message = name === null ? "This argument is a column" : `There is no column "${name}"`;
  const hints = [
    name === null ? "Compute it before: | derive NAME = …" : didYouMean(name, names),
    `Columns: ${names.join(", ")}`,
  ];
  cx.out.error(item.span, name === null ? "argument" : "unknown-field", message, hints.filter(Boolean).join("\n"));
  return null;
}
