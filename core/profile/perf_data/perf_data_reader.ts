import { type Frame, type Profile, quality, type SampleType } from "../../data/mod.ts";
import { CONTEXT, DEFAULT_MAX_STACK } from "../../perf/mod.ts";
import { addressOf, UNKNOWN } from "../../symbols/mod.ts";
import type { Host } from "../../host/mod.ts";
import { dropGarbage } from "../_drop_garbage.ts";
import { reachesRoot } from "../_reaches_root.ts";
import { createSampleTimes } from "../_timeline.ts";
import type { ProfileReader } from "../formats/format.ts";
import { createStackTable } from "../stack_table.ts";
import { createUnwinder } from "../unwind/mod.ts";
import { countsTime, isDummy } from "./event_name.ts";
import { localFiles } from "./local_files.ts";
import { perfDataParser, type RecordedEvent } from "./perf_data_parser.ts";
import { recordedChains } from "./recorded_chains.ts";
import { recordedNames } from "./recorded_names.ts";
import type { RecordedSpace, RecordedTask } from "./recorded_tasks.ts";

/** How to read perf.data. */
export interface PerfDataOptions {
  /** Keep the time of each sample. Takes 20 bytes a sample. */
  readonly timeline?: boolean;
  /** The machine whose files give names to addresses; without, they have none. */
  readonly host?: Host;
}

/**
 * Reads perf.data into a profile: for each event that was sampled, how many samples and what they counted. Memory is
 * that of the distinct stacks.
 */
export function perfDataReader({ timeline, host }: PerfDataOptions = {}): ProfileReader {
  const table = createStackTable(32 << 20);
  const files = host ? localFiles(host) : null;
  const chains = recordedChains(host && files ? { unwinder: createUnwinder(host), files } : null);
  const spaces: RecordedSpace[] = [];
  const labels: Record<string, string>[] = [];
  const labelIndex = new Map<string, number>();
  /** What a stack in the table belongs to: label and event, and how it was found. */
  const keys: { label: number; event: number; byFramePointers: boolean }[] = [];
  const keyIndex = new Map<number, number>();
  const times = timeline ? createSampleTimes() : null;
  let samples = 0;
  let full = 0;
  let firstTime = NaN;
  let lastTime = NaN;

  const parser = perfDataParser({
    sample: (sample, event, task, time) => {
      samples++;
      const { space } = task.process;
      if (space.id < 0) {
        space.id = spaces.push(space) - 1;
        space.sampled = true;
      }
      if (task.label < 0) task.label = labelOf(task);
      const n = chains.make(sample, event.attr, space);
      const stack = table.add(
        chains.words,
        0,
        n,
        space.id,
        keyOf(task.label, event.index, chains.byFramePointers),
        sample.period,
      );
      if (stack < 0) return void full++;
      if (time === time) {
        if (!(time >= firstTime)) firstTime = time;
        if (!(time <= lastTime)) lastTime = time;
        times?.add(time, stack, 1);
      }
    },
  });
  const labelOf = (task: RecordedTask): number => {
    const { process } = task;
    const comm = parser.tasks.commOf(process);
    const own = task.comm ?? comm;
    const key = `${process.pid}\0${comm}\0${own}`;
    let index = labelIndex.get(key);
    if (index === undefined) {
      const label: Record<string, string> = { pid: String(process.pid), comm: comm || own };
      if (own !== comm && comm !== "") label.thread = own;
      labelIndex.set(key, index = labels.push(label) - 1);
    }
    return index;
  };
  const keyOf = (label: number, event: number, byFramePointers: boolean): number => {
    const number = (label * 65536 + event) * 2 + (byFramePointers ? 1 : 0);
    let key = keyIndex.get(number);
    if (key === undefined) keyIndex.set(number, key = keys.push({ label, event, byFramePointers }) - 1);
    return key;
  };

  return {
    push: parser.push,
    end: () => {
      parser.end();
      const { names, stacks, frames, types, stackOf, truncated, lostRoot, undecided } = build();
      const notes = [...parser.notes(), ...names.notes()];
      if (undecided > 0) {
        notes.push(
          `Of ${undecided} samples nothing tells whether their stacks are complete: the files that they begin in are not here.`,
        );
      }
      const failures = { ...chains.failures, ...(lostRoot > 0 ? { frame_pointer: lostRoot } : {}) };
      const lost: Record<string, number> = { ...parser.lost };
      if (full > 0) lost.map_full = full;
      const profile: Profile = {
        kind: "profile",
        sampleTypes: types,
        frames,
        stacks,
        quality: quality({
          events: samples - full,
          lost_by: lost,
          truncated,
          unwind_failures_by: failures,
          duration_ns: lastTime >= firstTime ? lastTime - firstTime : 0,
          notes,
        }),
      };
      return times ? { ...profile, timeline: timelineOf(stackOf) } : profile;
    },
  };

  function build(): {
    names: ReturnType<typeof recordedNames>;
    frames: Frame[];
    types: SampleType[];
    stacks: Profile["stacks"];
    stackOf: number[];
    /** Samples whose stack is cut, ends before its root, may or may not. */
    truncated: number;
    lostRoot: number;
    undecided: number;
  } {
    const names = recordedNames(parser.info, parser.kernel, host ?? null, files);
    const frames: Frame[] = [];
    const frameIndex = new Map<string, number>();
    const intern = (f: Frame): number => {
      const key = `${f.kind}\0${f.function}\0${f.module}\0${f.file}\0${f.line}`;
      let index = frameIndex.get(key);
      if (index === undefined) frameIndex.set(key, index = frames.push(f) - 1);
      return index;
    };
    const kernelFrames = new Map<number, readonly number[]>();
    const userFrames = spaces.map(() => new Map<number, readonly number[]>());
    const used = new Set(keys.map((k) => k.event));
    const shown = parser.events.filter((e) => used.has(e.index) || (used.size === 0 && !isDummy(e.attr)));
    const columnOf = new Map(shown.map((e, i) => [e.index, i * 2]));
    const folded = new Map<string, { frames: number[]; values: number[]; label: number }>();
    const order: { frames: number[]; values: number[]; label: number }[] = [];
    let truncated = 0;
    let lostRoot = 0;
    let undecided = 0;

    table.each((entry) => {
      const { label, event, byFramePointers } = keys[entry.label];
      const space = spaces[entry.space];
      const chain = splitChain(entry.words);
      const { user } = chain;
      const cut = byFramePointers && dropGarbage(user, space.mappings);
      const indexes = namedChain(chain, (address, context) => {
        const known = context === "user" ? userFrames[entry.space] : kernelFrames;
        let indexes = context === "guest" ? undefined : known.get(address);
        if (indexes === undefined) {
          const frames = context === "user"
            ? names.user(space, address)
            : context === "kernel"
            ? [names.kernel(address)]
            : [{ function: "[unknown]", module: "[guest]", file: "", line: 0, kind: "unknown" as const }];
          indexes = frames.map(intern);
          if (context !== "guest") known.set(address, indexes);
        }
        return indexes;
      });
      const written = chain.guest.length + chain.kernel.length + (byFramePointers ? user.length : 0);
      if (written >= DEFAULT_MAX_STACK) truncated += entry.count;
      else if (byFramePointers && (cut || user.length > 0 && !reachesRoot(frames[indexes[0]], user.length))) {
        const known = cut || frames[indexes[0]].function !== UNKNOWN || names.readable(space, user[user.length - 1]);
        if (known) lostRoot += entry.count;
        else undecided += entry.count;
      }
      const key = `${label}:${indexes.join(",")}`;
      let into = folded.get(key);
      if (!into) folded.set(key, into = { frames: indexes, values: new Array(shown.length * 2).fill(0), label });
      const column = columnOf.get(event)!;
      into.values[column] += entry.count;
      into.values[column + 1] += entry.weight;
      order.push(into);
    });
    const sorted = [...folded.values()].sort((a, b) => b.values[0] - a.values[0]);
    const place = new Map(sorted.map((s, i) => [s, i]));
    return {
      names,
      frames,
      types: sampleTypes(shown),
      stacks: sorted.map(({ frames, values, label }) => ({ frames, values, labels: labels[label] })),
      stackOf: times ? order.map((s) => place.get(s)!) : [],
      truncated,
      lostRoot,
      undecided,
    };
  }

  function timelineOf(stackOf: number[]): NonNullable<Profile["timeline"]> {
    const { length, timeNs, chain } = times!;
    const start = firstTime === firstTime ? firstTime : 0;
    // In the order of time already, but for what came too late.
    const order = Uint32Array.from({ length }, (_, i) => i);
    if (order.some((i) => i > 0 && timeNs[i] < timeNs[i - 1])) order.sort((a, b) => timeNs[a] - timeNs[b] || a - b);
    const { clockOffsetNs } = parser.info;
    return {
      startNs: clockOffsetNs === null ? null : clockOffsetNs + parser.timeBase() + BigInt(start),
      timeNs: Float64Array.from(order, (i) => timeNs[i] - start),
      stack: Uint32Array.from(order, (i) => stackOf[chain[i]]),
      value: new Float64Array(length).fill(1),
    };
  }
}

/** `samples` and the event's own name; of several events, all by name. */
function sampleTypes(events: readonly RecordedEvent[]): SampleType[] {
  if (events.length === 0) return [{ name: "samples", unit: "count" }];
  return events.flatMap((e): SampleType[] => [
    { name: events.length === 1 ? "samples" : `samples:${e.name}`, unit: "count" },
    { name: e.name, unit: countsTime(e.attr) ? "ns" : "count" },
  ]);
}

type Context = "user" | "kernel" | "guest";

/** Addresses of a chain by where they ran, leaf first. */
function splitChain(words: Uint32Array): Record<Context, number[]> {
  const parts: Record<Context, number[]> = { kernel: [], user: [], guest: [] };
  let into: Context | null = null;
  for (let i = 0; i + 1 < words.length; i += 2) {
    const address = addressOf(words[i + 1], words[i]);
    if (address < 0 && address >= CONTEXT.MAX) {
      into = address === CONTEXT.KERNEL || address === CONTEXT.HV
        ? "kernel"
        : address === CONTEXT.USER
        ? "user"
        : address >= GUEST_LAST && address <= CONTEXT.GUEST
        ? "guest"
        : null;
    } else if (into !== null) parts[into].push(address);
  }
  return parts;
}

/** Frames root first. The first address of each context is where it was interrupted, the others are behind the calls. */
function namedChain(
  chain: Record<Context, readonly number[]>,
  nameOf: (address: number, context: Context) => readonly number[],
): number[] {
  const list: number[] = [];
  for (const context of ["user", "kernel", "guest"] as const) {
    const addresses = chain[context];
    for (let i = addresses.length - 1; i >= 0; i--) {
      // Of an address, the function comes first and what is inlined into it after it.
      list.push(...nameOf(i === 0 ? addresses[0] : addresses[i] - 1, context));
    }
  }
  return list;
}

/** PERF_CONTEXT_GUEST_USER; the guest's others lie between it and PERF_CONTEXT_GUEST. */
const GUEST_LAST = -2560;
