/**
 * The head of the memory that the library inside sampled processes (`sampler.c`, `struct head`) shares with us; rings
 * (`core/ring`) follow it. Bytes; 64-bit words but where it says otherwise.
 */
export const SHARED_HEAD = {
  /** u32 */
  MAGIC: 0,
  /** u32: one of {@linkcode SHARED_STATE}. */
  STATE: 4,
  /** u32: most bytes of stack in a sample. */
  STACK_BYTES: 8,
  /** u32: sample the first thread of each process only. */
  ONE_THREAD: 12,
  /** CPU time between two samples, ns. */
  PERIOD: 16,
  RINGS_AT: 24,
  RINGS_BYTES: 32,
  RINGS: 40,
  /** Samples lost because every ring was being written. */
  BUSY: 48,
  /** CLOCK_MONOTONIC when we last looked, ns. */
  BEAT: 56,
  /** u32: processes that are sampled, or were. */
  ATTACHED: 64,
  /** u32: processes that use SIGPROF themselves. */
  OCCUPIED: 68,
  /** u32: processes for which the kernel gave no timer. */
  REFUSED: 72,
  BYTES: 80,
} as const;

/** `SSP1`. */
export const SHARED_MAGIC = 0x31505353;

/** Whether samples are to be taken: not yet, yes, no longer. */
export const SHARED_STATE = { WAIT: 0, ON: 1, OFF: 2 } as const;
