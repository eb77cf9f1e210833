import type { Frame, Quality } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { keptTables } from "../../core/profile/kept_tables.ts";
import type { BpfObject } from "../libbpf.ts";
import { openUserCopies, type Place } from "../programs/user_copies.ts";
import { kernelFrames } from "./kernel_frames.ts";
import { userStacks } from "./user_stacks.ts";

/** Bytes of a copy of the user's stack that analyzers take. */
export const ANALYZER_COPY_BYTES = 16_384;

/** Stacks of an analyzer whose program includes `user_stack.bpf.h`. */
export interface AnalyzerStacks extends Disposable {
  /** Unwinds the copies that have come; to be called ten times a second, as `RunningAnalyzer.drain`. */
  drain(): number;
  /** At the end: reads what frame pointers gave, and the symbols. */
  name(): Promise<NamedStacks>;
}

/** Stacks with names. */
export interface NamedStacks {
  /**
   * Frames root first: the user's, then the kernel's. Stacks that read alike are one and the same array.
   *
   * @param place in user code; null: none is wanted
   * @param pid whose code that is, in sonde's own pid namespace
   * @param kernel number of the kernel's stack; 0n is none
   * @param events that were counted there, for the Quality. Default 1
   */
  frames(place: Place | null, pid: number, kernel: bigint, events?: number): readonly Frame[];
  /** What is missing of all that `frames` has told. */
  quality(): Pick<Quality, "lost_by" | "truncated" | "unwind_failures_by" | "notes">;
}

/**
 * Opens the stacks of a loaded object; `prepareUserCopies` has set its constants.
 *
 * @param copyBytes as it was given there
 * @throws {SysError}
 */
export function openAnalyzerStacks(
  object: BpfObject,
  host: Host,
  copyBytes: number = ANALYZER_COPY_BYTES,
): AnalyzerStacks {
  const copies = openUserCopies(object, host, copyBytes);
  const unwound = userStacks(host, "auto", copyBytes);
  const drain = (): number => copies.drain(unwound.collect.add);
  return {
    drain,
    async name() {
      drain();
      const symboliser = keptTables(host).symbolisers.start();
      await symboliser.prepare(unwound.used());
      const chains = copies.stacks();
      const userOf = unwound.name(chains, symboliser);
      const kernels = new Map<bigint, readonly Frame[]>();
      const wholes = new Map<string, readonly Frame[]>();
      const failures: Record<string, number> = {};
      let byFramePointer = 0;
      let withUser = 0;
      const kernelOf = (id: bigint): readonly Frame[] => {
        let frames = kernels.get(id);
        if (!frames) kernels.set(id, frames = kernelFrames(chains.get(id), symboliser));
        return frames;
      };
      return {
        frames(place, pid, kernel, events = 1) {
          const user = place && (place.sp !== 0n || place.chain !== 0n) ? userOf(place, pid) : null;
          if (user) {
            withUser += events;
            if (!user.unwound) byFramePointer += events;
            if (user.end !== "root") failures[user.end] = (failures[user.end] ?? 0) + events;
          }
          const frames = [...user?.frames ?? [], ...kernelOf(kernel)];
          const key = frames.map((f) => `${f.kind}\0${f.function}\0${f.module}\0${f.file}\0${f.line}`).join("\n");
          const known = wholes.get(key) ?? frames;
          wholes.set(key, known);
          return known;
        },
        quality() {
          const { stacksFull, copiesMissed, cut, recursion } = copies.losses();
          const notes = [...symboliser.notes()];
          if (recursion > 0) notes.unshift(`${recursion} stacks were not taken: too many at the same time on one CPU.`);
          if (copiesMissed > 0 && byFramePointer > 0) {
            notes.unshift(`${copiesMissed} copies of stacks were not made: too many at once.`);
          }
          if (byFramePointer > 0) {
            notes.unshift(
              `The user stacks of ${byFramePointer} of ${withUser} events are by frame pointers only` +
                (copyBytes > 0 ? ": no copy of the stack was made there." : "."),
            );
          }
          return {
            lost_by: stacksFull > 0 ? { stacks_full: stacksFull } : {} as Record<string, number>,
            truncated: cut,
            unwind_failures_by: { ...failures },
            notes,
          };
        },
      };
    },
    [Symbol.dispose]: () => copies[Symbol.dispose](),
  };
}
