import assert from "node:assert/strict";
import fc from "fast-check";
import { bigProfile, cpuProfile } from "../data_for_test.ts";
import { profileTotal } from "../profile_stats.ts";
import { type CallNode, callTree } from "./call_tree.ts";
import { type FlameTree, flameTree } from "./flame_tree.ts";
import { layOut } from "./layout.ts";
import { pruneTree } from "./prune.ts";
import type { Profile } from "../../data/mod.ts";

const treeOf = (p: Profile, maxDepth = 512): FlameTree =>
  flameTree([p], [Float64Array.from(p.stacks, (s) => s.values[0])], { maxDepth });

Deno.test("flameTree() is the tree that callTree() makes with a map for each node", () => {
  for (const [profile, maxDepth] of [[cpuProfile(), 512], [bigProfile(5000), 512], [bigProfile(5000), 7]] as const) {
    const tree = treeOf(profile, maxDepth);
    const mine = new Map<string, string>();
    const paths: string[] = [];
    for (let i = 0; i < tree.total.length; i++) {
      const f = tree.frames[tree.frame[i]];
      paths[i] = i === 0 ? "" : `${paths[tree.parent[i]]}/${f.function} ${f.module} ${f.kind}`;
      mine.set(paths[i], `${tree.total[i]} ${tree.self[i]}`);
    }
    const theirs = new Map<string, string>();
    const walk = (node: CallNode, path: string): void => {
      theirs.set(path, `${node.total} ${node.self}`);
      for (const c of node.children.values()) {
        walk(c, `${path}/${c.frame!.function} ${c.frame!.module} ${c.frame!.kind}`);
      }
    };
    walk(callTree(profile, { maxDepth }), "");
    assert.deepEqual(mine, theirs);
    assert.equal(tree.total[0], profileTotal(profile));
  }
});

Deno.test("pruneTree() keeps at most the number asked for, the largest ones, and what it keeps is a tree", () => {
  const tree = treeOf(bigProfile(5000));
  const all = tree.total.length;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6000 }), (most) => {
      const { kept, nodes, dropped, cutoff } = pruneTree(tree.total, most);
      assert.equal(nodes, Math.min(most, all));
      assert.equal(nodes + dropped, all);
      kept.forEach((k, i) => {
        if (k === 1 && i > 0) assert.ok(kept[tree.parent[i]] === 1 && tree.total[i] >= cutoff);
        if (k === 0) assert.ok(tree.total[i] <= cutoff);
      });
    }),
    { numRuns: 20 },
  );
});

Deno.test("pruneTree() leaves out what weighs nothing, but never the root", () => {
  assert.deepEqual([...pruneTree(Float64Array.of(0, 0, 0), 9).kept], [1, 0, 0]);
  assert.deepEqual([...pruneTree(Float64Array.of(5, 0, 5), 9).kept], [1, 0, 1]);
});

Deno.test("layOut() gives every node its share of the width inside its parent, neighbours apart, by name", () => {
  const tree = treeOf(bigProfile(3000));
  const { nodes } = layOut(tree, pruneTree(tree.total, 1000).kept);
  assert.equal(nodes.length, 1000);
  const open: { x1: number; next: number; name: string }[] = [];
  for (const n of nodes) {
    assert.ok(Math.abs(n.x1 - n.x0 - n.total / tree.total[0]) < 1e-9);
    open.length = Math.min(open.length, n.depth + 1);
    const parent = open[n.depth - 1];
    const before = open[n.depth];
    if (parent) {
      assert.ok(n.x0 >= parent.next - 1e-9 && n.x1 <= parent.x1 + 1e-9);
      if (before) assert.ok(before.name < `${n.frame!.function} ${n.frame!.module}`);
      parent.next = n.x1;
    }
    open[n.depth] = { x1: n.x1, next: n.x0, name: `${n.frame?.function} ${n.frame?.module}` };
  }
});
