import { CONTEXT } from "../../core/perf/mod.ts";
import { createStackTable, type StackEntry, type StackTable } from "../../core/profile/stack_table.ts";
import type { RingReader } from "../ring/ring_reader.ts";
import { commIn } from "./comm_in.ts";
import { KEY, SPILL } from "./program.ts";

/** Who was sampled: process, execs before, thread's name. */
export interface SampledTask {
  readonly pid: number;
  readonly exec: number;
  readonly comm: string;
}

/** Samples that found no place in the kernel's maps, counted here. */
export interface SpilledSamples {
  /** Takes what is in the ring. */
  drain(): void;
  each(visit: (task: SampledTask, entry: StackEntry) => void): void;
  /** Samples that found no room here either. */
  readonly full: number;
}

/**
 * Folds what a ring of {@linkcode SPILL} records holds.
 *
 * @param table where distinct stacks are kept
 */
export function createSpilledSamples(ring: RingReader, table: StackTable = createStackTable()): SpilledSamples {
  const tasks: SampledTask[] = [];
  const taskIndex = new Map<string, number>();
  let full = 0;
  const chain = new Uint32Array(4 + 2 * SPILL.STACK_BYTES / 4);

  const taskOf = (pid: number, exec: number, comm: string): number => {
    const key = `${pid} ${exec} ${comm}`;
    let index = taskIndex.get(key);
    if (index === undefined) {
      taskIndex.set(key, index = tasks.length);
      tasks.push({ pid, exec, comm });
    }
    return index;
  };
  return {
    drain: () => {
      const { bytes, words } = ring;
      ring.drain((at) => {
        const word = at >> 2;
        const task = taskOf(words[word], words[word + KEY.EXEC / 4], commIn(bytes, at + KEY.COMM));
        let length = 0;
        let from = word + SPILL.STACKS / 4;
        for (const [offset, context] of [[KEY.KERNEL, CONTEXT.KERNEL], [KEY.USER, CONTEXT.USER]] as const) {
          const filled = words[word + offset / 4] | 0;
          if (filled > 0) {
            chain[length] = context >>> 0;
            chain[length + 1] = 0xffffffff;
            chain.set(words.subarray(from, from + filled / 4), length + 2);
            length += 2 + filled / 4;
          }
          from += SPILL.STACK_BYTES / 4;
        }
        if (table.add(chain, 0, length, task, 0, 0) < 0) full++;
      });
    },
    get full() {
      return full;
    },
    each: (visit) => table.each((entry) => visit(tasks[entry.space], entry)),
  };
}
