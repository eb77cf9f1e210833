import type { Profile } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { type CallNode, callTree } from "../flame/call_tree.ts";
import { hueIndex } from "../flame/color.ts";
import { formatRatio } from "../format_value.ts";
import { type RenderOptions, usableWidth } from "../options.ts";
import { frameName, isUnknown } from "../profile_stats.ts";
import { pad, truncate } from "../width.ts";

const MOST_LEVELS = 18;
const LEAST_WIDTH = 3;
/** Colours of the 256-colour palette that black text reads well on, by kind of frame. */
const PALETTE: Readonly<Record<string, readonly number[]>> = {
  user: [216, 222, 215, 221, 180, 223, 214, 179],
  kernel: [117, 111, 153, 110, 147, 146],
  interpreted: [157, 114, 150, 120],
  inlined: [123, 116, 159, 80],
  gpu: [183, 177, 219],
  unknown: [252, 250, 248],
};

interface Box {
  readonly node: CallNode;
  readonly from: number;
  readonly to: number;
}

/**
 * A flame graph of text, root above its callees (an icicle), as deep as boxes of three columns go.
 *
 * @param levels most rows
 */
export function renderFlameText(profile: Profile, options: RenderOptions, levels = MOST_LEVELS): string {
  const root = callTree(profile);
  const width = usableWidth(options);
  if (root.total === 0) return "";
  let level: Box[] = [{ node: root, from: 0, to: width }];
  const lines: string[] = [];
  for (let depth = 0; depth < levels; depth++) {
    level = level.flatMap((box) => inside(box, root.total, width));
    if (level.length === 0) break;
    lines.push(draw(level, options, root.total));
  }
  return lines.join("\n");
}

/** The children of a box, largest first, each as wide as its share of the whole. */
function inside(box: Box, total: number, width: number): Box[] {
  let at = box.from;
  const boxes: Box[] = [];
  const children = [...box.node.children.values()].sort((a, b) => b.total - a.total);
  for (const node of children) {
    const columns = Math.min(box.to - at, Math.round(node.total / total * width));
    if (columns < LEAST_WIDTH) break;
    boxes.push({ node, from: at, to: at + columns });
    at += columns;
  }
  return boxes;
}

function draw(level: readonly Box[], options: RenderOptions, total: number): string {
  let line = "";
  let at = 0;
  for (const { node, from, to } of level) {
    line += " ".repeat(from - at);
    const name = escapeText(frameName(node.frame!), { limit: 300 });
    const room = to - from;
    const label = room > name.length + 8 ? `${name} ${formatRatio(node.total / total)}` : name;
    // One column stays free, so that neighbours of one colour are two boxes.
    if (options.color) {
      const palette = PALETTE[isUnknown(node.frame!) ? "unknown" : node.frame!.kind] ?? PALETTE.unknown;
      const color = palette[hueIndex(name, palette.length)];
      line += `\x1b[38;5;16;48;5;${color}m${pad(truncate(" " + label, room - 1), room - 1)}\x1b[0m `;
    } else {
      line += "[" + pad(truncate(label, room - 2), room - 2, "left").replaceAll(/ +$/g, (s) => "·".repeat(s.length)) +
        "]";
    }
    at = to;
  }
  return line.trimEnd();
}
