import type { Profile, ProfileStack } from "../../data/mod.ts";
import type { Comparison } from "../diff/comparison.ts";
import { changeOf } from "../diff/change.ts";
import { escapeText } from "../escape.ts";
import { message, type MessageKey } from "../messages/message.ts";
import type { Lang } from "../options.ts";
import { isUnknown } from "../profile_stats.ts";
import type { CallNode } from "./call_tree.ts";
import { type FlameColors, frameClass, hueIndex, KIND_ORDER, KINDS, REASON_HUES, WAITING_KINDS } from "./color.ts";

/** Shades of each reason to wait, of each direction of change, and of self time. */
export const REASON_SHADES = 3;
export const CHANGE_STEPS = 5;
export const SELF_STEPS = 6;

/** What colours the boxes of one picture. */
export interface Looks {
  /** Called while the tree is built, for every node on the path of every stack; null when there is nothing to learn. */
  readonly visit: ((node: CallNode, stack: ProfileStack) => void) | null;
  /** Style class of a box. */
  of(node: CallNode): string;
  /** Whether boxes of one function can differ. */
  readonly perNode: boolean;
  /** Whether the picture is of two profiles. */
  readonly compares: boolean;
  /** Values before and after of a box of a comparison, as counted; null in other pictures. */
  sides(node: CallNode): readonly [number, number] | null;
  /** Style classes with what they mean, of those that occur. */
  legend(nodes: Iterable<CallNode>, lang: Lang): [look: string, label: string][];
}

/** Looks by what frames are. */
export function looksOf(profile: Profile, colors: FlameColors, valueIndex: number, total: () => number): Looks {
  if (colors === "self") return selfLooks(total);
  if (colors === "offcpu" && profile.stacks.some((s) => s.labels.reason !== undefined)) return reasonLooks(valueIndex);
  const set = colors === "offcpu" ? WAITING_KINDS : KINDS;
  return {
    visit: null,
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
function reasonLooks(valueIndex: number): Looks {
  const sums = new Map<CallNode, Map<string, number>>();
  const reasonOf = (node: CallNode): string | null => {
    let best: string | null = null;
    let most = 0;
    for (const [reason, v] of sums.get(node) ?? []) if (v > most) [best, most] = [reason, v];
    return best;
  };
  const hues = [...new Set(Object.values(REASON_HUES))];
  const hueOf = (reason: string): number => REASON_HUES[reason] ?? hues[hueIndex(reason, hues.length)];
  const of = (node: CallNode): string => {
    const reason = node.frame && reasonOf(node);
    if (!node.frame || reason === null) return frameClass(node.frame, "offcpu");
    const letter = node.frame.kind === "kernel" ? "k" : "r";
    return `${letter}${hueOf(reason)}-${hueIndex(node.frame.function, REASON_SHADES)}`;
  };
  return {
    visit: (node, stack) => {
      const { reason } = stack.labels;
      const value = stack.values[valueIndex];
      if (reason === undefined || !(value > 0)) return;
      let own = sums.get(node);
      if (!own) sums.set(node, own = new Map());
      own.set(reason, (own.get(reason) ?? 0) + value);
    },
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
function selfLooks(total: () => number): Looks {
  return {
    visit: null,
    of: ({ frame, self }) =>
      frame === null ? "x0" : `s${Math.round(Math.sqrt(Math.min(1, self / (total() || 1) * 4)) * (SELF_STEPS - 1))}`,
    perNode: true,
    compares: false,
    sides: () => null,
    legend: (_, lang) => [["s0", message(lang, "page.self_little")], [
      `s${SELF_STEPS - 1}`,
      message(lang, "page.self_much"),
    ]],
  };
}

/** By how a box changed, of stacks whose first two values are those before and after. */
export function changeLooks(comparison: Comparison): Looks {
  const sums = new Map<CallNode, [number, number]>();
  const sides = (node: CallNode): readonly [number, number] => sums.get(node) ?? [0, 0];
  return {
    visit: (node, { values }) => {
      let own = sums.get(node);
      if (!own) sums.set(node, own = [0, 0]);
      own[0] += Math.max(0, values[0]);
      own[1] += Math.max(0, values[1]);
    },
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
