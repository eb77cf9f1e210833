import type { Frame } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import {
  addressOf,
  type CodeMapping,
  codeMappings,
  createSymbolisers,
  type Symboliser,
  UNKNOWN,
} from "../../core/symbols/mod.ts";
import type { StackPart } from "../codegen/access.ts";
import { lookupMap } from "../kernel/map.ts";

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
  /** What could not be named and why, in sentences. */
  notes(): string[];
}

/** The kernel's own machinery between the event and the program, on top of every kernel stack that it takes. */
const PLUMBING =
  /^(__?bpf_|bpf_|__traceiter_|trace_call_bpf|perf_trace_|perf_call_bpf|__perf_event|kprobe_|uprobe_|ftrace_)/;

/** {@linkcode openStacks}, which those who need it load. */
export type OpenStacks = typeof openStacks;

/** Opens the stacks of a session. @param map descriptor of the map of stacks @param frames most in one stack */
export function openStacks(map: number, frames: number, host: Host): StackReader {
  const addresses = new BigUint64Array(new ArrayBuffer(frames * 8));
  const words = new Uint32Array(addresses.buffer);
  const kernels = new Map<number, readonly Frame[]>();
  const users = new Map<string, readonly Frame[]>();
  const whole = new Map<string, readonly Frame[]>();
  const mappings = new Map<number, readonly CodeMapping[]>();
  let symboliser: Symboliser | undefined;
  let ended = 0;

  const symbols = (): Symboliser => symboliser ??= createSymbolisers(host).start();
  /** Calls `name` for each address, the leaf first. */
  const read = (id: number, name: (i: number) => Frame): Frame[] => {
    if (id < 0 || !lookupMap(map, Uint32Array.of(id), addresses, "a stack")) return [];
    const out: Frame[] = [];
    for (let i = 0; i < frames && (words[2 * i] !== 0 || words[2 * i + 1] !== 0); i++) out.push(name(i));
    return out;
  };
  const kernelFrames = (id: number): readonly Frame[] => {
    let found = kernels.get(id);
    if (!found) {
      const leafFirst = read(id, (i) => symbols().kernel(addressOf(words[2 * i + 1], words[2 * i]) - before(i)));
      const first = leafFirst.findIndex((f) => !isPlumbing(f));
      kernels.set(id, found = leafFirst.slice(Math.max(0, first)).reverse());
    }
    return found;
  };
  const mappingsOf = (pid: number): readonly CodeMapping[] => {
    let found = mappings.get(pid);
    if (!found) {
      found = codeMappings(host.maps(pid));
      if (found.length === 0) ended++;
      mappings.set(pid, found);
    }
    return found;
  };
  const userFrames = (id: number, pid: number): readonly Frame[] => {
    const key = `${id} ${pid}`;
    let found = users.get(key);
    if (!found) {
      const of = id < 0 ? [] : mappingsOf(pid);
      found = read(id, (i) => symbols().user(pid, of, words[2 * i + 1] * 2 ** 32 + words[2 * i] - before(i))).reverse();
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
    notes(): string[] {
      const gone = ended === 0
        ? []
        : [`${ended} process${ended === 1 ? " had" : "es had"} ended before their code could be named.`];
      return [...gone, ...(symboliser?.notes() ?? [])];
    },
  };
}

/** All frames but the leaf hold where a call returns to, which may be the next function's: the call lies before it. */
function before(i: number): number {
  return i === 0 ? 0 : 1;
}

function isPlumbing(f: Frame): boolean {
  return f.module === "bpf" || f.function === UNKNOWN || f.function.startsWith("bpf_prog_") ||
    PLUMBING.test(f.function);
}
