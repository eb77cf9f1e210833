// @ts-types="./_d3_hierarchy.d.ts"
import { hierarchy, partition } from "d3-hierarchy";
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
  const data = ids.map((id): Kept => ({ id, children: [] }));
  for (const i of order) if (parent[i] >= 0) data[parent[i]].children.push(data[i]);
  const root = hierarchy(data[0], (d) => d.children).each((n) => n.value = tree.total[n.data.id]);
  const laid = partition<Kept>()(root);
  const nodes: LaidNode[] = [];
  laid.eachBefore(({ data: { id }, depth, x0, x1 }) => {
    const frame = tree.frame[id] < 0 ? null : tree.frames[tree.frame[id]];
    nodes.push({ id, frame, total: tree.total[id], self: tree.self[id], depth, x0, x1 });
  });
  return { nodes, depth: laid.height + 1 };
}

/** A node that is drawn, and those of its callees that are, in order. */
interface Kept {
  readonly id: number;
  readonly children: Kept[];
}
