import type { EvidenceItem } from "../../data/mod.ts";

/** Where a piece of evidence stands. */
export interface Target {
  /** Id of the element in the page; ours, never from the machine. */
  readonly id: string;
  readonly call: string;
  /** Name of the result, or "". */
  readonly result: string;
  /** Steps of the JSON Pointer below the result. */
  readonly steps: readonly string[];
}

/** Targets of all evidence, to be asked while the tables are written. */
export interface Anchors {
  /** Where the value of an evidence item stands. */
  of(item: EvidenceItem): Target;
  /** Link to an evidence item: to its claim where that is listed, else straight to its value; undefined for an unknown id. */
  link(id: string): string | undefined;
  /** Id for the element of a call, a result (no steps) or a part of one that evidence points at; undefined when none does. */
  at(call: string, result: string, ...steps: readonly (string | number)[]): string | undefined;
  /** Ids of all places in a result that evidence points at. */
  ids(call: string, result: string): readonly string[];
  /** Ids of places in a call that are in none of these results. */
  missing(call: string, results: readonly string[]): readonly string[];
  /** Indexes below `rows` of a result that evidence points at. */
  rows(call: string, result: string): ReadonlySet<number>;
}

/**
 * Ids for every place that evidence points at. Two items with one place share its id.
 *
 * @param claimed ids of the items that are listed as claims
 * @param calls ids of the calls that the page holds
 */
export function anchorsOf(
  items: readonly EvidenceItem[],
  claimed: ReadonlySet<string>,
  calls: ReadonlySet<string>,
): Anchors {
  const byPlace = new Map<string, string>();
  const rows = new Map<string, Set<number>>();
  const key = (...parts: readonly unknown[]): string => JSON.stringify(parts.map(String));
  const targets = new Map<string, Target>();
  for (const item of items) {
    const [top, result = "", ...steps] = pointerSteps(item.path);
    const inResult = top === "results";
    const place = inResult ? key(item.call, result, ...steps) : key(item.call);
    const id = byPlace.get(place) ?? `value-${byPlace.size + 1}`;
    byPlace.set(place, id);
    targets.set(item.id, { id, call: item.call, result: inResult ? result : "", steps: inResult ? steps : [] });
    if (inResult && steps[0] === "rows") {
      const k = key(item.call, result);
      rows.set(k, (rows.get(k) ?? new Set()).add(Number(steps[1])));
    }
  }
  const where = (is: (target: Target) => boolean): string[] => [
    ...new Set([...targets.values()].filter(is).map((t) => t.id)),
  ];
  return {
    of: (item) => targets.get(item.id)!,
    link: (id) => {
      const target = targets.get(id);
      if (target === undefined) return undefined;
      if (claimed.has(id)) return `#${id}`;
      return calls.has(target.call) ? `#${target.id}` : undefined;
    },
    at: (call, result, ...steps) => byPlace.get(key(call, result, ...steps)),
    ids: (call, result) => where((t) => t.call === call && t.result === result),
    missing: (call, results) => where((t) => t.call === call && !results.includes(t.result)),
    rows: (call, result) => rows.get(key(call, result)) ?? new Set(),
  };
}

/** Steps of an RFC 6901 pointer: `/a/b~1c` is `a`, `b/c`. */
export function pointerSteps(pointer: string): string[] {
  return pointer.split("/").slice(1).map((s) => s.replaceAll("~1", "/").replaceAll("~0", "~"));
}
