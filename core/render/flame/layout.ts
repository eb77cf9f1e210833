// @ts-types="./_d3_hierarchy.d.ts"
import { hierarchy, partition } from "d3-hierarchy";
import { frameName } from "../profile_stats.ts";
import type { CallNode } from "./call_tree.ts";
import type { DrawNode } from "./prune.ts";

/** Where a node lies: x as a share of the whole width, 0–1, and its level, the root's being 0. */
export interface LaidNode {
  readonly node: CallNode;
  readonly depth: number;
  readonly x0: number;
  readonly x1: number;
}

/**
 * Lays a tree out as a flame graph: children on their parent from the left, by name, so that two graphs of one program
 * look alike. Nodes come parents first, each subtree together.
 */
export function layOut(root: DrawNode): { nodes: LaidNode[]; depth: number } {
  const tree = hierarchy(root, (d) => d.children)
    .sum((d) => d.node.self + d.hidden)
    .sort((a, b) => compare(key(a.data.node), key(b.data.node)));
  const laid = partition<DrawNode>()(tree);
  const nodes: LaidNode[] = [];
  laid.eachBefore((n) => void nodes.push({ node: n.data.node, depth: n.depth, x0: n.x0, x1: n.x1 }));
  return { nodes, depth: laid.height + 1 };
}

function key(node: CallNode): string {
  return node.frame === null ? "" : `${frameName(node.frame)}\0${node.frame.module}\0${node.frame.kind}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
