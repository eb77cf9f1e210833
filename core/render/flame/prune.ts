import type { CallNode } from "./call_tree.ts";

/** A call tree as it is drawn. */
export interface DrawNode {
  readonly node: CallNode;
  readonly children: readonly DrawNode[];
  /** Value of children that were left out. */
  readonly hidden: number;
}

/** A tree and how much of it was left out. */
export interface Pruned {
  readonly root: DrawNode;
  readonly nodes: number;
  readonly dropped: number;
  /** No node that was left out is above this value; 0 when none were. */
  readonly cutoff: number;
}

/**
 * Leaves out the smallest nodes so that at most `most` remain. As a child is never larger than its parent, what remains
 * is a tree. Of nodes that are as small as the smallest that may stay, those that come first do.
 */
export function pruneTree(root: CallNode, most: number): Pruned {
  const totals: number[] = [];
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    totals.push(node.total);
    for (const child of node.children.values()) if (child.total > 0) stack.push(child);
  }
  let cutoff = 0;
  let ties = Infinity;
  if (totals.length > most) {
    const sorted = Float64Array.from(totals).sort();
    cutoff = sorted[sorted.length - Math.max(1, most)];
    ties = most - totals.filter((v) => v > cutoff).length;
  }
  let nodes = 0;
  const copy = (node: CallNode): DrawNode => {
    nodes++;
    if (node.total === cutoff) ties--;
    let hidden = 0;
    const children: DrawNode[] = [];
    for (const child of node.children.values()) {
      // What is only in the other profile of a comparison has no width.
      if (child.total === 0) continue;
      if (child.total > cutoff || (child.total === cutoff && ties > 0)) children.push(copy(child));
      else hidden += child.total;
    }
    return { node, children, hidden };
  };
  const drawn = copy(root);
  return { root: drawn, nodes, dropped: totals.length - nodes, cutoff: totals.length > nodes ? cutoff : 0 };
}
