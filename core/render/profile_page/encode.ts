import type { Frame, Profile, SampleType } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { frameName, isUnknown, stackValue } from "../profile_stats.ts";
import { KIND_ORDER } from "../flame/color.ts";
import { type MergeOptions, mergeStacks } from "../flame/merge_stacks.ts";
import { sortTree } from "../flame/sort_tree.ts";
import { type EncodedLabels, encodeLabels } from "./encode_labels.ts";
import { type EncodedTimeline, encodeTimeline } from "./encode_timeline.ts";
import { keepLargest } from "./keep_largest.ts";

/** The profile in a page: names once, the tree of all stacks, and what was counted where. All numbers. */
export interface EncodedProfile {
  readonly types: readonly SampleType[];
  readonly modules: readonly string[];
  readonly files: readonly string[];
  /**
   * Columns over distinct functions: name, module, file, kind: an index into `KIND_ORDER`; its length for what stands for
   * nodes that were left out, and one more for a group.
   */
  readonly names: readonly string[];
  readonly module: readonly number[];
  readonly file: readonly number[];
  readonly kind: readonly number[];
  /**
   * Columns over the tree's nodes without its root, callers before callees, callees of one caller by name: how many
   * levels to go up from the node before to the caller, and the function.
   */
  readonly up: readonly number[];
  readonly frame: readonly number[];
  readonly labels: EncodedLabels;
  /** One, or two that are compared: before, after. */
  readonly sides: readonly EncodedSide[];
  /** Nodes that were left out because there are too many; they are in the functions of kind `leftOut`. */
  readonly dropped: number;
}

/** What was counted in one profile: columns over its distinct pairs of node and labels. */
export interface EncodedSide {
  readonly node: readonly number[];
  /** Index into the label sets. */
  readonly labels: readonly number[];
  /** By sample type. */
  readonly values: readonly (readonly number[])[];
  readonly timeline: EncodedTimeline | null;
  /** Length of the window in nanoseconds; 0 when it is not known. */
  readonly durationNs: number;
}

/** Limits of what a page holds. */
export interface EncodeOptions extends MergeOptions {
  /** Nodes kept; the smallest are left out. */
  readonly maxNodes: number;
}

/** Lays one profile out for a page, or two (before, after) that have at least one sample type in common. */
export function encodeProfiles(profiles: readonly Profile[], options: EncodeOptions): EncodedProfile {
  const types = profiles[0].sampleTypes.filter((t) =>
    profiles.every((p) => p.sampleTypes.some((o) => o.name === t.name && o.unit === t.unit))
  );
  const merged = mergeStacks(profiles, options);
  const { frames, leafOf: nodesOf } = merged;
  const valuesOf = profiles.map((p) => types.map((t) => valueColumn(p, t)));
  const leftOut = (): number => merged.indexOf(LEFT_OUT);
  const kept = keepLargest(merged.tree, weights(nodesOf, valuesOf), options.maxNodes, leftOut);
  const order = preorder(kept.parent, kept.frame, frames);
  const labels = encodeLabels(profiles);
  return {
    ...encodeFrames(frames),
    types,
    up: order.up,
    frame: order.frame,
    labels: labels.encoded,
    sides: profiles.map((profile, s) => {
      const place = Uint32Array.from(nodesOf[s], (node) => order.place[kept.nodeOf[node]]);
      return {
        ...mergeEqual(place, labels.setOf[s], valuesOf[s]),
        durationNs: profile.quality.duration_ns,
      };
    }).map(({ entryOf, ...side }, s) => ({
      ...side,
      timeline: encodeTimeline(profiles[s].timeline, entryOf),
    })),
    dropped: kept.dropped,
  };
}

/** What stands for nodes that were left out; no frame of a profile has a line below 0. */
const LEFT_OUT: Frame = { function: "", module: "", file: "", line: -1, kind: "unknown" };

function encodeFrames(
  frames: readonly Frame[],
): Pick<EncodedProfile, "modules" | "files" | "names" | "module" | "file" | "kind"> {
  const modules = interner();
  const files = interner();
  return {
    names: frames.map((f) => f === LEFT_OUT ? "" : escapeText(frameName(f), { limit: 1000 })),
    module: frames.map((f) => modules.of(escapeText(f.module, { limit: 300 }))),
    file: frames.map((f) => files.of(escapeText(f.file, { limit: 300 }))),
    kind: frames.map((f) =>
      f.line < 0 ? KIND_ORDER.length - 1 - f.line : KIND_ORDER.indexOf(isUnknown(f) ? "unknown" : f.kind)
    ),
    modules: modules.list,
    files: files.list,
  };
}

function interner(): { list: string[]; of(text: string): number } {
  const list: string[] = [];
  const index = new Map<string, number>();
  return {
    list,
    of: (text) => {
      let i = index.get(text);
      if (i === undefined) index.set(text, i = list.push(text) - 1);
      return i;
    },
  };
}

/** One sample type of a profile by its place among the types in common. */
function valueColumn(profile: Profile, type: SampleType): Float64Array {
  const at = profile.sampleTypes.findIndex((t) => t.name === type.name && t.unit === type.unit);
  return Float64Array.from(profile.stacks, (s) => stackValue(s.values, at));
}

/** How much each stack weighs when nodes are left out: its share of its profile, of the type in which that is largest. */
function weights(
  nodesOf: readonly Uint32Array[],
  valuesOf: readonly (readonly Float64Array[])[],
): { node: Uint32Array; weight: Float64Array }[] {
  return nodesOf.map((node, s) => {
    const weight = new Float64Array(node.length);
    for (const column of valuesOf[s]) {
      const sum = column.reduce((a, b) => a + b, 0);
      if (sum > 0) column.forEach((v, i) => weight[i] = Math.max(weight[i], v / sum));
    }
    return { node, weight };
  });
}

/** Places of nodes when each subtree stands together, callees sorted by name and what was left out behind them. */
function preorder(
  parent: Int32Array,
  frame: Int32Array,
  frames: readonly Frame[],
): { up: number[]; frame: number[]; place: Uint32Array } {
  const order = sortTree(parent, frame, frames, LEFT_OUT);
  const place = new Uint32Array(parent.length);
  const depth = new Int32Array(parent.length);
  const up: number[] = [];
  let before = 0;
  order.forEach((node, i) => {
    place[node] = i;
    if (i === 0) return;
    depth[node] = depth[parent[node]] + 1;
    up.push(before + 1 - depth[node]);
    before = depth[node];
  });
  return { up, frame: Array.from(order.subarray(1), (node) => frame[node]), place };
}

/** Stacks that fall on one node with one set of labels are one entry, in the order of nodes. */
function mergeEqual(
  place: Uint32Array,
  sets: Uint32Array,
  values: readonly Float64Array[],
): { node: number[]; labels: number[]; values: number[][]; entryOf: Uint32Array } {
  const order = Uint32Array.from(place, (_, i) => i).sort((a, b) => place[a] - place[b] || sets[a] - sets[b]);
  const node: number[] = [];
  const labels: number[] = [];
  const sums: number[][] = values.map(() => []);
  const entryOf = new Uint32Array(place.length);
  for (const i of order) {
    const at = node.length - 1;
    if (at >= 0 && node[at] === place[i] && labels[at] === sets[i]) {
      values.forEach((column, t) => sums[t][at] += column[i]);
      entryOf[i] = at;
      continue;
    }
    entryOf[i] = node.push(place[i]) - 1;
    labels.push(sets[i]);
    values.forEach((column, t) => void sums[t].push(column[i]));
  }
  return { node, labels, values: sums, entryOf };
}
