/** What a flame graph costs: a folded file of 3 MB as text, as SVG, and the parts of that. */
import { parseFolded } from "../profile/formats/mod.ts";
import { digest } from "./digest/digest.ts";
import { flameTree } from "./flame/flame_tree.ts";
import { layOut } from "./flame/layout.ts";
import { pruneTree } from "./flame/prune.ts";
import { flameSvg } from "./flame/svg.ts";
import { foldedText } from "./folded_for_test.ts";
import { profileHtml } from "./profile_page/page.ts";

const text = foldedText(3e6);
const profile = parseFolded(text);
const weights = [Float64Array.from(profile.stacks, (s) => s.values[0])];
const tree = flameTree([profile], weights);
const pruned = pruneTree(tree.total, 20_000);

Deno.bench(
  `parse ${(text.length / 1e6).toFixed(1)} MB of folded stacks (${profile.stacks.length})`,
  () => void parseFolded(text),
);
Deno.bench(`merge them into a tree (${pruned.nodes + pruned.dropped} nodes)`, () => void flameTree([profile], weights));
Deno.bench("prune it to 20,000 nodes", () => void pruneTree(tree.total, 20_000));
Deno.bench("lay it out", () => void layOut(tree, pruned.kept));
Deno.bench("folded text to SVG", { baseline: true }, () => void flameSvg(parseFolded(text), { title: "bench" }));
Deno.bench("folded text to a page", () => void profileHtml(parseFolded(text), { title: "bench" }));
Deno.bench("digest of level 1", () => void digest(profile, 1, 2000));
