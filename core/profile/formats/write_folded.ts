import type { Frame, FrameKind, Profile } from "../../data/mod.ts";
import { shownName } from "./_shown_name.ts";

/** How to write folded stacks. */
export interface FoldedOptions {
  /** Index of the sample type to write; 0 by default. */
  readonly sampleType?: number;
  /** Write at most so many lines, the highest values; 0 or absent is all. */
  readonly limit?: number;
  /** Labels whose values come before the first frame, those that a stack has; `comm` by default. */
  readonly labels?: readonly string[];
}

/** The stacks of a profile as folded text, highest value first; equal lines are added up. Values of 0 are left out. */
export function writeFolded(profile: Profile, options: FoldedOptions = {}): string {
  return foldedLines(profile, options).join("");
}

/**
 * The same line by line. A comparison (sample types `before`, `after`) has both values behind each line, unless a sample
 * type was asked for.
 *
 * @throws {RangeError} when there is no such sample type
 */
export function foldedLines(profile: Profile, options: FoldedOptions = {}): string[] {
  const { sampleType = 0, limit = 0, labels = ["comm"] } = options;
  if (sampleType > 0 && sampleType >= profile.sampleTypes.length) throw new RangeError(`No sample type ${sampleType}`);
  const both = options.sampleType === undefined && profile.sampleTypes.map((t) => t.name).join() === "before,after";
  const names = profile.frames.map(frameText);
  const lines = new Map<string, [number, number]>();
  for (const stack of profile.stacks) {
    const value = stack.values[sampleType] ?? 0;
    const after = both ? stack.values[1] : 0;
    if (value === 0 && after === 0) continue;
    let line = "";
    for (const label of labels) {
      const text = stack.labels[label];
      if (text !== undefined) line += (line === "" ? "" : ";") + escapeName(text);
    }
    for (const f of stack.frames) line += (line === "" ? "" : ";") + names[f];
    const known = lines.get(line);
    if (known) {
      known[0] += value;
      known[1] += after;
    } else lines.set(line, [value, after]);
  }
  let entries = [...lines].sort((a, b) => b[1][0] - a[1][0] || b[1][1] - a[1][1] || (a[0] < b[0] ? -1 : 1));
  if (limit > 0) entries = entries.slice(0, limit);
  return entries.map(([line, [value, after]]) => `${line} ${decimal(value)}${both ? ` ${decimal(after)}` : ""}\n`);
}

/** A number without an exponent: readers of folded text know none. */
function decimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Math.abs(value) >= 1 ? BigInt(Math.round(value)).toString() : value.toFixed(20);
}

/** How a frame reads in folded text. */
function frameText(f: Frame): string {
  return escapeName(shownName(f)) + (MARKS[f.kind] ?? "");
}

function escapeName(name: string): string {
  return name.replace(SPECIAL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const MARKS: Partial<Record<FrameKind, string>> = { kernel: "_[k]", inlined: "_[i]", interpreted: "_[j]" };
const SPECIAL = /[;\n\r]|\\(?=x(?:3b|0a|0d|5c|5f|23|20))|_(?=\[[kij]\]$)|^#| (?=-?\d+(?:\.\d+)?$)/g;
