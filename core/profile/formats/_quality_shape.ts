import { type Quality, quality } from "../../data/mod.ts";
import { asArray, asNumber, asObject, asString } from "./_shape.ts";

/**
 * A Quality as JSON holds it; what is missing has nothing to complain about.
 *
 * @throws {FormatError} when a part is of another type
 */
export function asQuality(value: unknown, place: string): Quality {
  if (value === undefined) return quality();
  const q = asObject(value, place);
  const amount = (name: string, of = q): number | undefined =>
    of[name] === undefined ? undefined : asNumber(of[name], `${place}.${name}`);
  const by = (name: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(q[name] === undefined ? {} : asObject(q[name], `${place}.${name}`))
        .map(([why, n]) => [why, asNumber(n, `${place}.${name}.${why}`)]),
    );
  const unmatched = q.unmatched === undefined ? {} : asObject(q.unmatched, `${place}.unmatched`);
  const cost = q.cost === undefined ? {} : asObject(q.cost, `${place}.cost`);
  const over: { -readonly [K in keyof Quality]?: Quality[K] } = {
    lost_by: by("lost_by"),
    unwind_failures_by: by("unwind_failures_by"),
    estimated: q.estimated === true,
    unmatched: {
      starts: amount("starts", unmatched) ?? 0,
      ends: amount("ends", unmatched) ?? 0,
      replaced: amount("replaced", unmatched) ?? 0,
    },
    cost: {
      cpu_ns: amount("cpu_ns", cost) ?? 0,
      probe_ns: amount("probe_ns", cost) ?? 0,
      ratio: amount("ratio", cost) ?? 0,
      estimated: cost.estimated === true,
    },
    notes: q.notes === undefined ? [] : asArray(q.notes, `${place}.notes`).map((n) => asString(n, `${place}.notes`)),
  };
  for (const name of ["events", "lost", "truncated", "unwind_failures", "sampling", "duration_ns"] as const) {
    const n = amount(name);
    if (n !== undefined) over[name] = n;
  }
  return quality(over);
}
