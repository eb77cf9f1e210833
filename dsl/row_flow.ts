import type { Field } from "../core/data/mod.ts";
import { type Flow, type FlowColumn, namedColumn } from "./flow.ts";
import type { Resolved } from "./resolve_points.ts";
import { typeOfField } from "./scope.ts";
import { commonFields, memberFields } from "./source_fields.ts";

/** Fields of calls that are neither builtins nor arguments. They stand behind the arguments. */
const OUTCOME: readonly string[] = ["ret", "errno", "duration"];

/**
 * What flows from probes or calls: builtins, and the arguments that all of them have with the same type. A bare name is
 * an argument where no builtin has it.
 *
 * @param noun what there are several of, for messages
 */
export function rowFlow<T>(
  found: Resolved<T>,
  ask: ((point: T, name: string) => Field | null | string) | undefined,
  noun: "probes" | "calls",
): Flow {
  const { texts, points, unknown } = found;
  const common = commonFields(found.fields);
  const shown = new Set(["time", "pid", "comm", ...OUTCOME, ...(points.length > 1 ? ["probe"] : [])]);
  const builtin = (f: Field): FlowColumn => ({
    ...namedColumn(f.name, typeOfField(f), f.doc),
    shown: shown.has(f.name),
  });
  const isOutcome = (f: Field): boolean => noun === "calls" && OUTCOME.includes(f.name);
  const taken = new Set(common.builtins.map((b) => b.name));
  const args = common.args.map((f): FlowColumn => ({
    field: `args.${f.name}`,
    t: typeOfField(f),
    aliases: taken.has(f.name) ? [] : [bareName(f.name)],
    calls: [],
    shown: f.type !== "stack",
    output: taken.has(f.name) ? `args_${f.name}` : bareName(f.name),
    doc: f.doc,
  }));
  const members = memberFields(points, ask);
  return {
    of: texts.length > 1 ? `${texts[0]} (and ${texts.length - 1} more)` : texts[0],
    kind: "rows",
    columns: [
      ...common.builtins.filter((f) => !isOutcome(f)).map(builtin),
      ...args,
      ...common.builtins.filter(isOutcome).map(builtin),
    ],
    oneRow: false,
    note: argumentsNote(unknown, common.unlike, noun) ?? found.notes[0],
    member: (name) => {
      const f = members.find(name);
      return f && { op: "field", name: f.name, t: typeOfField(f) };
    },
    refuse: members.why,
    atSource: true,
  };
}

/** What an argument is called without `args.`: one that has only a number is `arg0`. */
export function bareName(argument: string): string {
  return /^\d+$/.test(argument) ? `arg${argument}` : argument;
}

/** What there is to say of arguments that cannot be used. */
export function argumentsNote(unknown: readonly string[], unlike: boolean, noun: string): string | undefined {
  if (unknown.length > 0) {
    return `The arguments of ${unknown.join(", ")} are not known here (neither BTF nor tracefs tells them)`;
  }
  return unlike ? `Of several ${noun}: those that all of them have` : undefined;
}
