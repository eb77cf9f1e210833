import type { Frame } from "../../data/mod.ts";
import type { FlameTree } from "./flame_tree.ts";
import { sortTree } from "./sort_tree.ts";

/** A box: where it lies, x as a share of the whole width, 0–1, and its level, the root's being 0. */
export interface LaidNode {
  /** Its node of the tree. */
  readonly id: number;
  /** null for the root that holds all stacks. */
  readonly frame: Frame | null;
  readonly total: number;
  readonly self: number;
  readonly depth: number;
  readonly x0: number;
  readonly x1: number;
}

/**
 * Lays a tree out as a flame graph: children on their parent from the left, by name, so that two graphs of one program
 * look alike. Nodes come parents first, each subtree together.
 *
 * @param kept 1 for each node that is drawn
 */
export function layOut(tree: FlameTree, kept: Uint8Array): { nodes: LaidNode[]; depth: number } {
  const ids = [...kept.keys()].filter((i) => kept[i] === 1);
  const place = new Int32Array(kept.length);
  ids.forEach((id, i) => place[id] = i);
  const parent = Int32Array.from(ids, (id) => id === 0 ? -1 : place[tree.parent[id]]);
  const order = sortTree(parent, Int32Array.from(ids, (id) => tree.frame[id]), tree.frames);
  const whole = tree.total[0] || 1;
  // Where the next child of each node begins, and its level.
  const filled = new Float64Array(ids.length);
  const depths = new Int32Array(ids.length);
  let deepest = 0;
  const nodes: LaidNode[] = [];
  for (const i of order) {
    const id = ids[i];
    const above = parent[i];
    const x0 = above < 0 ? 0 : filled[above];
    const total = tree.total[id];
    if (above >= 0) {
      filled[above] += total / whole;
      depths[i] = depths[above] + 1;
      if (depths[i] > deepest) deepest = depths[i];
    }
    filled[i] = x0;
    const frame = tree.frame[id] < 0 ? null : tree.frames[tree.frame[id]];
    // A picture of nothing is as wide as any.
    const x1 = above < 0 ? 1 : x0 + total / whole;
    nodes.push({ id, frame, total, self: tree.self[id], depth: depths[i], x0, x1 });
  }
  return { nodes, depth: deepest + 1 };
}
