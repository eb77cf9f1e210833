import { displayWidth } from "../width.ts";

/**
 * The lower edge of a plot of characters: a line with marks, and below it what they stand for, each beginning at its mark.
 * What would overlap, or reach beyond the room, is left out.
 *
 * @param ticks columns of the marks, ascending
 * @param width columns of the plot
 * @param room columns up to which texts may reach
 */
export function timeRuler(
  ticks: readonly { readonly at: number; readonly text: string }[],
  width: number,
  room: number,
): [string, string] {
  const edge = new Array<string>(width).fill("─");
  let texts = "";
  for (const { at, text } of ticks) {
    if (at >= width) continue;
    edge[at] = "┬";
    const free = texts === "" ? at >= 0 : at >= displayWidth(texts) + 2;
    if (free && at + displayWidth(text) <= room) texts += " ".repeat(at - displayWidth(texts)) + text;
  }
  return [edge.join(""), texts];
}
