import type { Profile } from "../../data/mod.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import type { Comparison } from "./comparison.ts";

/** What was compared, and by what: `Shares of all: before 615 samples, after 678 samples`. */
export function comparedText(comparison: Comparison, profiles: readonly [Profile, Profile], lang: Lang): string {
  const { by, type, total } = comparison;
  const amount = (v: number): string =>
    type.unit === "count" ? `${formatNumber(v)} ${type.name}` : formatByUnit(v, type.unit);
  const windows = profiles.map((p) => formatByUnit(p.quality.duration_ns, "ns"));
  return message(lang, by === "time" && type.unit !== "ns" ? "diff.by_rate" : `diff.by_${by}`, {
    before: amount(total[0]),
    after: amount(total[1]),
    before_window: windows[0],
    after_window: windows[1],
  });
}
