import type { ParamSpec } from "../core/plugin_api/mod.ts";
import { adaptLiteral, type Expr, type NamedExpr, type ValueType, valueType } from "../core/query/mod.ts";
import { nodeText } from "./_node_text.ts";
import type { Arg, Collected, CollectSource } from "./ast.ts";
import { aType, type CheckContext, checkExpr, isAddress } from "./check_expr.ts";
import type { CheckedSource } from "./checked_source.ts";
import { namedColumn } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { Span } from "./position.ts";
import type { RecipeRegistry } from "./registry.ts";
import { constantScope, typeOfField } from "./scope.ts";

/** Checks `collect NAME(args)`. Null when something is wrong. */
export function checkCollector(
  source: CollectSource,
  what: Extract<Collected, { kind: "collector" }>,
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  const { name, span } = what.name;
  const info = registry.collector(name);
  if (!info) {
    const names = registry.collectorNames();
    const hints = [didYouMean(name, names), `Collectors: ${names.toSorted().join(", ")}`];
    cx.out.error(span, "unknown-collector", `There is no collector "${name}"`, hints.filter(Boolean).join("\n"));
    return null;
  }
  const args = checkArgs(name, span, what.args, info.params, cx);
  if (!args) return null;
  if (source.includeSelf && info.kind !== "view") {
    cx.out.error(source.includeSelf, "include-self", `"include self" is for probes; ${name} is none`);
    return null;
  }
  const all = [...args];
  if (duration && info.window === "snapshot") {
    cx.out.warn(source.duration!.span, "window", `${name} takes a snapshot: "for" has no effect`);
  } else if (duration && info.window === "interval") {
    // Its rates are means over an interval: the window is that interval.
    if (args.some((a) => a.name === "interval")) {
      cx.out.error(source.duration!.span, "window", `${name} takes "interval" or "for", not both: they are the same`);
      return null;
    }
    if (info.params.some((p) => p.name === "interval")) all.push({ name: "interval", expr: duration });
  }
  return {
    plan: {
      kind: "collector",
      collector: name,
      collects: info.kind,
      window: info.window,
      args: all,
      duration,
      includeSelf: source.includeSelf !== null,
    },
    flow: {
      of: name,
      kind: info.kind === "profile" ? "profile" : "rows",
      columns: info.fields.map((f) => namedColumn(f.name, typeOfField(f), f.doc)),
      oneRow: false,
    },
  };
}

function checkArgs(
  collector: string,
  at: Span,
  args: readonly Arg[],
  params: readonly ParamSpec[],
  cx: CheckContext,
): NamedExpr[] | null {
  const out: NamedExpr[] = [];
  let ok = true;
  const names = params.map((p) => p.name);
  const list = names.length > 0
    ? `Arguments: ${params.map((p) => `${p.name}: ${p.type}`).join(", ")}`
    : "It takes no arguments";
  for (const arg of args) {
    const spec = params.find((p) => p.name === arg.name?.name);
    if (!arg.name || !spec) {
      ok = false;
      if (arg.value.kind === "missing") continue;
      const message = arg.name
        ? `${collector} has no argument "${arg.name.name}"`
        : `Arguments of ${collector} are named`;
      const hint = arg.name ? didYouMean(arg.name.name, names) : namedHint(arg, names);
      cx.out.error(arg.name?.span ?? arg.span, "argument", message, [hint, list].filter(Boolean).join("\n"));
      continue;
    }
    if (out.some((o) => o.name === spec.name)) {
      ok = false;
      cx.out.error(arg.name.span, "argument", `"${spec.name}" is given twice`);
      continue;
    }
    const wanted: ValueType = { type: spec.type, unit: spec.unit ?? valueType(spec.type).unit };
    const checked = checkExpr(arg.value, constantScope(`an argument of ${collector}`), cx);
    const e = checked && adaptLiteral(checked, wanted);
    if (e && !isAddress(e, wanted, arg.value.span, cx)) ok = false;
    else if (e && !fits(e.t, wanted)) {
      const message = `"${spec.name}" is ${aType(wanted)}, here is ${aType(e.t)}`;
      cx.out.error(arg.value.span, "type", message, EXAMPLES[spec.type] ?? spec.doc);
      ok = false;
    } else if (e) out.push({ name: spec.name, expr: e });
    else ok = false;
  }
  for (const p of params) {
    if (p.default !== undefined || out.some((o) => o.name === p.name) || !ok) continue;
    cx.out.error(at, "argument", `${collector} needs the argument "${p.name}"`, list);
    ok = false;
  }
  return ok ? out : null;
}

/** `pid = 1` is written `pid: 1`; a value alone is that of the only argument. */
function namedHint({ value }: Arg, names: readonly string[]): string {
  if (value.kind === "binary" && value.left.kind === "path" && names.includes(value.left.name)) {
    return `Write: ${value.left.name}: ${nodeText(value.right)}`;
  }
  return names.length === 1 ? `Write: ${names[0]}: ${nodeText(value)}` : "";
}

const EXAMPLES: Readonly<Record<string, string>> = {
  duration: "Such as: 10s",
  bytes: "Such as: 4KiB",
  ratio: "Such as: 50%",
};

/** Whether a value can stand for a parameter of this type. Bare numbers may stand for ids, rates and floats. */
export function fits(t: ValueType, wanted: ValueType): boolean {
  if (t.type === wanted.type) return true;
  if (t.type === "null") return false;
  if (t.type === "int") return ["pid", "tid", "rate", "float", "address"].includes(wanted.type);
  if (wanted.type === "float") return t.type === "ratio";
  return wanted.type === "ip" && t.type === "string";
}
