import { type Frame, type Profile, type ProfileStack, type Quality, quality, type Timeline } from "../data/mod.ts";
import { CONTEXT, DEFAULT_MAX_STACK } from "../perf/mod.ts";
import { addressOf, type Symboliser } from "../symbols/mod.ts";
import { dropGarbage } from "./_drop_garbage.ts";
import { reachesRoot } from "./_reaches_root.ts";
import type { AddressSpace, TaskLabel } from "./process_table.ts";
import type { StackEntry, StackTable } from "./stack_table.ts";
import type { SampleTimes } from "./_timeline.ts";

/** What was sampled, before anything has a name. */
export interface RawProfile {
  readonly stacks: StackTable;
  readonly spaces: readonly AddressSpace[];
  readonly labels: readonly TaskLabel[];
  /** Stacks without their root by reason, where we unwound them; null where only names can tell. */
  readonly failures: Readonly<Record<string, number>> | null;
  /** When samples do not all stand for the same time: the time of which one counts 1, in ns. */
  readonly nsPerCount: number | null;
  /** When samples were taken, and when it began by their clock and by the calendar. */
  readonly times: { readonly samples: SampleTimes; readonly startNs: number; readonly startUnixNs: bigint } | null;
}

/** Chains that read alike. */
interface Folded {
  readonly frames: number[];
  readonly values: [count: number, ns: number];
  readonly label: number;
}

/** How complete the stacks are, in samples. */
export interface StackQuality {
  readonly events: number;
  readonly truncated: number;
  readonly failures: Readonly<Record<string, number>>;
}

/**
 * Names every distinct address once and folds call chains that read alike.
 *
 * @param lines whether the same function in two lines is two frames; the symboliser must have been asked for lines too
 */
export function buildProfile(
  raw: RawProfile,
  symboliser: Symboliser,
  lines = false,
): { profile: Profile; stackQuality: StackQuality } {
  const frames: Frame[] = [];
  const frameIndex = new Map<string, number>();
  const kernelNames = new Map<number, number>();
  const userNames: Map<number, readonly number[]>[] = raw.spaces.map(() => new Map());
  const arrays = new Map<readonly Frame[], readonly number[]>();
  const folded = new Map<string, Folded>();
  let events = 0;
  let truncated = 0;
  let badChains = 0;
  /** By number of the chain. */
  const foldedOf: Folded[] = [];

  const intern = (frame: Frame): number => {
    const name = `${frame.kind}\0${frame.function}\0${frame.module}`;
    const key = lines ? `${name}\0${frame.file}\0${frame.line}` : name;
    let index = frameIndex.get(key);
    if (index === undefined) {
      frameIndex.set(key, index = frames.length);
      frames.push(frame);
    }
    return index;
  };
  const kernelName = (address: number): number => {
    let index = kernelNames.get(address);
    if (index === undefined) kernelNames.set(address, index = intern(symboliser.kernel(address)));
    return index;
  };
  const userFrames = (
    names: Map<number, readonly number[]>,
    space: AddressSpace,
    address: number,
  ): readonly number[] => {
    let indexes = names.get(address);
    if (indexes === undefined) {
      const found = symboliser.userFrames(space.pid, space.mappings, address);
      indexes = arrays.get(found);
      if (indexes === undefined) arrays.set(found, indexes = found.map(intern));
      names.set(address, indexes);
    }
    return indexes;
  };

  const loops: boolean[] = [];
  const isLoop = (index: number): boolean => loops[index] ??= PYTHON_LOOP.test(frames[index].function);

  raw.stacks.each((entry) => {
    const chain = splitChain(entry.words);
    const space = raw.spaces[entry.space];
    const failed = raw.failures === null && dropGarbage(chain.user, space.mappings);
    const names = userNames[entry.space];
    const indexes: number[] = [];
    for (let i = chain.user.length - 1; i >= 0; i--) {
      const address = i === 0 ? chain.user[0] : chain.user[i] - 1;
      for (const index of userFrames(names, space, address)) {
        // The loop runs the function that the frame before it names.
        if (isLoop(index) && indexes.length > 0 && frames[indexes[indexes.length - 1]].kind === "interpreted") continue;
        indexes.push(index);
      }
    }
    const root = indexes.length > 0 ? frames[indexes[0]] : null;
    for (let i = chain.kernel.length - 1; i >= 0; i--) {
      // All but the first are return addresses: the call is the instruction before, which may be a function's last.
      const address = i === 0 ? chain.kernel[0] : chain.kernel[i] - 1;
      indexes.push(kernelName(address));
    }
    events += entry.count;
    const written = raw.failures === null ? chain.kernel.length + chain.user.length : chain.kernel.length;
    if (written >= DEFAULT_MAX_STACK) truncated += entry.count;
    else if (raw.failures === null && (failed || (root !== null && !reachesRoot(root, chain.user.length)))) {
      badChains += entry.count;
    }

    const key = `${entry.label}:${indexes.join(",")}`;
    let into = folded.get(key);
    if (!into) folded.set(key, into = { frames: indexes, values: [0, 0], label: entry.label });
    into.values[0] += raw.nsPerCount === null ? entry.count : entry.weight / raw.nsPerCount;
    into.values[1] += entry.weight;
    if (raw.times) foldedOf.push(into);
  });

  const labels = raw.labels.map(({ pid, comm, thread, state }): ProfileStack["labels"] => ({
    pid: String(pid),
    comm,
    ...(thread !== "" && { thread }),
    ...(state !== undefined && { state }),
  }));
  const sorted = [...folded.values()].sort((a, b) => b.values[0] - a.values[0]);
  const stacks = sorted.map(({ frames, values: [count, ns], label }) => ({
    frames,
    values: [raw.nsPerCount === null ? count : Math.max(1, Math.round(count)), ns],
    labels: labels[label],
  }));
  const failures = raw.failures ?? (badChains > 0 ? { frame_pointer: badChains } : {});
  const q: Quality = quality({ events, truncated, unwind_failures_by: failures });
  const profile: Profile = { kind: "profile", sampleTypes: SAMPLE_TYPES, frames, stacks, quality: q };
  if (raw.times === null) return { profile, stackQuality: { events, truncated, failures } };
  const index = new Map(sorted.map((s, i) => [s, i] as const));
  const timeline = timelineOf(raw.times, raw.nsPerCount, Uint32Array.from(foldedOf, (s) => index.get(s)!));
  return { profile: { ...profile, timeline }, stackQuality: { events, truncated, failures } };
}

/** Times from the start on, in order. @param stackOf stack of each chain */
function timelineOf(
  { samples, startNs, startUnixNs }: NonNullable<RawProfile["times"]>,
  nsPerCount: number | null,
  stackOf: Uint32Array,
): Timeline {
  const n = samples.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  // Rings are merged in order of time but for the last of them, which is read to its end.
  let inOrder = true;
  for (let i = 1; i < n; i++) if (samples.timeNs[i] < samples.timeNs[i - 1]) inOrder = false;
  if (!inOrder) order.sort((a, b) => samples.timeNs[a] - samples.timeNs[b]);
  // Events count from the moment they are opened: what came before the window's start is its first instant.
  return {
    startNs: startUnixNs,
    timeNs: Float64Array.from(order, (i) => Math.max(0, samples.timeNs[i] - startNs)),
    stack: Uint32Array.from(order, (i) => stackOf[samples.chain[i]]),
    value: Float64Array.from(order, (i) => nsPerCount === null ? 1 : samples.weight[i] / nsPerCount),
  };
}

const SAMPLE_TYPES: Profile["sampleTypes"] = [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }];

interface Chain {
  /** Leaf first. */
  readonly kernel: number[];
  readonly user: number[];
}

function splitChain(words: StackEntry["words"]): Chain {
  const chain: Chain = { kernel: [], user: [] };
  let into: number[] | null = null;
  for (let i = 0; i + 1 < words.length; i += 2) {
    const address = addressOf(words[i + 1], words[i]);
    if (address < 0 && address >= CONTEXT.MAX) {
      into = address === CONTEXT.KERNEL ? chain.kernel : address === CONTEXT.USER ? chain.user : null;
    } else into?.push(address);
  }
  return chain;
}

const PYTHON_LOOP = /^_?PyEval_EvalFrame(?:Default|Ex)?$/;
