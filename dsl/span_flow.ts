import type { ProbePoint } from "../core/query/mod.ts";
import type { Field } from "../core/data/mod.ts";
import type { ProbeText } from "./ast.ts";
import { type Flow, type FlowColumn, namedColumn } from "./flow.ts";
import type { RecipeRegistry } from "./registry.ts";
import type { Resolved } from "./resolve_points.ts";
import { argumentsNote, bareName } from "./row_flow.ts";
import { typeOfField } from "./scope.ts";
import { type CommonFields, commonFields, type MemberFields, memberFields } from "./source_fields.ts";

/** One side of a span: its probes and what they have in common. */
export interface SpanSide {
  readonly texts: readonly ProbeText[];
  readonly found: Resolved<ProbePoint>;
  readonly common: CommonFields;
  readonly members: MemberFields;
}

/** What is known of the probes of one side. */
export function spanSide(
  texts: readonly ProbeText[],
  found: Resolved<ProbePoint>,
  registry: RecipeRegistry,
): SpanSide {
  const members = memberFields(found.points, registry.probeField?.bind(registry));
  return { texts, found, common: commonFields(found.fields), members };
}

/** The type of a field of a side by its bare name (`pid`, `args.next_pid`), or undefined. */
export function sideField(side: SpanSide, name: string): Field | undefined {
  const { builtins, args } = side.common;
  const arg = name.startsWith("args.") ? name.slice("args.".length) : null;
  return (arg === null ? builtins.find((f) => f.name === name) : args.find((f) => f.name === arg)) ??
    (name.includes(".") ? side.members.find(name) : undefined);
}

/** What flows from a span: `start.*`, `end.*` and `duration`. */
export function spanFlow(start: SpanSide, end: SpanSide): Flow {
  const shown = ["start.time", "start.pid", "start.comm"];
  if (start.found.points.length > 1) shown.push("start.probe");
  if (end.found.points.length > 1) shown.push("end.probe");
  const duration = namedColumn("duration", { type: "duration", unit: "ns" }, "From the start to the end");
  const columns = [
    ...builtinColumns("start", start, shown),
    duration,
    ...argColumns("start", start, true),
    ...builtinColumns("end", end, shown),
    ...argColumns("end", end, false),
  ];
  const fields = new Set(columns.map((c) => c.field));
  const sideOf = (name: string): [SpanSide, string] | null => {
    const at = name.indexOf(".");
    const prefix = name.slice(0, at);
    if (prefix !== "start" && prefix !== "end") return null;
    return [prefix === "start" ? start : end, name.slice(at + 1)];
  };
  return {
    of: "The span",
    kind: "rows",
    columns,
    oneRow: false,
    note: argumentsNote(
      [...start.found.unknown, ...end.found.unknown],
      start.common.unlike || end.common.unlike,
      "starts or ends",
    ),
    member: (name) => {
      const [side, rest] = sideOf(name) ?? [];
      const f = side?.members.find(rest!);
      return f && { op: "field", name: `${side === start ? "start" : "end"}.${f.name}`, t: typeOfField(f) };
    },
    atSource: true,
    refuse: (name) => {
      const bare = ["start.", "end."].flatMap((side) =>
        [`${side}${name}`, `${side}args.${name}`].find((f) => fields.has(f)) ?? []
      );
      if (bare.length > 0) {
        return {
          message: `"${name}" of a span is that of its start or of its end`,
          hint: `Write ${bare.join(" or ")}`,
        };
      }
      const [side, rest] = sideOf(name) ?? [];
      return side && rest ? side.members.why(rest) : undefined;
    },
  };
}

function builtinColumns(prefix: string, side: SpanSide, shown: readonly string[]): FlowColumn[] {
  return side.common.builtins.map((f) => {
    const name = `${prefix}.${f.name}`;
    return { ...namedColumn(name, typeOfField(f), f.doc), shown: shown.includes(name), output: `${prefix}_${f.name}` };
  });
}

function argColumns(prefix: string, side: SpanSide, shown: boolean): FlowColumn[] {
  const taken = new Set(side.common.builtins.map((f) => f.name));
  return side.common.args.map((f) => ({
    field: `${prefix}.args.${f.name}`,
    t: typeOfField(f),
    aliases: taken.has(f.name) ? [] : [`${prefix}.${bareName(f.name)}`],
    calls: [],
    shown: shown && f.type !== "stack",
    output: taken.has(f.name) ? `${prefix}_args_${f.name}` : `${prefix}_${bareName(f.name)}`,
    doc: f.doc,
  }));
}
