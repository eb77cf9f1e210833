import type { Field } from "../core/data/mod.ts";
import type { ParamSpec } from "../core/plugin_api/mod.ts";
import {
  adaptLiteral,
  type Expr,
  type NamedExpr,
  type ProbePoint,
  probePointText,
  type ValueType,
  valueType,
} from "../core/query/mod.ts";
import type { Arg, Collected, CollectSource, ProbeText } from "./ast.ts";
import { BUILTINS } from "./builtins.ts";
import { aType, type CheckContext, checkExpr, checkTyped } from "./check_expr.ts";
import type { Flow, FlowColumn } from "./flow.ts";
import { namedColumn } from "./flow.ts";
import { didYouMean } from "./nearest.ts";
import type { SourcePlan } from "./plan.ts";
import type { Span } from "./position.ts";
import { readProbe } from "./probe_text.ts";
import type { RecipeRegistry } from "./registry.ts";
import { constantScope, typeOfField } from "./scope.ts";

/** A checked source and what flows out of it. */
export interface CheckedSource {
  readonly plan: SourcePlan;
  readonly flow: Flow;
}

/** Checks `collect …`. Null when something is wrong. */
export function checkSource(source: CollectSource, registry: RecipeRegistry, cx: CheckContext): CheckedSource | null {
  const { what } = source;
  const duration = source.duration ? checkDuration(source.duration, "the window", cx) : null;
  if (!what || (source.duration && !duration)) {
    if (what) checkWhat(source, what, null, registry, cx);
    return null;
  }
  return checkWhat(source, what, duration, registry, cx);
}

/** A constant duration above 0. */
export function checkDuration(
  node: NonNullable<CollectSource["duration"]>,
  what: string,
  cx: CheckContext,
): Expr | null {
  const e = checkTyped(node, "duration", what[0].toUpperCase() + what.slice(1), "10s", constantScope(what), cx);
  if (e?.op === "lit" && Number(e.value) <= 0) {
    cx.out.error(node.span, "value", `${what[0].toUpperCase()}${what.slice(1)} is longer than 0`);
    return null;
  }
  return e;
}

function checkWhat(
  source: CollectSource,
  what: Collected,
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  switch (what.kind) {
    case "collector":
      return checkCollector(source, what, duration, registry, cx);
    case "probes":
      return checkProbes(source, what.probes, duration, registry, cx);
    case "calls":
    case "span":
      cx.out.error(
        what.span,
        "later",
        `collect ${what.kind} is not available in this version`,
        "Collect the probes themselves",
      );
      return null;
  }
}

function checkCollector(
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
      const hint = arg.name ? didYouMean(arg.name.name, names) : "";
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
    if (e && !fits(e.t, wanted)) {
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

function checkProbes(
  source: CollectSource,
  texts: readonly ProbeText[],
  duration: Expr | null,
  registry: RecipeRegistry,
  cx: CheckContext,
): CheckedSource | null {
  const probes: ProbePoint[] = [];
  const fields: (readonly Field[] | null)[] = [];
  for (const probe of texts) {
    const read = readProbe(probe.text);
    if (!read.ok) {
      cx.out.error(probe.span, read.code, read.message, read.hint);
      continue;
    }
    if (probes.some((p) => probePointText(p) === probePointText(read.point))) {
      cx.out.error(probe.span, "probe", `"${probe.text}" is listed twice`);
      continue;
    }
    const found = registry.probeFields(read.point);
    if (typeof found === "string") {
      const similar = registry.similarProbes?.(read.point) ?? [];
      cx.out.error(probe.span, "unknown-probe", found, didYouMean(probePointText(read.point), similar));
      continue;
    }
    probes.push(read.point);
    fields.push(found);
  }
  if (probes.length < texts.length || probes.length === 0) return null;
  return {
    plan: { kind: "probes", probes, duration, includeSelf: source.includeSelf !== null },
    flow: probeFlow(texts.map((p) => p.text), probes, fields, registry),
  };
}

/** Builtins, and the arguments that all of the probes have with the same type. */
function probeFlow(
  texts: readonly string[],
  points: readonly ProbePoint[],
  fields: readonly (readonly Field[] | null)[],
  registry: RecipeRegistry,
): Flow {
  const many = texts.length > 1;
  const [first, ...others] = fields.map((f) => splitFields(f ?? []));
  const inAll = (f: Field, of: (s: SplitFields) => readonly Field[]): boolean =>
    others.every((o) => of(o).some((g) => g.name === f.name && g.type === f.type));
  const shown = new Set(["time", "pid", "comm", ...(many ? ["probe"] : [])]);
  const builtins = first.builtins.filter((f) => inAll(f, (o) => o.builtins)).map((f): FlowColumn => ({
    ...namedColumn(f.name, typeOfField(f), f.doc),
    shown: shown.has(f.name),
  }));
  const taken = new Set(builtins.map((b) => b.field));
  const args = first.args.filter((f) => inAll(f, (o) => o.args)).map((f): FlowColumn => ({
    field: `args.${f.name}`,
    t: typeOfField(f),
    aliases: taken.has(f.name) ? [] : [f.name],
    calls: [],
    shown: f.type !== "stack",
    output: taken.has(f.name) ? `args_${f.name}` : f.name,
    doc: f.doc,
  }));
  const unknown = texts.filter((_, i) => fields[i] === null);
  const unlike = first.args.length > args.length ? "\nOf several probes: those that all of them have" : "";
  return {
    of: many ? `${texts[0]} (and ${texts.length - 1} more)` : texts[0],
    kind: "rows",
    columns: [...builtins, ...args],
    oneRow: false,
    note: unknown.length > 0
      ? `The arguments of ${unknown.join(", ")} are not known here (neither BTF nor tracefs tells them)`
      : unlike.trim() || undefined,
    member: (name): Expr | undefined => {
      const full = name.startsWith("args.") || name.startsWith("task.") ? name : `args.${name}`;
      const found = points.map((p) => registry.probeField?.(p, full) ?? null);
      const [field] = found;
      if (!field || !found.every((f) => f?.type === field.type)) return undefined;
      return { op: "field", name: full, t: typeOfField(field) };
    },
  };
}

interface SplitFields {
  readonly builtins: readonly Field[];
  /** Named without `args.`. */
  readonly args: readonly Field[];
}

function splitFields(fields: readonly Field[]): SplitFields {
  const args = fields.filter((f) => f.name.startsWith("args.")).map((f) => ({
    ...f,
    name: f.name.slice("args.".length),
  }));
  const builtins = fields.filter((f) => !f.name.startsWith("args."));
  return { builtins: builtins.length > 0 ? builtins : BUILTINS, args };
}
