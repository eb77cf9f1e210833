import type { Plan } from "./codegen/plan.ts";

/** Bigints and maps have no form in JSON: they are objects with one key that nothing else has. */
const BIG = "$int";
const MAP = "$map";

/** A plan as text, to be kept. */
export function planToJson(plan: Plan): string {
  return JSON.stringify(plan, (_, value) => {
    if (typeof value === "bigint") return { [BIG]: String(value) };
    return value instanceof Map ? { [MAP]: [...value] } : value;
  });
}

/** The plan of a text that {@linkcode planToJson} made. @throws {SyntaxError} when it is none */
export function planFromJson(text: string): Plan {
  return JSON.parse(text, (_, value) => {
    if (typeof value !== "object" || value === null) return value;
    if (BIG in value) return BigInt(value[BIG]);
    return MAP in value ? new Map(value[MAP]) : value;
  });
}
