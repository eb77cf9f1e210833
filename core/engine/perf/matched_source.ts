import type { Batch, Field } from "../../data/mod.ts";
import { createPairs, type Pairs, SIDE } from "./pairs.ts";
import type { EventUse } from "./perf_events.ts";
import type { PerfPlan, RolePlan } from "./plan.ts";
import { createRows, type Rows } from "./rows.ts";
import type { SampleContext } from "./sample_reader.ts";

/** What a plan's samples become: events as they are, or pairs of them. */
export interface MatchedSource {
  readonly fields: readonly Field[];
  /** Events that wait for {@linkcode MatchedSource.take}. */
  readonly length: number;
  /** Null for plain events. */
  readonly pairs: Pairs | null;
  add(use: EventUse, words: Uint32Array, at: number, raw: number): void;
  /** Says that events were lost here. */
  gap(): void;
  /** The rows that came since the last call. */
  take(): Batch;
}

/** Samples are to come in the order of time. */
export function matchedSource({ source }: PerfPlan, cx: SampleContext): MatchedSource {
  if (source.kind === "event") {
    const rows = createRows(source.events, false, cx);
    return {
      fields: rows.fields,
      get length() {
        return rows.length;
      },
      pairs: null,
      add: (use, words, at, raw) => rows.add(use.probe, words, at, raw),
      gap: () => {},
      take: () => rows.take(),
    };
  }
  const rowsOf = (role: RolePlan): Rows => createRows(role, role === source.start || role === source.end, cx);
  const sides: Rows[] = [];
  sides[SIDE.START] = rowsOf(source.start);
  sides[SIDE.END] = rowsOf(source.end);
  sides[SIDE.CANCEL] = rowsOf(source.cancel);
  sides[SIDE.MARK] = rowsOf(source.mark);
  const pairs = createPairs(
    {
      start: { fields: sides[SIDE.START].fields, key: source.start.key },
      end: { fields: sides[SIDE.END].fields, key: source.end.key },
      cancel: { fields: sides[SIDE.CANCEL].fields, key: source.cancel.key },
      mark: { fields: sides[SIDE.MARK].fields, key: source.mark.key },
    },
    source.joined,
    source.maxInFlight,
    source.nested,
  );
  let order = new Uint8Array(1024);
  let n = 0;
  const push = (side: number): void => {
    if (n === order.length) {
      const more = new Uint8Array(n * 2);
      more.set(order);
      order = more;
    }
    order[n++] = side;
  };
  return {
    fields: pairs.fields,
    get length() {
      return n;
    },
    pairs,
    add({ side, probe }, words, at, raw): void {
      push(side);
      sides[side].add(probe, words, at, raw);
    },
    gap: () => push(SIDE.GAP),
    take(): Batch {
      const came = order.subarray(0, n);
      n = 0;
      return pairs.match(sides.map((rows) => rows.take()), came);
    },
  };
}
