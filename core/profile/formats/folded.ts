/**
 * Folded stacks, the text that flame graph tools exchange (github.com/brendangregg/FlameGraph): one stack a line, frames
 * root first joined by `;`, a space, a value; `_[k]`, `_[i]`, `_[j]` end the names of kernel, inlined and
 * just-in-time-compiled frames.
 *
 * A frame's name may hold what the format cannot: `;`, line breaks, a mark that is not one, a `#` in front, a number
 * behind. These are written as `\x3b`, `\x0a`, `\x0d`, `\x5f`, `\x23` and `\x20`, and a backslash as `\x5c` where it
 * would otherwise read as one of these. All else stays as it is, so that text which other tools wrote comes back
 * unchanged.
 */
import {
  type Frame,
  type FrameKind,
  type Profile,
  type ProfileStack,
  quality,
  type SampleType,
} from "../../data/mod.ts";
import { FormatError } from "./format_error.ts";

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
  const { sampleType = 0, limit = 0, labels = ["comm"] } = options;
  const names = profile.frames.map(frameText);
  const lines = new Map<string, number>();
  for (const stack of profile.stacks) {
    const value = stack.values[sampleType] ?? 0;
    if (value === 0) continue;
    const parts: string[] = [];
    for (const label of labels) {
      const text = stack.labels[label];
      if (text !== undefined) parts.push(escapeName(text));
    }
    for (const f of stack.frames) parts.push(names[f]);
    const line = parts.join(";");
    lines.set(line, (lines.get(line) ?? 0) + value);
  }
  let entries = [...lines].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (limit > 0) entries = entries.slice(0, limit);
  return entries.map(([line, value]) => `${line} ${value}\n`).join("");
}

/** Takes folded text in pieces. */
export interface FoldedParser {
  /** @throws {FormatError} at a line that has no value at its end */
  push(chunk: string): void;
  /** The profile of all that came. @throws {FormatError} */
  end(): Profile;
}

/** Reads folded stacks as they come, in chunks of any size. */
export function foldedParser(): FoldedParser {
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const stacks = new Map<string, { frames: number[]; values: number[] }>();
  let rest = "";
  let lineNumber = 0;
  let columns = 1;

  const frameOf = (text: string): number => {
    let index = frameIndex.get(text);
    if (index === undefined) frameIndex.set(text, index = frames.push(parseFrame(text)) - 1);
    return index;
  };
  const line = (text: string): void => {
    lineNumber++;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    if (text === "" || text.startsWith("#")) return;
    const last = VALUE.exec(text);
    if (!last) throw new FormatError("no stack and value", lineNumber);
    let names = text.slice(0, last.index);
    const values = [Number(last[1])];
    // Two values are a comparison (difffolded.pl): before, after. A name may end in a space and a number all the same,
    // so the first line decides for all.
    const before = stacks.size === 0 || columns === 2 ? VALUE.exec(names) : null;
    if (before) {
      columns = 2;
      names = names.slice(0, before.index);
      values.unshift(Number(before[1]));
    }
    if (values.length < columns) throw new FormatError("one value where others have two", lineNumber);
    const known = stacks.get(names);
    if (known) values.forEach((v, i) => known.values[i] += v);
    else stacks.set(names, { frames: names === "" ? [] : names.split(";").map(frameOf), values });
  };

  return {
    push: (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const text of lines) line(text);
    },
    end: () => {
      if (rest !== "") line(rest);
      rest = "";
      const list: ProfileStack[] = [...stacks.values()].map((s) => ({ ...s, labels: {} }));
      const events = list.reduce((sum, s) => sum + s.values[s.values.length - 1], 0);
      return {
        kind: "profile",
        sampleTypes: columns === 2 ? BEFORE_AFTER : SAMPLES,
        frames,
        stacks: list,
        quality: quality({ events }),
      };
    },
  };
}

/**
 * The profile that folded text holds. Sample type `samples`, or `before` and `after` for a comparison; no labels: the
 * first frame may be a process's name, which the text does not tell.
 *
 * @throws {FormatError} at a line that has no value at its end
 */
export function parseFolded(text: string): Profile {
  const parser = foldedParser();
  parser.push(text);
  return parser.end();
}

/** Whether text begins like folded stacks: its first lines all end in a value, and one has two frames. */
export function looksLikeFolded(text: string): boolean {
  const lines = text.slice(0, 65536).split("\n").slice(0, 20);
  if (lines.length > 1) lines.pop();
  const used = lines.filter((l) => l !== "" && !l.startsWith("#"));
  return used.length > 0 && used.every((l) => VALUE.test(l)) && used.some((l) => l.includes(";"));
}

/** How a frame reads in folded text. */
function frameText(f: Frame): string {
  const unknown = f.function === "" || f.function === "[unknown]";
  const name = !unknown ? f.function : f.module !== "" ? `[${baseName(f.module)}]` : "[unknown]";
  return escapeName(name) + (MARKS[f.kind] ?? "");
}

function baseName(module: string): string {
  return module.slice(module.lastIndexOf("/") + 1).replace(/^\[(.*)\]$/, "$1");
}

function escapeName(name: string): string {
  return name.replace(SPECIAL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function parseFrame(text: string): Frame {
  const mark = /_\[([kij])\]$/.exec(text);
  const name = (mark ? text.slice(0, mark.index) : text).replace(
    ESCAPED,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  const kind: FrameKind = mark ? KINDS[mark[1]] : "user";
  return { function: name, module: "", file: "", line: 0, kind };
}

const MARKS: Partial<Record<FrameKind, string>> = { kernel: "_[k]", inlined: "_[i]", interpreted: "_[j]" };
const KINDS: Readonly<Record<string, FrameKind>> = { k: "kernel", i: "inlined", j: "interpreted" };
const SPECIAL = /[;\n\r]|\\(?=x(?:3b|0a|0d|5c|5f|23|20))|_(?=\[[kij]\]$)|^#| (?=-?\d+(?:\.\d+)?$)/g;
const ESCAPED = /\\x(3b|0a|0d|5c|5f|23|20)/g;
const VALUE = / (-?\d+(?:\.\d+)?)$/;
const SAMPLES: readonly SampleType[] = [{ name: "samples", unit: "count" }];
const BEFORE_AFTER: readonly SampleType[] = [{ name: "before", unit: "count" }, { name: "after", unit: "count" }];
