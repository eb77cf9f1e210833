import type { Frame, Profile, Unit } from "../../data/mod.ts";
import { pieces } from "./_pieces.ts";
import { shownName } from "./_shown_name.ts";
import { type StackGroup, threadGroups } from "./_thread_groups.ts";
import type { WriteOptions } from "./format.ts";

/**
 * A profile as speedscope's JSON: for each sample type one profile of all stacks, and where several threads are known one
 * for each of them.
 */
export function speedscopePieces(profile: Profile, options: WriteOptions = {}): Iterable<Uint8Array> {
  return pieces(document(profile, options));
}

function* document(profile: Profile, { sampleType = 0, title = "Sonde" }: WriteOptions): Generator<string> {
  const { frames, sampleTypes, stacks, quality } = profile;
  const labels = labelSets(profile);
  const all: StackGroup = { name: "all", pid: "", tid: "", comm: "", stacks: [...stacks.keys()] };
  const threads = threadGroups(profile, MAX_THREADS);
  const ours = { schema: 1, sample_types: sampleTypes, labels: labels.sets, quality };
  yield `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"sonde","name":${
    JSON.stringify(title)
  },`;
  yield `"activeProfileIndex":${sampleType * (threads.length > 1 ? threads.length + 1 : 1)},`;
  yield `"sonde":${JSON.stringify(ours)},\n"shared":{"frames":[`;
  for (const [i, frame] of frames.entries()) yield `${i > 0 ? "," : ""}\n${JSON.stringify(frameJson(frame))}`;
  yield `\n]},\n"profiles":[`;
  let first = true;
  for (const [type, { name, unit }] of sampleTypes.entries()) {
    for (const group of threads.length > 1 ? [all, ...threads] : [all]) {
      // The profile of all is for people when there are others: those hold the same.
      const sum = threads.length > 1 && group === all;
      const heading = group.name === "all" ? name : `${group.name}: ${name}`;
      yield `${first ? "" : ","}\n`;
      first = false;
      yield* sampled(profile, group.stacks, type, heading, unit, sum ? null : labels.of);
    }
  }
  yield "\n]}\n";
}

function* sampled(
  profile: Profile,
  group: readonly number[],
  type: number,
  name: string,
  unit: Unit,
  labelOf: readonly number[] | null,
): Generator<string> {
  // A stack that has none of the first type either would be lost: it stays with 0.
  const used = group.filter((s) => type === 0 || profile.stacks[s].values[type] !== 0);
  const weights = used.map((s) => profile.stacks[s].values[type] ?? 0);
  const end = weights.reduce((a, b) => a + b, 0);
  const head = { type: "sampled", name, unit: UNITS[unit ?? "none"] ?? "none", startValue: 0, endValue: end };
  yield `${JSON.stringify(head).slice(0, -1)},"weights":${JSON.stringify(weights)},`;
  yield `"sonde":${JSON.stringify(labelOf ? { type, labels: used.map((s) => labelOf[s]) } : { type, sum: true })},`;
  yield `"samples":[`;
  for (const [i, s] of used.entries()) yield `${i > 0 ? "," : ""}${JSON.stringify(profile.stacks[s].frames)}`;
  yield "]}";
}

function frameJson(frame: Frame): unknown {
  const { function: name, module, file, line, kind } = frame;
  const shown = shownName(frame);
  const own = {
    ...shown !== name ? { function: name } : {},
    ...module !== "" ? { module } : {},
    ...kind !== "user" ? { kind } : {},
  };
  return {
    name: shown,
    ...file !== "" ? { file } : {},
    ...line > 0 ? { line } : {},
    ...Object.keys(own).length > 0 ? { sonde: own } : {},
  };
}

function labelSets({ stacks }: Profile): { sets: Readonly<Record<string, string>>[]; of: number[] } {
  const sets: Readonly<Record<string, string>>[] = [];
  const index = new Map<string, number>();
  const of = stacks.map(({ labels }) => {
    const key = JSON.stringify(labels);
    let i = index.get(key);
    if (i === undefined) index.set(key, i = sets.push(labels) - 1);
    return i;
  });
  return { sets, of };
}

const MAX_THREADS = 256;
const UNITS: Readonly<Record<string, string | undefined>> = { ns: "nanoseconds", bytes: "bytes" };
