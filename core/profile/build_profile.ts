import { type Frame, type Profile, type ProfileStack, type Quality, quality } from "../data/mod.ts";
import { CONTEXT, DEFAULT_MAX_STACK } from "../perf/mod.ts";
import { addressOf, findMapping, type Symboliser, UNKNOWN } from "../symbols/mod.ts";
import type { AddressSpace, TaskLabel } from "./process_table.ts";
import type { StackEntry, StackTable } from "./stack_table.ts";

/** What was sampled, before anything has a name. */
export interface RawProfile {
  readonly stacks: StackTable;
  readonly spaces: readonly AddressSpace[];
  readonly labels: readonly TaskLabel[];
}

/** How complete the stacks are, in samples. */
export interface StackQuality {
  readonly events: number;
  readonly truncated: number;
  readonly unwindFailures: number;
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
  const folded = new Map<string, { frames: number[]; values: [number, number]; label: number }>();
  let events = 0;
  let truncated = 0;
  let unwindFailures = 0;

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

  raw.stacks.each((entry) => {
    const chain = splitChain(entry.words);
    const space = raw.spaces[entry.space];
    const failed = dropGarbage(chain, space);
    const names = userNames[entry.space];
    const indexes: number[] = [];
    for (let i = chain.user.length - 1; i >= 0; i--) {
      const address = i === 0 ? chain.user[0] : chain.user[i] - 1;
      indexes.push(...userFrames(names, space, address));
    }
    const root = indexes.length > 0 ? frames[indexes[0]] : null;
    for (let i = chain.kernel.length - 1; i >= 0; i--) {
      // All but the first are return addresses: the call is the instruction before, which may be a function's last.
      const address = i === 0 ? chain.kernel[0] : chain.kernel[i] - 1;
      indexes.push(kernelName(address));
    }
    events += entry.count;
    if (chain.kernel.length + chain.user.length >= DEFAULT_MAX_STACK) truncated += entry.count;
    else if (failed || (root !== null && !reachesRoot(root, chain.user.length))) unwindFailures += entry.count;

    const key = `${entry.label}:${indexes.join(",")}`;
    const known = folded.get(key);
    if (known) {
      known.values[0] += entry.count;
      known.values[1] += entry.weight;
    } else folded.set(key, { frames: indexes, values: [entry.count, entry.weight], label: entry.label });
  });

  const labels = raw.labels.map(({ pid, comm, thread }): ProfileStack["labels"] =>
    thread === "" ? { pid: String(pid), comm } : { pid: String(pid), comm, thread }
  );
  const stacks = [...folded.values()]
    .sort((a, b) => b.values[0] - a.values[0])
    .map((s) => ({ frames: s.frames, values: s.values, labels: labels[s.label] }));
  const q: Quality = quality({ events, truncated, unwind_failures: unwindFailures });
  return {
    profile: { kind: "profile", sampleTypes: SAMPLE_TYPES, frames, stacks, quality: q },
    stackQuality: { events, truncated, unwindFailures },
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

/**
 * Cuts what cannot be code off the root end of the user frames: a frame pointer that some function used for something
 * else leads into data. Nothing is cut from a process whose memory is not known.
 *
 * @returns whether anything was
 */
function dropGarbage({ user }: Chain, space: AddressSpace): boolean {
  const before = user.length;
  if (space.mappings.length === 0) return false;
  while (user.length > 1 && !findMapping(space.mappings, user[user.length - 1] - 1)) user.pop();
  return user.length < before;
}

/** Whether a stack goes down to where its thread began, as far as its outermost frame tells. */
function reachesRoot(root: Frame, depth: number): boolean {
  if (ENTRY_POINTS.has(root.function)) return true;
  // Stripped C libraries keep the names of their first functions to themselves; somebody must have been called by them.
  return root.function === UNKNOWN && depth > 1 && C_LIBRARY.test(root.module);
}

const ENTRY_POINTS: ReadonlySet<string> = new Set([
  "_start",
  "_start_c",
  "_dl_start",
  "_dl_start_user",
  "__libc_start_main",
  "__libc_start_main_impl",
  "__libc_start_call_main",
  "start_thread",
  "clone",
  "clone3",
  "__clone",
  "__clone3",
  "__clone_internal",
  "thread_start",
  "runtime.goexit",
  "runtime.goexit.abi0",
  "runtime.mstart",
  "runtime.mstart.abi0",
  "runtime.rt0_go",
  "runtime.rt0_go.abi0",
]);
const C_LIBRARY = /\/(ld-[^/]*|ld\.so[^/]*|libc[.-][^/]*|libpthread[.-][^/]*)$/;
