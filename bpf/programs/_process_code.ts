import type { Frame } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { keptTables } from "../../core/profile/kept_tables.ts";
import { addressOf, type CodeMapping, codeMappings, findMapping, type UsedCode } from "../../core/symbols/mod.ts";
import { isPlumbing } from "../decode/plumbing.ts";

/** Where the code of processes lies, looked at while they are there, and names for it at the end. */
export interface ProcessCode {
  /** Reads the mappings of a process, once until it is named. */
  see(pid: number): void;
  /**
   * Reads again what has changed, and answers who names: a stack is leaf first, frames are root first.
   *
   * @param stacks all that will be asked for, with their processes
   */
  names(stacks: Iterable<{ readonly pid: number; readonly stack: BigUint64Array }>): Promise<CodeNamer>;
}

/** Names stacks. The same stack is the same array. */
export interface CodeNamer {
  user(pid: number, id: bigint, stack: BigUint64Array): readonly Frame[];
  kernel(id: bigint, stack: BigUint64Array): readonly Frame[];
  /** What could not be named and why, in sentences. */
  notes(): string[];
}

/** Nothing is read before a process is seen. */
export function processCode(host: Host): ProcessCode {
  const spaces = new Map<number, readonly CodeMapping[]>();
  const read = (pid: number): void => {
    const found = codeMappings(host.maps(pid));
    // Of a process that has ended, what was known stays.
    if (found.length > 0 || !spaces.has(pid)) spaces.set(pid, found);
  };
  return {
    see(pid) {
      if (!spaces.get(pid)?.length) read(pid);
    },
    async names(stacks) {
      let gone = 0;
      const used = new Map<string, UsedCode>();
      const again = new Set<number>();
      for (const { pid, stack } of stacks) {
        if (!again.has(pid)) {
          again.add(pid);
          read(pid);
          if (spaces.get(pid)?.length === 0) gone++;
        }
        for (const address of stack) {
          const mapping = findMapping(spaces.get(pid) ?? [], Number(address));
          if (mapping) used.set(`${pid} ${mapping.path}`, { pid, mapping });
        }
      }
      const symboliser = keptTables(host).symbolisers.start();
      const users = new Map<string, readonly Frame[]>();
      const kernels = new Map<bigint, readonly Frame[]>();
      await symboliser.prepare(used.values());
      return {
        user(pid, id, stack) {
          const key = `${pid} ${id}`;
          let frames = users.get(key);
          if (!frames) users.set(key, frames = userFrames(pid, stack));
          return frames;
        },
        kernel(id, stack) {
          let frames = kernels.get(id);
          if (!frames) kernels.set(id, frames = kernelFrames(stack));
          return frames;
        },
        notes: () => [
          ...(gone === 0
            ? []
            : [`${gone} process${gone === 1 ? " had" : "es had"} ended before their code could be named.`]),
          ...symboliser.notes(),
        ],
      };

      function userFrames(pid: number, stack: BigUint64Array): readonly Frame[] {
        const mappings = spaces.get(pid) ?? [];
        const addresses = Array.from(stack, Number);
        // A frame pointer that some function used for something else leads into data.
        while (addresses.length > 1 && mappings.length > 0 && !findMapping(mappings, addresses.at(-1)! - 1)) {
          addresses.pop();
        }
        // All but the leaf hold where a call returns to, which may be the next function's: the call lies before it.
        return addresses.map((a, i) => symboliser.userFrames(pid, mappings, i === 0 ? a : a - 1)).reverse().flat();
      }

      function kernelFrames(stack: BigUint64Array): readonly Frame[] {
        const words = new Uint32Array(stack.buffer, stack.byteOffset, 2 * stack.length);
        const leafFirst = Array.from(
          stack,
          (_, i) => symboliser.kernel(addressOf(words[2 * i + 1], words[2 * i]) - (i === 0 ? 0 : 1)),
        );
        const first = leafFirst.findIndex((f) => !isPlumbing(f));
        return leafFirst.slice(Math.max(0, first)).reverse();
      }
    },
  };
}
