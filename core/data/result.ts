import type { Histogram } from "./histogram.ts";
import type { Profile } from "./profile.ts";
import type { Quality } from "./quality.ts";
import type { Table } from "./table.ts";
import type { Unit } from "./units.ts";

/** Values of one thing over time. */
export interface SeriesLine {
  readonly name: string;
  /** Nanoseconds since the series' `startNs`, ascending. */
  readonly tNs: readonly number[];
  /** As long as `tNs`; NaN where nothing was measured. */
  readonly v: readonly number[];
}

/** Lines over one time axis. */
export interface Series {
  readonly kind: "series";
  readonly unit: Unit;
  /** Nanoseconds since 1970 (CLOCK_REALTIME) at which the axis starts. */
  readonly startNs: bigint;
  readonly points: readonly SeriesLine[];
  readonly quality: Quality;
}

/** A result in words. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
  readonly quality: Quality;
}

/** The five kinds of result. Renderers know these and nothing else. */
export type Result = Table | Histogram | Profile | Series | Text;

/** Results by name, as a tool or recipe answers them. */
export type Results = Readonly<Record<string, Result>>;
