import type { Frame, Profile } from "../../data/mod.ts";
import { mergeStacks } from "./merge_stacks.ts";

/** The call tree of a picture, in columns over its nodes; node 0 is the root, and a caller comes before its callees. */
export interface FlameTree {
  readonly parent: Int32Array;
  /** Index into `frames`; −1 for the root. */
  readonly frame: Int32Array;
  readonly frames: readonly Frame[];
  readonly total: Float64Array;
  readonly self: Float64Array;
  /** By profile: the node on which each of its stacks ends. */
  readonly leafOf: readonly Uint32Array[];
}

/** How a {@linkcode FlameTree} is built. */
export interface FlameTreeOptions {
  readonly groupBy?: string | false;
  /** Default 512. */
  readonly maxDepth?: number;
}

/**
 * The call tree of one profile, or of several that are drawn in one picture.
 *
 * @param weights by profile, what each of its stacks weighs, 0 or more
 */
export function flameTree(
  profiles: readonly Profile[],
  weights: readonly Float64Array[],
  options: FlameTreeOptions = {},
): FlameTree {
  const { tree, frames, leafOf } = mergeStacks(profiles, {
    groupBy: options.groupBy,
    maxDepth: options.maxDepth ?? 512,
  });
  const self = new Float64Array(tree.count);
  leafOf.forEach((leaves, p) => leaves.forEach((leaf, s) => self[leaf] += weights[p][s]));
  const total = sumUp(tree.parent, self);
  return { parent: tree.parent, frame: tree.frame, frames, total, self, leafOf };
}

/** Of values of nodes themselves, the sums over their subtrees. */
export function sumUp(parent: Int32Array, self: Float64Array): Float64Array {
  const total = self.slice();
  for (let i = parent.length - 1; i > 0; i--) total[parent[i]] += total[i];
  return total;
}
