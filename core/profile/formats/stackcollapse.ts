/**
 * Folded stacks as stackcollapse-perf.pl `--all` makes them of `perf script` text
 * (github.com/brendangregg/FlameGraph), line for line: names without what stands in parentheses, spaces of processes'
 * names as `_`, an unknown function named by its module, `_[k]`, `_[j]` and `_[i]` behind names of kernel code,
 * just-in-time-compiled code and inlined functions. Counted is the first event: its periods where they are known, else
 * its samples.
 *
 * It names less than Sonde's own folded text (`folded.ts`), and is for comparing with other tools.
 */
import type { Frame, Profile } from "../../data/mod.ts";
import type { ProfileFormat } from "./format.ts";

/** What stackcollapse-perf.pl would have made of the same samples. */
export const stackcollapseFormat: ProfileFormat = {
  name: "stackcollapse",
  endings: [".stackcollapse"],
  doc: "Folded stacks exactly as stackcollapse-perf.pl --all makes them of perf script text",
  *write(profile, options) {
    yield new TextEncoder().encode(
      collapse(profile, options?.sampleType ?? Math.min(1, profile.sampleTypes.length - 1)),
    );
  },
};

function collapse(profile: Profile, type: number): string {
  const plain = profile.frames.map((f) => frameNames(f, false));
  let java: string[][] | null = null;
  const lines = new Map<string, number>();
  for (const stack of profile.stacks) {
    const value = stack.values[type] ?? 0;
    if (value === 0) continue;
    const comm = (stack.labels.comm ?? "").replaceAll(" ", "_");
    const names = comm === "java" ? java ??= profile.frames.map((f) => frameNames(f, true)) : plain;
    let line = comm;
    for (const frame of stack.frames) for (const name of names[frame]) line += `;${name}`;
    lines.set(line, (lines.get(line) ?? 0) + value);
  }
  const order = [...lines.keys()].some((line) => SURROGATE.test(line))
    ? compareBytes
    : (a: string, b: string): number => a < b ? -1 : 1;
  return [...lines].sort((a, b) => order(a[0], b[0])).map(([line, value]) => `${line} ${value}\n`).join("");
}

/** A frame as the names that it becomes: maps of Java list inlined functions as `outer->inner`. */
function frameNames(frame: Frame, java: boolean): string[] {
  const { function: name, module } = frame;
  const mark = markOf(frame);
  if (name.startsWith("(")) return [];
  return name.split("->").map((part, i) => {
    // perf prints nothing for a symbol without a name: the script takes the space around it for one.
    if (part === "") return " " + mark;
    let text = part !== "[unknown]"
      ? part
      : module !== ""
      ? `[${module.slice(module.lastIndexOf("/") + 1)}]`
      : "[unknown]";
    text = text.replaceAll(";", ":");
    // Go names methods as net/http.(*Client).Do: there parentheses are part of the name.
    if (!/\.\(.*\)\./.test(text)) text = text.replace(/\((?!anonymous namespace\)).*/s, "");
    text = text.replace(/["']/g, "");
    if (java && text.includes("/")) text = text.replace(/^L/, "");
    return text + (i > 0 ? "_[i]" : mark);
  });
}

/** Modules decide, for that is what the script goes by: `[vdso]` counts as kernel there. */
function markOf({ kind, module, function: name }: Frame): string {
  if (kind === "inlined") return "_[i]";
  if (module === "") {
    if (name === "" || name === "[unknown]") return "";
    return kind === "kernel" ? "_[k]" : kind === "interpreted" ? "_[j]" : "";
  }
  if (/^\[|vmlinux$/.test(module) && !module.includes("unknown")) return "_[k]";
  return /\/tmp\/perf-\d+\.map|\/jitted-\d+-\d+\.so/.test(module) ? "_[j]" : "";
}

/** The order of bytes in UTF-8, which is that of code points: JavaScript's own is by UTF-16 units. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [high, low] = [(x & 0xf800) === 0xd800, (y & 0xf800) === 0xd800];
    return high === low ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}

const SURROGATE = /[\ud800-\udfff]/;
