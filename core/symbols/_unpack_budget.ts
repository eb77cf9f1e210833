/**
 * Counts the bytes of unpacked sections that are in memory, over all files: a file of a megabyte can hold sections that
 * unpack to a gigabyte, and anybody may run such a program while another profiles.
 */
export interface UnpackBudget {
  /** @returns whether there is room for so many bytes more */
  hasRoom(bytes: number): boolean;
  /** Counts bytes for as long as they are in memory. */
  count(bytes: Uint8Array): void;
}

/** @param limit in bytes */
export function createUnpackBudget(limit: number): UnpackBudget {
  let used = 0;
  const gone = new FinalizationRegistry((size: number) => {
    used -= size;
  });
  return {
    hasRoom: (bytes) => used + bytes <= limit,
    count: (bytes) => {
      used += bytes.length;
      // The buffer, not this view of it: pieces that are cut off keep the buffer only.
      gone.register(bytes.buffer, bytes.length);
    },
  };
}
