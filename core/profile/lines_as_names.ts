import type { Frame, Profile } from "../data/mod.ts";

/**
 * The profile with the place of each frame in its name, `function file:line`: for pictures, text and folded stacks, which
 * tell frames apart by name alone. Frames without a line stay as they are.
 */
export function linesAsNames(profile: Profile): Profile {
  return { ...profile, frames: profile.frames.map(named) };
}

function named(frame: Frame): Frame {
  if (frame.file === "" || frame.line <= 0) return frame;
  const place = `${frame.file.slice(frame.file.lastIndexOf("/") + 1)}:${frame.line}`;
  // Functions without a name are called by their place already.
  if (frame.function.endsWith(place)) return frame;
  return { ...frame, function: `${frame.function} ${place}`, file: "", line: 0 };
}
