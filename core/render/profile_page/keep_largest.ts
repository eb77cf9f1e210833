import type { StackTree } from "../flame/stack_tree.ts";

/** A tree of the largest nodes of another. */
export interface Kept {
  readonly parent: Int32Array;
  readonly frame: Int32Array;
  /** Where each node of the other tree went. */
  readonly nodeOf: Uint32Array;
  readonly dropped: number;
}

/**
 * Leaves out the smallest nodes so that about `most` remain. What was counted in them goes to a child of their nearest
 * caller that stays, named `leftOut()`, so that no function's self time grows by what it called.
 *
 * @param stacks on which node each stack of a profile ends, and how much it weighs
 */
export function keepLargest(
  tree: StackTree,
  stacks: readonly { readonly node: Uint32Array; readonly weight: Float64Array }[],
  most: number,
  leftOut: () => number,
): Kept {
  const { count, parent, frame } = tree;
  if (count <= most) {
    return { parent, frame, nodeOf: Uint32Array.from({ length: count }, (_, i) => i), dropped: 0 };
  }
  const total = new Float64Array(count);
  for (const { node, weight } of stacks) node.forEach((n, i) => total[n] += weight[i]);
  for (let i = count - 1; i > 0; i--) total[parent[i]] += total[i];
  const cutoff = total.slice().sort()[count - most];
  const parents = [-1];
  const frames = [-1];
  const nodeOf = new Uint32Array(count);
  // By kept node: the child that stands for what was left out below it.
  const rest = new Map<number, number>();
  const marked: boolean[] = [false];
  let dropped = 0;
  for (let i = 1; i < count; i++) {
    const above = nodeOf[parent[i]];
    if (marked[above]) {
      nodeOf[i] = above;
      dropped++;
    } else if (total[i] > cutoff) {
      nodeOf[i] = frames.push(frame[i]) - 1;
      parents.push(above);
      marked.push(false);
    } else {
      dropped++;
      let into = rest.get(above);
      if (into === undefined) {
        rest.set(above, into = frames.push(leftOut()) - 1);
        parents.push(above);
        marked.push(true);
      }
      nodeOf[i] = into;
    }
  }
  return { parent: Int32Array.from(parents), frame: Int32Array.from(frames), nodeOf, dropped };
}
