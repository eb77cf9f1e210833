import { CONTEXT } from "../../core/perf/mod.ts";
import type { RawProfile } from "../../core/profile/build_profile.ts";
import type { TaskLabel } from "../../core/profile/process_table.ts";
import { createStackTable, type StackTable } from "../../core/profile/stack_table.ts";
import { lookupMap, type MapSpec, readMap } from "../kernel/map.ts";
import { KEY } from "./program.ts";
import type { SpilledSamples } from "./spilled_samples.ts";
import { commIn } from "./comm_in.ts";
import type { SampledPrograms } from "./sampled_programs.ts";

/** Maps that were filled. */
export interface FilledMaps {
  readonly counts: { readonly fd: number; readonly spec: MapSpec };
  /** Descriptor of the map of stacks, and the most frames in one. */
  readonly stacks: number;
  readonly frames: number;
  readonly spilled: SpilledSamples;
  /** Possible CPUs. */
  readonly cpus: number;
  readonly programs: SampledPrograms;
  /** CPU time that a sample stands for, ns. */
  readonly weightNs: number;
}

/** What was counted, and how many samples found no room for their stack. */
export interface CollectedCounts extends RawProfile {
  readonly full: number;
}

/**
 * Reads the counts, and each stack once, into what profiles are built of.
 *
 * @param table where distinct stacks are kept
 */
export function collectCounts(maps: FilledMaps, table: StackTable = createStackTable()): CollectedCounts {
  let full = 0;
  const labels: TaskLabel[] = [];
  const labelIndex = new Map<string, number>();
  const known = new Map<number, Uint32Array>();
  const buffer = new BigUint64Array(new ArrayBuffer(maps.frames * 8));
  const words = new Uint32Array(buffer.buffer);
  const chain = new Uint32Array(2 * (2 + 2 * maps.frames));
  const { programs } = maps;

  const stackOf = (id: number): Uint32Array => {
    let stack = known.get(id);
    if (!stack) {
      let length = 0;
      if (lookupMap(maps.stacks, Uint32Array.of(id), buffer, "a stack")) {
        while (length < words.length && (words[length] !== 0 || words[length + 1] !== 0)) length += 2;
      }
      known.set(id, stack = words.slice(0, length));
    }
    return stack;
  };
  const labelOf = (pid: number, comm: string, thread: string): number => {
    const key = `${pid}\0${comm}\0${thread}`;
    let label = labelIndex.get(key);
    if (label === undefined) {
      labelIndex.set(key, label = labels.length);
      labels.push({ pid, comm, thread });
    }
    return label;
  };
  const ownerOf = (pid: number, exec: number, name: string): { space: number; label: number } => {
    const { space, comm } = programs.of(pid, exec);
    return { space, label: labelOf(pid, comm === "" ? name : comm, comm === "" || name === comm ? "" : name) };
  };

  for (const { count, keys, values, valueStride } of readMap(maps.counts.fd, maps.counts.spec, maps.cpus)) {
    const key = new DataView(keys.buffer);
    const numbers = new BigUint64Array(values.buffer);
    for (let i = 0; i < count; i++) {
      const at = i * KEY.BYTES;
      let samples = 0;
      for (let cpu = 0; cpu < maps.cpus; cpu++) samples += Number(numbers[(i * valueStride) / 8 + cpu]);
      const pid = key.getUint32(at + KEY.TGID, true);
      const { space, label } = ownerOf(pid, key.getUint32(at + KEY.EXEC, true), commIn(keys, at + KEY.COMM));
      let length = 0;
      for (const [offset, context] of [[KEY.KERNEL, CONTEXT.KERNEL], [KEY.USER, CONTEXT.USER]] as const) {
        const id = key.getInt32(at + offset, true);
        if (id < 0) continue;
        const stack = stackOf(id);
        chain[length] = context >>> 0;
        chain[length + 1] = 0xffffffff;
        chain.set(stack, length + 2);
        length += 2 + stack.length;
      }
      if (table.add(chain, 0, length, space, label, samples * maps.weightNs, samples) < 0) full += samples;
    }
  }
  maps.spilled.each(({ pid, exec, comm }, { words, count }) => {
    const { space, label } = ownerOf(pid, exec, comm);
    if (table.add(words, 0, words.length, space, label, count * maps.weightNs, count) < 0) full += count;
  });
  full += maps.spilled.full;
  return { full, stacks: table, spaces: programs.spaces, labels, failures: null, nsPerCount: null, times: null };
}
