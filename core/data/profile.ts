import type { Quality } from "./quality.ts";
import type { Unit } from "./units.ts";

/** Where a frame ran. */
export type FrameKind = "user" | "kernel" | "inlined" | "interpreted" | "gpu" | "unknown";

/** One frame of a stack. Empty strings and line 0 mean "not known". */
export interface Frame {
  readonly function: string;
  /** File name or path of the object that holds the code; `[kernel.kallsyms]`, `[vdso]`, … */
  readonly module: string;
  readonly file: string;
  readonly line: number;
  readonly kind: FrameKind;
}

/** What one value of a stack counts. */
export interface SampleType {
  readonly name: string;
  readonly unit: Unit;
}

/** One distinct stack with what was counted on it. */
export interface ProfileStack {
  /** Indexes into `Profile.frames`, root first. */
  readonly frames: readonly number[];
  /** In the order of `Profile.sampleTypes`. */
  readonly values: readonly number[];
  /** `pid`, `comm`, `thread`, `cpu`, … */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * When samples were taken, where that is known and was asked for: one entry a sample, in the order of time. It lets
 * pictures show a profile over time; values and stacks are those of the profile, which is complete without it.
 */
export interface Timeline {
  /** Unix time of `timeNs` 0 in nanoseconds; null when the clock is not known. */
  readonly startNs: bigint | null;
  /** Nanoseconds since the start, ascending. */
  readonly timeNs: Float64Array;
  /** Index into `Profile.stacks`. */
  readonly stack: Uint32Array;
  /** What the sample counts of the first sample type. */
  readonly value: Float64Array;
}

/** One model for CPU samples, off-CPU time, GPU kernels and heap bytes. */
export interface Profile {
  readonly kind: "profile";
  readonly sampleTypes: readonly SampleType[];
  readonly frames: readonly Frame[];
  readonly stacks: readonly ProfileStack[];
  readonly timeline?: Timeline;
  readonly quality: Quality;
}
