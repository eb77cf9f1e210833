/**
 * How samplers that look at threads from user space write what they find into a ring (`core/ring`): this header, then
 * registers, then bytes. Little endian. `core/profile/native/sampler.c` writes the same.
 *
 * | byte | word | |
 * |---|---|---|
 * | 0 | u32 | one of {@linkcode RECORD_KIND} |
 * | 4 | u32 | process |
 * | 8 | u32 | thread |
 * | 12 | u32 | one of {@linkcode THREAD_STATE} |
 * | 16 | i32 | number of the system call that it is in, or -1 |
 * | 20 | u32 | samples that this stands for |
 * | 24 | u64 | time that they stand for, ns |
 * | 32 | u64 | CLOCK_MONOTONIC, ns |
 * | 40 | u32 | registers that follow, 64 bits each, by their DWARF numbers; 2: only the program counter and the stack pointer are known |
 * | 44 | u32 | bytes that follow them: the stack from the stack pointer on, or a text |
 */
export const SAMPLE_RECORD = {
  KIND: 0,
  PID: 4,
  TID: 8,
  STATE: 12,
  SYSCALL: 16,
  COUNT: 20,
  WEIGHT: 24,
  TIME: 32,
  REGISTERS: 40,
  BYTES: 44,
  PAYLOAD: 48,
} as const;

/** What a record is. */
export const RECORD_KIND = {
  SAMPLE: 1,
  /** The thread is where its last sample was. */
  REPEAT: 2,
  /** The text of `/proc/PID/maps`, before the samples that lie in it. */
  MAPS: 3,
  /** A thread's name. */
  COMM: 4,
} as const;

/** What a thread was doing. */
export const THREAD_STATE = { RUNNING: 0, SYSCALL: 1, STOPPED: 2 } as const;
