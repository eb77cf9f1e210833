import { field, type Quality, type Table, tableFromRows } from "../../data/mod.ts";
import type { CountedEvent } from "./resolve_events.ts";

/** One event with what was counted of it. */
export interface Counted {
  readonly event: CountedEvent;
  /** Events of one number counted at the same times. */
  readonly group: number;
  /** Scaled to the whole window; null when not known. */
  readonly count: bigint | null;
  /** Part of the time that it had a counter, 0–1; null when it was never opened. */
  readonly running: number | null;
  readonly state: "counted" | "not_counted" | "not_supported" | "not_permitted" | "no_room";
  readonly reason: string;
}

/** Fields of the table of counters. */
export const COUNTER_FIELDS = [
  field("event", "string", "As asked for"),
  field(
    "value",
    "float",
    "Count, scaled to the whole window where the event had no counter all the time; null: not known",
  ),
  field("unit", "string", "count, ns, or what the event's source says"),
  field("per_second", "float", "Value by the window's seconds"),
  field("running", "ratio", "Part of the time that the event had a counter; below 1 the value is scaled"),
  field("state", "string", "counted, not_counted (no counter was free), not_supported, not_permitted, no_room"),
  field("reason", "string", "Why it is not counted, or what is left out"),
];

/** The table of what was counted, in the order asked for. */
export function countersTable(counted: readonly Counted[], durationNs: number, quality: Quality): Table {
  const rows = counted.map((c) => {
    const value = c.count === null ? null : Number(c.count) * c.event.scale;
    const perSecond = value === null || durationNs <= 0 ? null : value / (durationNs / 1e9);
    return [c.event.label, value, c.event.unit, perSecond, c.running, c.state, c.reason];
  });
  return tableFromRows(COUNTER_FIELDS, rows, quality);
}
