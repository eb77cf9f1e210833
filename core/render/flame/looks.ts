import type { Profile } from "../../data/mod.ts";
import type { Comparison } from "../diff/comparison.ts";
import { changeOf } from "../diff/change.ts";
import { escapeText } from "../escape.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { isUnknown } from "../profile_stats.ts";
import { type FlameColors, frameClass, hueIndex, KIND_ORDER, KINDS, REASON_HUES, WAITING_KINDS } from "./color.ts";
import { type FlameTree, sumUp } from "./flame_tree.ts";
import type { LaidNode } from "./layout.ts";

/** Shades of each reason to wait, of each direction of change, and of self time. */
export const REASON_SHADES = 3;
export const CHANGE_STEPS = 5;
export const SELF_STEPS = 6;

/** What colours the boxes of one picture. */
export interface Looks {
  /** Style class of a box. */
  of(node: LaidNode): string;
  /** Whether boxes of one function can differ. */
  readonly perNode: boolean;
  /** Whether the picture is of two profiles. */
  readonly compares: boolean;
  /** Values before and after of a box of a comparison, as counted; null in other pictures. */
  sides(node: LaidNode): readonly [number, number] | null;
  /** Style classes with what they mean, of those that occur. */
  legend(nodes: readonly LaidNode[], lang: Lang): [look: string, label: string][];
}

/** Looks by what frames are. */
export function looksOf(profile: Profile, tree: FlameTree, colors: FlameColors, weights: Float64Array): Looks {
  if (colors === "self") return selfLooks(tree.total[0]);
  if (colors === "offcpu" && profile.stacks.some((s) => s.labels.reason !== undefined)) {
    return reasonLooks(profile, tree, weights);
  }
  const set = colors === "offcpu" ? WAITING_KINDS : KINDS;
  return {
    of: (node) => frameClass(node.frame, colors),
    perNode: false,
    compares: false,
    sides: () => null,
    legend: (nodes, lang) => {
      if (colors === "module") return [];
      const used = new Set<string>();
      for (const { frame } of nodes) if (frame) used.add(isUnknown(frame) ? "unknown" : frame.kind);
      return KIND_ORDER.filter((kind) => used.has(kind)).map((
        kind,
      ) => [`${set[kind].letter}4`, message(lang, `flame.kind.${kind}` as MessageKey)]);
    },
  };
}

/** By the reason that most of a box was waited for; code of the kernel is the duller of the two. */
function reasonLooks(profile: Profile, tree: FlameTree, weights: Float64Array): Looks {
  const leaves = tree.leafOf[0];
  const names = [...new Set(profile.stacks.flatMap(({ labels }) => labels.reason ?? []))];
  const best = new Int32Array(tree.total.length).fill(-1);
  const most = new Float64Array(tree.total.length);
  names.forEach((name, r) => {
    const self = new Float64Array(tree.total.length);
    profile.stacks.forEach((stack, s) => {
      if (stack.labels.reason === name) self[leaves[s]] += weights[s];
    });
    sumUp(tree.parent, self).forEach((sum, i) => {
      if (sum > most[i]) [best[i], most[i]] = [r, sum];
    });
  });
  const reasonOf = ({ id }: LaidNode): string | null => names[best[id]] ?? null;
  const hues = [...new Set(Object.values(REASON_HUES))];
  const hueOf = (reason: string): number => REASON_HUES[reason] ?? hues[hueIndex(reason, hues.length)];
  const of = (node: LaidNode): string => {
    const reason = node.frame && reasonOf(node);
    if (!node.frame || reason === null) return frameClass(node.frame, "offcpu");
    const letter = node.frame.kind === "kernel" ? "k" : "r";
    return `${letter}${hueOf(reason)}-${hueIndex(node.frame.function, REASON_SHADES)}`;
  };
  return {
    of,
    perNode: true,
    compares: false,
    sides: () => null,
    legend: (nodes) => {
      const used = new Map<string, number>();
      for (const node of nodes) {
        const reason = node.frame && reasonOf(node);
        if (reason) used.set(reason, (used.get(reason) ?? 0) + node.self);
      }
      return [...used].sort((a, b) => b[1] - a[1]).slice(0, 10).map((
        [reason],
      ) => [`r${hueOf(reason)}-1`, escapeText(reason, { limit: 40 })]);
    },
  };
}

/** By how much of all is counted in a box itself. */
function selfLooks(total: number): Looks {
  return {
    of: ({ frame, self }) =>
      frame === null ? "x0" : `s${Math.round(Math.sqrt(Math.min(1, self / (total || 1) * 4)) * (SELF_STEPS - 1))}`,
    perNode: true,
    compares: false,
    sides: () => null,
    legend: (_, lang) => [["s0", message(lang, "page.self_little")], [
      `s${SELF_STEPS - 1}`,
      message(lang, "page.self_much"),
    ]],
  };
}

/**
 * By how a box changed.
 *
 * @param values what each stack of each profile counts
 */
export function changeLooks(comparison: Comparison, tree: FlameTree, values: readonly Float64Array[]): Looks {
  const [before, after] = values.map((column, p) => {
    const self = new Float64Array(tree.total.length);
    column.forEach((v, s) => self[tree.leafOf[p][s]] += v);
    return sumUp(tree.parent, self);
  });
  const sides = ({ id }: LaidNode): readonly [number, number] => [before[id], after[id]];
  return {
    of: (node) => {
      const { before, after, delta, noise } = changeOf(...sides(node), comparison);
      if (noise || delta === 0) return "same";
      // The step is of the change in relation to the larger of both: what doubled is as red as what is twice as large.
      const step = Math.min(CHANGE_STEPS - 1, Math.floor(Math.abs(delta) / Math.max(before, after) * CHANGE_STEPS));
      return (delta > 0 ? "more" : "less") + step;
    },
    perNode: true,
    compares: true,
    sides,
    legend: (_, lang) => [
      [`more${CHANGE_STEPS - 1}`, message(lang, "page.more")],
      [`less${CHANGE_STEPS - 1}`, message(lang, "page.less")],
      ["same", message(lang, "page.noise")],
    ],
  };
}
