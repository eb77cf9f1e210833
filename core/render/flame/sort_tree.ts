import type { Frame } from "../../data/mod.ts";
import { frameName } from "../profile_stats.ts";

/**
 * The nodes of a tree (a parent before its children, node 0 the root) with each subtree together and children sorted by
 * name, those of `last` behind all others.
 *
 * @returns node numbers in that order, the root first
 */
export function sortTree(
  parent: Int32Array,
  frame: Int32Array,
  frames: readonly Frame[],
  last: Frame | null = null,
): Int32Array {
  const n = parent.length;
  const names = frames.map((f) => `${frameName(f)}\0${f.module}\0${f.kind}`);
  const byName = frames.map((_, i) => i).sort((a, b) =>
    Number(frames[a] === last) - Number(frames[b] === last) || (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : 0)
  );
  // Nodes by the rank of their frames (a counting sort), then each put in front of its siblings from the last on.
  const nodesOf = new Int32Array(frames.length).fill(-1);
  const nextOf = new Int32Array(n);
  for (let i = n - 1; i > 0; i--) {
    nextOf[i] = nodesOf[frame[i]];
    nodesOf[frame[i]] = i;
  }
  const first = new Int32Array(n).fill(-1);
  const next = new Int32Array(n).fill(-1);
  for (let r = byName.length - 1; r >= 0; r--) {
    for (let node = nodesOf[byName[r]]; node >= 0; node = nextOf[node]) {
      next[node] = first[parent[node]];
      first[parent[node]] = node;
    }
  }
  const order = new Int32Array(n);
  let made = 0;
  for (let node = 0; node >= 0;) {
    order[made++] = node;
    if (first[node] >= 0) {
      node = first[node];
      continue;
    }
    while (node >= 0 && next[node] < 0) node = parent[node];
    if (node >= 0) node = next[node];
  }
  return order;
}
