/** Which nodes of a tree stay, and how much was left out. */
export interface Pruned {
  /** 1 for each node that stays; what stays is a tree. */
  readonly kept: Uint8Array;
  readonly nodes: number;
  readonly dropped: number;
  /** No node that was left out is above this value; 0 when none were. */
  readonly cutoff: number;
}

/**
 * Leaves out the smallest nodes so that at most `most` remain, and those that weigh nothing. As a child is never larger
 * than its parent, and comes after it, what remains is a tree. Of nodes that are as small as the smallest that may stay,
 * those that come first do.
 *
 * @param total of each node, the root first, parents before children
 */
export function pruneTree(total: Float64Array, most: number): Pruned {
  const kept = new Uint8Array(total.length);
  let weighty = 0;
  for (let i = 0; i < total.length; i++) if (total[i] > 0 || i === 0) weighty++;
  let cutoff = 0;
  let ties = Infinity;
  if (weighty > most) {
    const sorted = total.slice().sort();
    cutoff = sorted[sorted.length - Math.max(1, most)];
    ties = most;
    for (let i = 0; i < total.length; i++) if (total[i] > cutoff) ties--;
  }
  let nodes = 0;
  for (let i = 0; i < total.length; i++) {
    if (i > 0 && (total[i] < cutoff || total[i] === 0 || total[i] === cutoff && ties <= 0)) continue;
    if (total[i] === cutoff) ties--;
    kept[i] = 1;
    nodes++;
  }
  return { kept, nodes, dropped: weighty - nodes, cutoff: weighty > nodes ? cutoff : 0 };
}
