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
  /** Nodes below this value were left out; 0 when none were. */
  readonly cutoff: number;
}

/**
 * Leaves out the smallest nodes so that at most `most` remain. As a child is never larger than its parent, what remains
 * is a tree; equal values stay or go together.
 */
export function pruneTree(root: CallNode, most: number): Pruned {
  const totals: number[] = [];
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    totals.push(node.total);
    stack.push(...node.children.values());
  }
  let cutoff = 0;
  if (totals.length > most) {
    const sorted = Float64Array.from(totals).sort();
    const first = sorted[sorted.length - most];
    // All nodes of one value stay or go: which of them went would be chance.
    const tied = sorted[sorted.length - most - 1] === first;
    cutoff = tied ? sorted.find((v) => v > first) ?? first : first;
  }
  let nodes = 0;
  const copy = (node: CallNode): DrawNode => {
    nodes++;
    let hidden = 0;
    const children: DrawNode[] = [];
    for (const child of node.children.values()) {
      if (child.total >= cutoff) children.push(copy(child));
      else hidden += child.total;
    }
    return { node, children, hidden };
  };
  const drawn = copy(root);
  return { root: drawn, nodes, dropped: totals.length - nodes, cutoff };
}
