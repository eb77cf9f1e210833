import type { Frame, FrameKind, Profile } from "../data/mod.ts";

/** What was counted in one function. */
export interface FunctionTotal {
  /** Name for people: of a function that is not known, its module in brackets. */
  readonly function: string;
  /** As in the frame, a path. */
  readonly module: string;
  /** Where it ran. */
  readonly kind: FrameKind;
  /** Counted while it ran itself. */
  readonly self: number;
  /** Counted while it was anywhere on the stack, recursion once. */
  readonly total: number;
}

/** Whether nobody could say which function a frame is in. */
export function isUnknown(frame: Frame): boolean {
  return frame.function === "" || frame.function === "[unknown]";
}

/** Name of a frame for people: its function, else its module in brackets, else `[unknown]`. Not escaped. */
export function frameName(frame: Frame): string {
  if (!isUnknown(frame)) return frame.function;
  return frame.module === "" ? "[unknown]" : `[${baseName(frame.module).replace(/^\[|\]$/g, "")}]`;
}

/** Last part of a path; names such as `[vdso]` stay. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}

/** The value that a profile is drawn by, negative and missing ones taken as 0. */
export function stackValue(values: readonly number[], index: number): number {
  const v = values[index];
  return v > 0 ? v : 0;
}

/** Sum over all stacks of one sample type. */
export function profileTotal(profile: Profile, valueIndex = 0): number {
  return profile.stacks.reduce((sum, s) => sum + stackValue(s.values, valueIndex), 0);
}

/** Whether stacks belong to processes of different names: pictures part them on their first level then. */
export function severalComms(profile: Profile): boolean {
  const first = profile.stacks.find((s) => s.labels.comm !== undefined)?.labels.comm;
  return first !== undefined && profile.stacks.some((s) => s.labels.comm !== undefined && s.labels.comm !== first);
}

/** Functions by what was counted in them, highest self first. Equal functions of different modules are kept apart. */
export function functionTotals(profile: Profile, valueIndex = 0): FunctionTotal[] {
  const { ids, frames } = functionsOf(profile);
  const self = new Float64Array(frames.length);
  const total = new Float64Array(frames.length);
  const seenIn = new Int32Array(frames.length).fill(-1);
  profile.stacks.forEach((stack, s) => {
    const v = stackValue(stack.values, valueIndex);
    for (const frame of stack.frames) {
      const id = ids[frame];
      if (seenIn[id] === s) continue;
      seenIn[id] = s;
      total[id] += v;
    }
    const leaf = stack.frames[stack.frames.length - 1];
    if (leaf !== undefined) self[ids[leaf]] += v;
  });
  return frames
    .map((f, i) => ({ function: frameName(f), module: f.module, kind: f.kind, self: self[i], total: total[i] }))
    .sort((a, b) => b.self - a.self || b.total - a.total || (a.function < b.function ? -1 : 1));
}

/** Frames that differ in file or line only are one function. */
export function functionsOf(profile: Profile): { ids: Int32Array; frames: Frame[] } {
  const ids = new Int32Array(profile.frames.length);
  const index = new Map<string, number>();
  const frames: Frame[] = [];
  profile.frames.forEach((f, i) => {
    const key = `${f.kind}\0${f.module}\0${f.function}`;
    let id = index.get(key);
    if (id === undefined) {
      id = frames.length;
      index.set(key, id);
      frames.push(f);
    }
    ids[i] = id;
  });
  return { ids, frames };
}
