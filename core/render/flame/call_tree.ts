import type { Frame, Profile } from "../../data/mod.ts";
import { functionsOf, isUnknown, severalComms, stackValue } from "../profile_stats.ts";

/** A function on the path from the root, with what was counted below it. */
export interface CallNode {
  /** `null` for the root that holds all stacks. */
  readonly frame: Frame | null;
  total: number;
  self: number;
  readonly children: Map<number, CallNode>;
}

/** How a call tree is built. */
export interface CallTreeOptions {
  /** Which of the profile's sample types. Default 0. */
  readonly valueIndex?: number;
  /** A label whose values become the first level; false for none. Default `comm` when there are several. */
  readonly groupBy?: string | false;
  /** Levels kept; deeper frames count as self of the last one. Default 512. */
  readonly maxDepth?: number;
}

/**
 * Merges the stacks of a profile into a tree by function, module and kind; file and line do not part frames. Frames of
 * one module that follow each other and of which nobody knows the function are one.
 */
export function callTree(profile: Profile, options: CallTreeOptions = {}): CallNode {
  const { ids, frames } = functionsOf(profile);
  const maxDepth = options.maxDepth ?? 512;
  const root: CallNode = { frame: null, total: 0, self: 0, children: new Map() };
  const groupBy = options.groupBy ?? (severalComms(profile) ? "comm" : false);
  const groups = new Map<string, number>();
  for (const stack of profile.stacks) {
    const v = stackValue(stack.values, options.valueIndex ?? 0);
    if (v === 0) continue;
    let node = root;
    node.total += v;
    const label = groupBy === false ? undefined : stack.labels[groupBy];
    if (label !== undefined) {
      // Negative keys: they share the map with indexes of frames.
      const group = groups.get(label) ?? -1 - groups.size;
      groups.set(label, group);
      node = child(node, group, { function: label, module: "", file: "", line: 0, kind: "unknown" });
      node.total += v;
    }
    const depth = Math.min(stack.frames.length, maxDepth);
    for (let i = 0; i < depth; i++) {
      const id = ids[stack.frames[i]];
      if (node.frame === frames[id] && isUnknown(frames[id])) continue;
      node = child(node, id, frames[id]);
      node.total += v;
    }
    node.self += v;
  }
  return root;
}

function child(node: CallNode, key: number, frame: Frame): CallNode {
  let next = node.children.get(key);
  if (next === undefined) {
    next = { frame, total: 0, self: 0, children: new Map() };
    node.children.set(key, next);
  }
  return next;
}
