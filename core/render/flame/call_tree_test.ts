import assert from "node:assert/strict";
import fc from "fast-check";
import { type Profile, quality } from "../../data/mod.ts";
import { frameName, profileTotal } from "../profile_stats.ts";
import { bigProfile, cpuProfile } from "../data_for_test.ts";
import { type CallNode, callTree } from "./call_tree.ts";
import { layOut } from "./layout.ts";
import { pruneTree } from "./prune.ts";

const count = (node: CallNode): number => [...node.children.values()].reduce((n, c) => n + count(c), 1);

Deno.test("callTree() keeps every value: a node is its self and its children", () => {
  const check = (node: CallNode): void => {
    const below = [...node.children.values()].reduce((sum, c) => sum + c.total, 0);
    assert.equal(node.total, node.self + below);
    node.children.forEach(check);
  };
  for (const profile of [cpuProfile(), bigProfile(5000)]) {
    const root = callTree(profile);
    assert.equal(root.total, profileTotal(profile));
    check(root);
  }
});

Deno.test("callTree() merges lines of one function, and groups by a label", () => {
  const at = (line: number): Profile["frames"][number] => ({
    function: "f",
    module: "m",
    file: "a.c",
    line,
    kind: "user",
  });
  const profile: Profile = {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames: [at(1), at(2)],
    stacks: [
      { frames: [0], values: [1], labels: { comm: "a" } },
      { frames: [1], values: [2], labels: { comm: "b" } },
      { frames: [1], values: [NaN], labels: { comm: "c" } },
    ],
    quality: quality(),
  };
  assert.deepEqual([...callTree(profile, { groupBy: false }).children.values()].map((n) => n.total), [3]);
  const groups = [...callTree(profile).children.values()];
  assert.deepEqual(groups.map((n) => [n.frame?.function, n.total]), [["a", 1], ["b", 2]]);
});

Deno.test("callTree() makes one of unknown frames that follow each other in one module", () => {
  const unknown = (module: string): Profile["frames"][number] => (
    { function: "[unknown]", module, file: "", line: 0, kind: "user" }
  );
  const profile: Profile = {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }],
    frames: [unknown("a"), unknown("b"), { ...unknown("a"), function: "f" }],
    stacks: [{ frames: [0, 0, 1, 0, 2, 2], values: [1], labels: {} }],
    quality: quality(),
  };
  const names: string[] = [];
  for (let n = callTree(profile); n.children.size > 0;) {
    n = [...n.children.values()][0];
    names.push(frameName(n.frame!));
  }
  assert.deepEqual(names, ["[a]", "[b]", "[a]", "f", "f"]);
});

Deno.test("callTree() counts frames below the deepest level as self of the last one", () => {
  const root = callTree(bigProfile(2000), { maxDepth: 3 });
  assert.equal(layOut(pruneTree(root, Infinity).root).depth, 4);
  assert.equal(root.total, profileTotal(bigProfile(2000)));
});

Deno.test("pruneTree() keeps at most the number asked for, the largest ones, and accounts for the rest", () => {
  const root = callTree(bigProfile(5000));
  const all = count(root);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6000 }), (most) => {
      const pruned = pruneTree(root, most);
      assert.equal(pruned.nodes, Math.min(most, all));
      assert.equal(pruned.nodes + pruned.dropped, all);
      const check = (n: typeof pruned.root): void => {
        const below = n.children.reduce((sum, c) => sum + c.node.total, 0);
        assert.equal(n.node.total, n.node.self + n.hidden + below);
        assert.ok(n.children.every((c) => c.node.total >= pruned.cutoff));
        n.children.forEach(check);
      };
      check(pruned.root);
    }),
    { numRuns: 20 },
  );
});

Deno.test("layOut() gives every node its share of the width inside its parent, neighbours apart", () => {
  const { root } = pruneTree(callTree(bigProfile(3000)), 1000);
  const { nodes } = layOut(root);
  const open: { x1: number; next: number }[] = [];
  for (const n of nodes) {
    assert.ok(Math.abs(n.x1 - n.x0 - n.node.total / root.node.total) < 1e-9);
    open.length = n.depth;
    const parent = open[n.depth - 1];
    if (parent) {
      assert.ok(n.x0 >= parent.next - 1e-9 && n.x1 <= parent.x1 + 1e-9);
      parent.next = n.x1;
    }
    open.push({ x1: n.x1, next: n.x0 });
  }
});
