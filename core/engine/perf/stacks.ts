import type { Frame } from "../../data/mod.ts";
import type { Host } from "../../host/mod.ts";
import { CONTEXT, DEFAULT_MAX_STACK } from "../../perf/mod.ts";
import { byteIndex } from "../../query/columns/byte_index.ts";
import { addressOf, createSymbolisers } from "../../symbols/mod.ts";
import type { Space, Tasks } from "./tasks.ts";

/** Which part of a call chain a field holds. */
export type StackPart = "stack" | "kstack" | "ustack";

/** Names the call chains of samples. */
export interface StackReader {
  /** Stacks that reached the kernel's limit on frames. */
  readonly truncated: number;
  /**
   * Frames, root first; the same array for the same stack. Null when there are too many different ones.
   *
   * @param chain index in `words` of the number of entries
   */
  read(part: StackPart, words: Uint32Array, chain: number, pid: number): readonly Frame[] | null;
  /** What could not be named and why, in sentences. */
  notes(): string[];
}

/** Words in front of a chain that tell stacks of different memory or parts apart. */
const PREFIX = 2;
/** Most different stacks that are remembered. */
const MAX_STACKS = 131_072;
const PARTS: readonly StackPart[] = ["stack", "kstack", "ustack"];

/** A stack is named when it is first seen: its process may be gone later. */
export function createStackReader(host: Host, tasks: Tasks): StackReader {
  const symboliser = createSymbolisers(host).start();
  const index = byteIndex();
  const known: (readonly Frame[])[] = [];
  const key = new Uint32Array(PREFIX + 2 * (DEFAULT_MAX_STACK * 4));
  const keyBytes = new Uint8Array(key.buffer);
  let truncated = 0;
  let missed = 0;

  const name = (part: StackPart, words: number, pid: number, space: Space): Frame[] => {
    const kernel: Frame[] = [];
    const user: Frame[] = [];
    let context: number = CONTEXT.KERNEL;
    let leaf = true;
    for (let i = PREFIX; i + 1 < words; i += 2) {
      const address = addressOf(key[i + 1], key[i]);
      if (address < 0 && address >= CONTEXT.MAX) {
        context = address;
        leaf = true;
        continue;
      }
      // All but the first are return addresses: the call is the instruction before.
      const code = leaf ? address : address - 1;
      leaf = false;
      if (context === CONTEXT.KERNEL) {
        if (part !== "ustack") kernel.push(symboliser.kernel(code));
      } else if (context === CONTEXT.USER && part !== "kstack") {
        // Outermost first, as what was inlined is on top of where it was inlined into.
        user.push(...symboliser.userFrames(pid, space.mappings, code).toReversed());
      }
    }
    // Leaf first so far, and the kernel's frames are on top of the user's.
    return [...user.reverse(), ...kernel.reverse()];
  };

  return {
    get truncated() {
      return truncated;
    },
    read(part, words, chain, pid): readonly Frame[] | null {
      const entries = Math.min(words[chain], (key.length - PREFIX) >> 1);
      if (entries >= DEFAULT_MAX_STACK) truncated++;
      const space = part === "kstack" ? KERNEL : tasks.space(pid);
      key[0] = space.id;
      key[1] = PARTS.indexOf(part);
      for (let i = 0; i < 2 * entries; i++) key[PREFIX + i] = words[chain + 2 + i];
      const length = PREFIX + 2 * entries;
      const number = index.find(keyBytes, 0, length * 4, known.length < MAX_STACKS);
      if (number < 0) {
        missed++;
        return null;
      }
      if (number === known.length) known.push(name(part, length, pid, space));
      return known[number];
    },
    notes: () => [
      ...symboliser.notes(),
      ...(missed > 0 ? [`${missed} events have no stack: there were more than ${MAX_STACKS} different ones.`] : []),
    ],
  };
}

/** The kernel's code is the same in every process. */
const KERNEL: Space = { id: 0, mappings: [] };
