import type { Frame, FrameKind, Profile } from "../../data/mod.ts";
import { frameName, isUnknown } from "../profile_stats.ts";

/**
 * How frames are coloured: by what kind of code they are, by the module they are in, as time spent waiting (by kind, or by
 * the label `reason` where stacks have it), or by their share of what is counted in functions themselves.
 */
export type FlameColors = "kind" | "module" | "offcpu" | "self";

/** Shades of each kind. */
export const SHADES = 10;

/** Letter of the style class, range of hues (degrees) and saturation (per cent) of each kind of frame. */
export const KINDS: Readonly<
  Record<FrameKind, { readonly letter: string; readonly hues: readonly [number, number]; readonly saturation: number }>
> = {
  user: { letter: "u", hues: [8, 48], saturation: 88 },
  kernel: { letter: "k", hues: [206, 236], saturation: 68 },
  interpreted: { letter: "i", hues: [92, 142], saturation: 48 },
  inlined: { letter: "n", hues: [170, 190], saturation: 55 },
  gpu: { letter: "g", hues: [272, 312], saturation: 55 },
  unknown: { letter: "x", hues: [30, 50], saturation: 9 },
};

/** The kinds in the order of legends. */
export const KIND_ORDER: readonly FrameKind[] = Object.keys(KINDS) as FrameKind[];

/** The same for time spent waiting: cold, so that nobody takes it for time on a CPU. */
export const WAITING_KINDS: typeof KINDS = {
  user: { letter: "wu", hues: [196, 222], saturation: 62 },
  kernel: { letter: "wk", hues: [146, 172], saturation: 40 },
  interpreted: { letter: "wi", hues: [178, 192], saturation: 50 },
  inlined: { letter: "wn", hues: [226, 242], saturation: 48 },
  gpu: { letter: "wg", hues: [256, 276], saturation: 42 },
  unknown: { letter: "x", hues: [30, 50], saturation: 9 },
};

/** Hue (degrees) of each reason to wait; all cold. What is not here gets one between 160 and 270 by its name. */
export const REASON_HUES: Readonly<Record<string, number>> = {
  sleep: 208,
  interruptible: 208,
  uninterruptible: 270,
  disk: 270,
  io: 270,
  lock: 238,
  futex: 238,
  pipe: 184,
  poll: 196,
  network: 162,
  runnable: 132,
  preempted: 132,
  stopped: 222,
};

/** The colours that suit a profile: those of waiting where its sample type says so. */
export function suitingColors(profile: Profile, valueIndex = 0): FlameColors {
  return /^(off|wait|block|sleep|delay|idle)/i.test(profile.sampleTypes[valueIndex]?.name ?? "") ? "offcpu" : "kind";
}

/** A number in [0, n) that depends on the name alone (FNV-1a), so that a function looks the same in every graph. */
export function hueIndex(name: string, n: number): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  // The low bits of FNV alone are poorly mixed for short names.
  h ^= h >>> 15;
  return (h >>> 0) % n;
}

/** Style class of a frame: a letter for its kind and a shade. */
export function frameClass(frame: Frame | null, colors: FlameColors): string {
  if (frame === null) return "x0";
  const name = colors === "module" ? frame.module : frameName(frame);
  const set = colors === "offcpu" ? WAITING_KINDS : KINDS;
  return set[isUnknown(frame) ? "unknown" : frame.kind].letter + hueIndex(name, SHADES);
}
