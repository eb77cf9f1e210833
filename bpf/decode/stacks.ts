import type { Frame } from "../../core/data/mod.ts";
import { addressOf } from "../../core/symbols/mod.ts";
import type { StackPart } from "../codegen/access.ts";
import { lookupMap } from "../kernel/map.ts";
import type { CodeNames } from "./code_names.ts";
import { isPlumbing } from "./plumbing.ts";

/** Turns the numbers of stacks into frames. */
export interface StackReader {
  /**
   * The frames of a stack, root first: the user's, then the kernel's. The same stack is the same array.
   *
   * @param kernel number of the kernel's frames in the map, or -1 for none
   * @param user number of the user's frames
   * @param pid whose code the user's frames are
   * @returns null when there are no frames of the wanted part
   */
  frames(part: StackPart, kernel: number, user: number, pid: number): readonly Frame[] | null;
}

/** Opens the stacks of a session. @param map descriptor of the map of stacks @param frames most in one stack */
export function openStacks(map: number, frames: number, names: CodeNames): StackReader {
  const addresses = new BigUint64Array(new ArrayBuffer(frames * 8));
  const words = new Uint32Array(addresses.buffer);
  const kernels = new Map<number, readonly Frame[]>();
  const users = new Map<string, readonly Frame[]>();
  const whole = new Map<string, readonly Frame[]>();

  /** Calls `name` for each address, the leaf first; it answers leaf first too. */
  const read = (id: number, name: (i: number) => readonly Frame[]): Frame[] => {
    if (id < 0 || !lookupMap(map, Uint32Array.of(id), addresses, "a stack")) return [];
    const out: Frame[] = [];
    for (let i = 0; i < frames && (words[2 * i] !== 0 || words[2 * i + 1] !== 0); i++) out.push(...name(i));
    return out;
  };
  const kernelFrames = (id: number): readonly Frame[] => {
    let found = kernels.get(id);
    if (!found) {
      const leafFirst = read(id, (i) => [names.kernel(addressOf(words[2 * i + 1], words[2 * i]) - before(i))]);
      const first = leafFirst.findIndex((f) => !isPlumbing(f));
      kernels.set(id, found = leafFirst.slice(Math.max(0, first)).reverse());
    }
    return found;
  };
  const userFrames = (id: number, pid: number): readonly Frame[] => {
    const key = `${id} ${pid}`;
    let found = users.get(key);
    if (!found) {
      found = read(id, (i) => names.userFrames(pid, words[2 * i + 1] * 2 ** 32 + words[2 * i] - before(i)).toReversed())
        .reverse();
      users.set(key, found);
    }
    return found;
  };
  return {
    frames(part, kernel, user, pid): readonly Frame[] | null {
      const key = `${part} ${kernel} ${user} ${pid}`;
      let found = whole.get(key);
      if (!found) {
        found = part === "kernel"
          ? kernelFrames(kernel)
          : part === "user"
          ? userFrames(user, pid)
          : [...userFrames(user, pid), ...kernelFrames(kernel)];
        whole.set(key, found);
      }
      return found.length > 0 ? found : null;
    },
  };
}

/** All frames but the leaf hold where a call returns to, which may be the next function's: the call lies before it. */
function before(i: number): number {
  return i === 0 ? 0 : 1;
}
