import type { Expr } from "../../core/query/mod.ts";
import { mapFields, mapOutput, type Prepared } from "./prepare.ts";

/** Fields of a call that are known when it returns, by what the end of a pair calls them. */
const AT_RETURN: Readonly<Record<string, string>> = {
  ret: "end.args.ret",
  errno: "end.errno",
  result: "end.result",
  error: "end.error",
};

/** What the result points to is read when it is there. */
const RETURNED = "args.ret.";

/** Turns the fields of `calls` into those of a pair: all but the result and the duration are taken at the entry. */
export function callFields({ filters, output }: Prepared): Prepared {
  const change = (e: Expr): Expr =>
    mapFields(
      e,
      (field) => field.name === "duration" ? field : { ...field, name: nameInPair(field.name) },
    );
  return { filters: filters.map(change), output: mapOutput(output, change) };
}

function nameInPair(name: string): string {
  // What is taken at the return although the entry has it as well: a stack that only some calls are asked for.
  if (name.startsWith("end.")) return name;
  return AT_RETURN[name] ?? (name.startsWith(RETURNED) ? `end.${name}` : `start.${name}`);
}
