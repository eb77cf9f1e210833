import type { Profile, SampleType } from "../../data/mod.ts";

/**
 * By what two profiles are compared: shares of their totals; amounts by the length of their windows (of time: parts of one
 * CPU, of all else a second); or amounts as they are.
 */
export type CompareBy = "share" | "time" | "count";

/** How two profiles are compared. */
export interface Comparison {
  readonly by: CompareBy;
  /** Of the values. */
  readonly type: SampleType;
  /** Index of the sample type in each profile. */
  readonly index: readonly [number, number];
  /** By what values are multiplied before they are compared. */
  readonly scale: readonly [number, number];
  /** Sum of the values of each profile. */
  readonly total: readonly [number, number];
  /** Samples of each profile; null when one does not tell them, and then nothing can be said of chance. */
  readonly events: readonly [number, number] | null;
}

/**
 * Chooses how two profiles are compared. Unless asked otherwise: by time, when both tell how long they measured and
 * share a sample type of time, whatever their frequencies; else by shares.
 *
 * @param typeIndex which of the sample types they have in common, in the order of `after`; default: the first, by time the
 *   first one of time
 * @returns null when they have no sample type in common, or by time was asked for and a window is not known
 */
export function compareProfiles(
  before: Profile,
  after: Profile,
  asked?: CompareBy,
  typeIndex?: number,
): Comparison | null {
  const common = after.sampleTypes.flatMap((type, i) => {
    const b = before.sampleTypes.findIndex((t) => t.name === type.name && t.unit === type.unit);
    return b < 0 ? [] : [{ type, index: [b, i] as const }];
  });
  const timed = before.quality.duration_ns > 0 && after.quality.duration_ns > 0;
  const ofTime = common.find((c) => c.type.unit === "ns");
  const chosen = typeIndex !== undefined
    ? common[typeIndex]
    : (asked === undefined || asked === "time") && timed
    ? ofTime ?? common[0]
    : common[0];
  if (chosen === undefined || asked === "time" && !timed) return null;
  const by = asked ?? (timed && chosen.type.unit === "ns" ? "time" : "share");
  const total = [sum(before, chosen.index[0]), sum(after, chosen.index[1])] as const;
  return {
    by,
    ...chosen,
    total,
    scale: by === "share"
      ? [inverse(total[0]), inverse(total[1])]
      : by === "time"
      ? [perSecond(before, chosen.type), perSecond(after, chosen.type)]
      : [1, 1],
    events: samplesOf(before, after),
  };
}

/** Whether what is compared are parts: of all, or of one CPU. */
export function isRatio({ by, type }: Comparison): boolean {
  return by === "share" || by === "time" && type.unit === "ns";
}

function samplesOf(before: Profile, after: Profile): readonly [number, number] | null {
  const [b, a] = [before, after].map((p) => {
    const at = p.sampleTypes.findIndex((t) => t.unit === "count" && /^samples?$/.test(t.name));
    return at < 0 ? 0 : sum(p, at);
  });
  return b > 0 && a > 0 ? [b, a] : null;
}

function sum(profile: Profile, index: number): number {
  return profile.stacks.reduce((s, stack) => s + Math.max(0, stack.values[index] ?? 0), 0);
}

/** Of time, how much of one CPU (or waiting thread); of all else, how much a second. */
function perSecond({ quality }: Profile, type: SampleType): number {
  return (type.unit === "ns" ? 1 : 1e9) / quality.duration_ns;
}

function inverse(v: number): number {
  return v > 0 ? 1 / v : 0;
}
