import type { Profile } from "../../data/mod.ts";
import { formatByUnit, formatNumber } from "../format_value.ts";
import { baseName, frameName, functionsOf, functionTotals, profileTotal, stackValue } from "../profile_stats.ts";
import { short } from "./_table.ts";
import { neutral } from "./neutral.ts";

const MOST_FOLDED = 1000;
const NAME = 160;

/** Level 1: the top functions in a table. Level 2: with the heaviest call chain of each. Level 3: folded stacks. */
export function profileLines(profile: Profile, level: 1 | 2 | 3): string[] {
  const total = profileTotal(profile);
  const type = profile.sampleTypes[0];
  const unit = type?.unit ?? "count";
  const amount = unit === "count" || unit === null
    ? `${formatNumber(total)} ${neutral(type?.name ?? "", 40)}`
    : formatByUnit(total, unit);
  const all = functionTotals(profile).filter((f) => f.self > 0);
  const lines = [`# ${amount}, ${profile.stacks.length} distinct stacks, ${all.length} functions with self time`];
  if (total === 0) return lines;
  const kernel = all.reduce((sum, f) => sum + (f.kind === "kernel" ? f.self : 0), 0);
  if (kernel > 0) lines[0] += `, ${short(kernel / total * 100)} % in the kernel`;
  if (level === 3) return [...lines, ...foldedLines(profile)];
  const chains = level === 2 ? heaviestChains(profile) : null;
  lines.push(`self [%]\ttotal [%]\tfunction\tmodule\tkind${chains ? "\theaviest call chain (callers first)" : ""}`);
  for (const f of all.slice(0, level === 1 ? 10 : 30)) {
    const chain = chains?.get(chainKey(f.function, f.module, f.kind));
    const cells = [
      short(f.self / total * 100),
      short(f.total / total * 100),
      neutral(f.function, NAME),
      neutral(baseName(f.module), 60),
      f.kind,
    ];
    lines.push([...cells, ...(chain === undefined ? [] : [chain])].join("\t"));
  }
  return lines;
}

function chainKey(name: string, module: string, kind: string): string {
  return `${kind}\0${module}\0${name}`;
}

/** For each function that ran itself: the callers of its heaviest stack, the last eight of them. */
function heaviestChains(profile: Profile): Map<string, string> {
  const { ids, frames } = functionsOf(profile);
  const best = new Map<number, { value: number; frames: readonly number[] }>();
  for (const stack of profile.stacks) {
    const leaf = stack.frames[stack.frames.length - 1];
    if (leaf === undefined) continue;
    const value = stackValue(stack.values, 0);
    if (value > (best.get(ids[leaf])?.value ?? 0)) best.set(ids[leaf], { value, frames: stack.frames });
  }
  const chains = new Map<string, string>();
  for (const [id, { frames: path }] of best) {
    const f = frames[id];
    const names = path.slice(0, -1).slice(-8).map((i) => neutral(frameName(profile.frames[i]), 80));
    chains.set(chainKey(frameName(f), f.module, f.kind), (path.length > 9 ? "…;" : "") + names.join(";"));
  }
  return chains;
}

function foldedLines(profile: Profile): string[] {
  const lines = new Map<string, number>();
  const names = profile.frames.map((f) =>
    neutral(frameName(f), NAME).replaceAll(";", ":") + (f.kind === "kernel" ? "_[k]" : "")
  );
  for (const stack of profile.stacks) {
    const value = stackValue(stack.values, 0);
    if (value === 0) continue;
    const comm = stack.labels.comm === undefined ? "" : neutral(stack.labels.comm, 40).replaceAll(";", ":") + ";";
    const line = comm + stack.frames.map((i) => names[i]).join(";");
    lines.set(line, (lines.get(line) ?? 0) + value);
  }
  const sorted = [...lines].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const more = sorted.length - MOST_FOLDED;
  return [
    ...sorted.slice(0, MOST_FOLDED).map(([line, value]) => `${line} ${value}`),
    ...(more > 0 ? [`# ${more} smaller stacks left out`] : []),
  ];
}
