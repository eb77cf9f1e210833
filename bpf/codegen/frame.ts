import { CannotGenerate } from "./cannot_generate.ts";
import { roundUp8 } from "./access.ts";

/** Bytes of stack that a program has (include/linux/filter.h, MAX_BPF_STACK). */
export const STACK_BYTES = 512;

/** Hands out the stack. Offsets are negative, from r10, and multiples of 8. */
export interface Frame {
  /** @throws {CannotGenerate} when the stack is full */
  alloc(bytes: number): number;
  /** Gives back what `alloc` gave. */
  free(offset: number, bytes: number): void;
  /** A slot of 8 bytes for as long as `use` runs. */
  withSlot<T>(use: (offset: number) => T): T;
  /** What is taken while `use` runs is free afterwards: for steps that hand nothing on to those after them. */
  scope<T>(use: () => T): T;
}

export function createFrame(): Frame {
  let used = 0;
  let freeSlots: number[] = [];
  const frame: Frame = {
    alloc(bytes) {
      if (bytes <= 8 && freeSlots.length > 0) return freeSlots.pop()!;
      used += roundUp8(bytes);
      if (used > STACK_BYTES) {
        throw new CannotGenerate(`it needs more than the ${STACK_BYTES} bytes of stack that a kernel program has`);
      }
      return -used;
    },
    free(offset, bytes) {
      for (let at = 0; at < bytes; at += 8) freeSlots.push(offset + at);
    },
    scope(use) {
      const before = { used, freeSlots: [...freeSlots] };
      try {
        return use();
      } finally {
        ({ used, freeSlots } = before);
      }
    },
    withSlot(use) {
      const offset = frame.alloc(8);
      try {
        return use(offset);
      } finally {
        frame.free(offset, 8);
      }
    },
  };
  return frame;
}
