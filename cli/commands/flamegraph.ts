import { type Profile, UsageError } from "../../core/data/mod.ts";
import type { FlameColors } from "../../core/render/flame/color.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn, writeFile } from "../output.ts";
import { terminalProgress } from "../progress.ts";
import { readProfile } from "../read_profile.ts";
import { sampleTypeIndex } from "../sample_type.ts";

/** Options of `sonde flamegraph`. */
export interface FlamegraphOptions {
  /** `.svg` or `.html`; standard output gets an SVG. */
  readonly output?: string;
  readonly title?: string;
  readonly icicle?: boolean;
  readonly heatmap?: boolean;
  readonly colors?: FlameColors;
  /** Number or name. */
  readonly sampleType?: string;
  /** Format to read, where the beginning does not say it. */
  readonly format?: string;
}

/** A profile of any format in, an interactive SVG or a page out. */
export async function flamegraph(file: string | undefined, options: FlamegraphOptions): Promise<number> {
  const { output } = options;
  if (output !== undefined && !/\.(svg|html)$/.test(output)) {
    throw new UsageError(`"${output}": a flame graph is written as .svg or .html`);
  }
  const path = file ?? "-";
  const profile = await readProfile(path, {
    timeline: options.heatmap || output?.endsWith(".html"),
    progress: terminalProgress(),
    ...(options.format !== undefined && { format: options.format }),
  });
  const name = path === "-" ? "standard input" : path;
  if (profile.stacks.length === 0) throw new UsageError(`${name} holds no stacks`, HINT);
  if (profile.stacks.some((stack) => stack.values.some((v) => v < 0))) {
    throw new UsageError(`${name} holds counts below 0: no flame has such a width`, HINT);
  }
  const picture = await draw(profile, options);
  if (output === undefined) print(picture);
  else {
    try {
      writeFile(output, picture);
    } catch (error) {
      if (output.endsWith(".svg")) print(picture);
      throw error;
    }
    warn(`Wrote ${output}`);
  }
  return EXIT.ok;
}

const HINT = "Folded text, for example, has on each line a stack, root first, and a count: main;work;hot 42";

async function draw(profile: Profile, options: FlamegraphOptions): Promise<string> {
  const title = options.title ??
    (options.heatmap ? "Samples over time" : options.icicle ? "Icicle graph" : "Flame graph");
  const valueIndex = sampleTypeIndex(profile, options.sampleType);
  const colors = options.colors;
  const sides = valueIndex === undefined ? beforeAndAfter(profile) : null;
  if (options.output?.endsWith(".html")) {
    const { profileHtml } = await import("../../core/render/profile_page/page.ts");
    const tab = options.heatmap ? "heat" : options.icicle ? "icicle" : "flame";
    return sides
      ? profileHtml(sides[1], { title, colors, tab, before: sides[0] })
      : profileHtml(withFirst(profile, valueIndex ?? 0), { title, colors, tab });
  }
  if (options.heatmap) {
    if (!profile.timeline) throw new UsageError("The profile does not tell when its samples were taken");
    const { heatMapSvg } = await import("../../core/render/heat_map_svg.ts");
    const { subsecondMap } = await import("../../core/render/subsecond_map.ts");
    return heatMapSvg(subsecondMap(profile.timeline), { title, quality: profile.quality });
  }
  const { flameSvg } = await import("../../core/render/flame/svg.ts");
  const common = { title, colors, inverted: options.icicle };
  if (!sides) return flameSvg(profile, { ...common, valueIndex });
  const { compareProfiles } = await import("../../core/render/diff/comparison.ts");
  const comparison = compareProfiles(...sides, "share")!;
  return flameSvg(sides[1], { ...common, before: { profile: sides[0], comparison } });
}

/** Puts one sample type first: a page begins with that. */
function withFirst(profile: Profile, index: number): Profile {
  if (index === 0) return profile;
  const move = <T>(list: readonly T[]): T[] => [list[index], ...list.filter((_, i) => i !== index)];
  return {
    ...profile,
    // What a sample counts is of the type that was the first.
    timeline: undefined,
    sampleTypes: move(profile.sampleTypes),
    stacks: profile.stacks.map((s) => ({ ...s, values: move(s.values) })),
  };
}

/** The two profiles that folded text with two values a line (difffolded.pl) is of; null for others. */
function beforeAndAfter(profile: Profile): [Profile, Profile] | null {
  const names = profile.sampleTypes.map((t) => t.name).join();
  if (names !== "before,after") return null;
  const side = (at: number): Profile => ({
    ...profile,
    sampleTypes: [{ name: "samples", unit: "count" }],
    stacks: profile.stacks.map((s) => ({ ...s, values: [s.values[at]] })),
  });
  return [side(0), side(1)];
}
