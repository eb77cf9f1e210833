import {
  type Batch,
  columnFrom,
  type Field,
  field,
  mergeQuality,
  type Profile,
  type Quality,
  quality,
  type Result,
  type Series,
} from "../../core/data/mod.ts";

import { mergeProfiles } from "../../core/data/merge_profiles.ts";
import { ROUND_TIME } from "../endings.ts";
import { type RowStore, rowStore } from "./row_store.ts";

/** Most rows of one result over all rounds. */
const MAX_ROWS = 1_000_000;

/** The results of the rounds of `every`: each becomes one result over time. */
export interface Rounds {
  /** @param startNs when the round began, in nanoseconds since 1970 */
  add(name: string, result: Result, startNs: bigint): void;
  /** The results over all rounds so far: rows get a first column `round_time`; profiles are added up. */
  results(): Map<string, Result>;
}

interface Kept {
  readonly qualities: Quality[];
  readonly rows: RowStore | null;
  readonly lines: SeriesStore;
  /** What is no table and no series. */
  other: Result | null;
}

/** @param maxRows most rows of one result that are kept */
export function openRounds(maxRows: number = MAX_ROWS): Rounds {
  const all = new Map<string, Kept>();
  return {
    add(name, result, startNs): void {
      const kept = all.get(name) ?? {
        qualities: [],
        rows: storeFor(result, maxRows),
        lines: seriesStore(maxRows),
        other: null,
      };
      all.set(name, kept);
      // One quality for all rounds so far: a list of them would grow without end.
      kept.qualities.splice(0, 2, inSequence([...kept.qualities, result.quality]));
      if (result.kind === "table" && kept.rows) kept.rows.add(withTime(result, startNs));
      else if (result.kind === "series") kept.lines.add(result);
      else kept.other = kept.other ? together(kept.other, result) : result;
    },
    results(): Map<string, Result> {
      return new Map([...all].map(([name, kept]): [string, Result] => {
        const [q] = kept.qualities;
        const lost = kept.rows?.lost ?? kept.lines.lost;
        const whole = lost > 0 ? inSequence([q, quality({ lost_by: { row_limit: lost } })]) : q;
        if (kept.rows) return [name, { kind: "table", ...kept.rows.rows(), quality: whole }];
        return [name, { ...kept.other ?? kept.lines.result()!, quality: whole }];
      }));
    },
  };
}

function storeFor(result: Result, maxRows: number): RowStore | null {
  return result.kind === "table" ? rowStore([ROUND_FIELD, ...result.fields], maxRows) : null;
}

const ROUND_FIELD: Field = field(ROUND_TIME, "time", "When the round began");

function withTime(batch: Batch, startNs: bigint): Batch {
  const times = columnFrom(new Array<bigint>(batch.length).fill(startNs));
  return { length: batch.length, fields: [ROUND_FIELD, ...batch.fields], columns: [times, ...batch.columns] };
}

/** The quality of windows that followed one another: their lengths add up. */
function inSequence(parts: readonly Quality[]): Quality {
  if (parts.length === 1) return parts[0];
  const merged = mergeQuality(parts);
  const duration_ns = parts.reduce((n, q) => n + q.duration_ns, 0);
  const { cpu_ns, probe_ns } = merged.cost;
  const ratio = duration_ns > 0 ? (cpu_ns + probe_ns) / duration_ns : 0;
  return { ...merged, duration_ns, cost: { ...merged.cost, ratio } };
}

function together(a: Result, b: Result): Result {
  if (a.kind === "profile" && b.kind === "profile") return mergeProfiles([a, b] as Profile[]);
  return b;
}

/** The lines of all rounds; those of the same name go on. */
interface SeriesStore {
  /** Points that came after the store was full. */
  readonly lost: number;
  add(series: Series): void;
  /** Null before the first. */
  result(): Series | null;
}

/** @param limit most points kept */
function seriesStore(limit: number): SeriesStore {
  const lines = new Map<string, { readonly name: string; readonly tNs: number[]; readonly v: number[] }>();
  let first: Series | null = null;
  let points = 0, lost = 0;
  return {
    get lost(): number {
      return lost;
    },
    add(series): void {
      // Of a round without points nothing is known, not even when it began.
      if (first === null || points === 0) first = series;
      const offset = Number(series.startNs - first.startNs);
      for (const { name, tNs, v } of series.points) {
        const line = lines.get(name) ?? { name, tNs: [], v: [] };
        lines.set(name, line);
        const kept = Math.min(tNs.length, limit - points);
        for (let i = 0; i < kept; i++) {
          line.tNs.push(tNs[i] + offset);
          line.v.push(v[i]);
        }
        points += kept;
        lost += tNs.length - kept;
      }
    },
    result: () => first && { ...first, points: [...lines.values()] },
  };
}
