import type { Frame, FrameKind } from "../../data/mod.ts";
import { frameName, isUnknown } from "../profile_stats.ts";

/** How frames are coloured: by what kind of code they are, or by the module they are in. */
export type FlameColors = "kind" | "module";

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
  return KINDS[isUnknown(frame) ? "unknown" : frame.kind].letter + hueIndex(name, SHADES);
}
