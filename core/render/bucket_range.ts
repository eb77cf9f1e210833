import type { Bucket, Unit } from "../data/mod.ts";
import { formatByUnit } from "./format_value.ts";

type Range = Pick<Bucket, "min" | "max">;

/** The range of a bucket that reaches to an infinity: `< 0 s`, `≥ 10 ms`; null for any other. */
export function openRange(b: Range, unit: Unit): string | null {
  if (b.min === -Infinity) return `< ${formatByUnit(b.max, unit)}`;
  return b.max === Infinity ? `≥ ${formatByUnit(b.min, unit)}` : null;
}

/** The range of a bucket: `1 ms – 2 ms`. */
export function bucketRange(b: Range, unit: Unit): string {
  return openRange(b, unit) ?? `${formatByUnit(b.min, unit)} – ${formatByUnit(b.max, unit)}`;
}
