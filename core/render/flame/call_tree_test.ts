import assert from "node:assert/strict";
import { type Profile, quality } from "../../data/mod.ts";
import { frameName, profileTotal } from "../profile_stats.ts";
import { bigProfile, cpuProfile } from "../data_for_test.ts";
import { type CallNode, callTree } from "./call_tree.ts";

const levels = (node: CallNode): number => 1 + Math.max(0, ...[...node.children.values()].map(levels));

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
  assert.equal(levels(root), 4);
  assert.equal(root.total, profileTotal(bigProfile(2000)));
});
