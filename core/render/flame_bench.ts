/** What a flame graph costs: a folded file of 3 MB as text, as SVG, and the parts of that. */
import { parseFolded } from "../profile/formats/mod.ts";
import { digest } from "./digest/digest.ts";
import { random } from "./data_for_test.ts";
import { callTree } from "./flame/call_tree.ts";
import { layOut } from "./flame/layout.ts";
import { pruneTree } from "./flame/prune.ts";
import { flameSvg } from "./flame/svg.ts";

/** Folded stacks as a large C++ server gives them: deep common roots, long names, few heavy and many light leaves. */
function foldedText(bytes: number): string {
  const rand = random(11);
  const names = Array.from({ length: 4000 }, (_, i) => `ns${i % 60}::Type${i % 300}::method_${i}(int, char const*)`);
  const lines: string[] = [];
  let path = ["server", "__libc_start_main", "main"];
  let size = 0;
  while (size < bytes) {
    path = path.slice(0, 3 + Math.floor(rand() * (path.length - 2)));
    const grow = 1 + Math.floor(rand() * 5);
    for (let i = 0; i < grow && path.length < 60; i++) path.push(names[Math.floor(rand() ** 2 * names.length)]);
    const line = `${path.join(";")} ${1 + Math.floor(1 / (rand() + 1e-3))}\n`;
    lines.push(line);
    size += line.length;
  }
  return lines.join("");
}

const text = foldedText(3e6);
const profile = parseFolded(text);
const tree = callTree(profile);
const pruned = pruneTree(tree, 20_000);

Deno.bench(
  `parse ${(text.length / 1e6).toFixed(1)} MB of folded stacks (${profile.stacks.length})`,
  () => void parseFolded(text),
);
Deno.bench(`merge them into a tree (${pruned.nodes + pruned.dropped} nodes)`, () => void callTree(profile));
Deno.bench("prune it to 20,000 nodes", () => void pruneTree(tree, 20_000));
Deno.bench("lay it out", () => void layOut(pruned.root));
Deno.bench("folded text to SVG", { baseline: true }, () => void flameSvg(parseFolded(text), { title: "bench" }));
Deno.bench("digest of level 1", () => void digest(profile, 1, 2000));
