import type { Frame, Profile } from "../../data/mod.ts";
import { functionsOf, isUnknown, severalComms } from "../profile_stats.ts";
import { type StackTree, stackTree } from "./stack_tree.ts";

/** Stacks of profiles in one tree. */
export interface MergedStacks {
  readonly tree: StackTree;
  /** What `tree.frame` counts: distinct functions, and {@linkcode groupFrame}s. */
  readonly frames: readonly Frame[];
  /** By profile: the node on which each of its stacks ends. */
  readonly leafOf: readonly Uint32Array[];
  /** The place of a frame in `frames`, where it is put if it is not there. */
  readonly indexOf: (frame: Frame) => number;
}

/** How stacks are merged. */
export interface MergeOptions {
  /** A label whose values become the first level; false for none. Default `comm` when there are several. */
  readonly groupBy?: string | false;
  /** Levels kept; deeper frames count as self of the last one. */
  readonly maxDepth: number;
}

/** What stands on the first level for the stacks with a label. No frame of a profile has a line below 0. */
export function groupFrame(label: string): Frame {
  return { function: label, module: "", file: "", line: -2, kind: "unknown" };
}

/**
 * Merges stacks from their roots by function, module and kind; file and line do not part frames. Frames of one module
 * that follow each other and of which nobody knows the function are one.
 */
export function mergeStacks(profiles: readonly Profile[], options: MergeOptions): MergedStacks {
  const groupBy = options.groupBy ?? (profiles.some(severalComms) ? "comm" : false);
  const index = new Map<string, number>();
  const frames: Frame[] = [];
  const indexOf = (frame: Frame): number => {
    const key = `${frame.kind}\0${frame.line < 0 ? frame.line : ""}\0${frame.module}\0${frame.function}`;
    let i = index.get(key);
    if (i === undefined) index.set(key, i = frames.push(frame) - 1);
    return i;
  };
  const builder = stackTree();
  const leafOf = profiles.map((profile) => {
    const { ids, frames: functions } = functionsOf(profile);
    const place = Int32Array.from(functions, indexOf);
    const unknown = Uint8Array.from(functions, (f) => isUnknown(f) ? 1 : 0);
    const leaves = new Uint32Array(profile.stacks.length);
    // Stacks that follow each other mostly begin alike: where the last one went is known.
    let before: readonly number[] = [];
    let beforeStart = -1;
    const nodes: number[] = [];
    profile.stacks.forEach((stack, s) => {
      const label = groupBy === false ? undefined : stack.labels[groupBy];
      const start = label === undefined ? 0 : builder.child(0, indexOf(groupFrame(label)));
      const path = stack.frames;
      const depth = Math.min(path.length, options.maxDepth);
      let i = 0;
      if (start === beforeStart) {
        const most = Math.min(depth, before.length);
        while (i < most && path[i] === before[i]) i++;
      }
      let node = i > 0 ? nodes[i - 1] : start;
      let last = i > 0 ? ids[path[i - 1]] : -1;
      for (; i < depth; i++) {
        const id = ids[path[i]];
        if (id !== last || unknown[id] === 0) node = builder.child(node, place[id]);
        last = id;
        nodes[i] = node;
      }
      leaves[s] = node;
      before = depth < path.length ? path.slice(0, depth) : path;
      beforeStart = start;
    });
    return leaves;
  });
  return { tree: builder.tree(), frames, leafOf, indexOf };
}
