/** Operations of futex(2) that wait or wake, by number (include/uapi/linux/futex.h). */
const OPERATIONS: readonly string[] = [
  ...["wait", "wake", "fd", "requeue", "cmp_requeue", "wake_op", "lock_pi", "unlock_pi", "trylock_pi"],
  ...["wait_bitset", "wake_bitset", "wait_requeue_pi", "cmp_requeue_pi", "lock_pi2"],
];
const WAITS = new Set(["wait", "lock_pi", "wait_bitset", "wait_requeue_pi", "lock_pi2"]);
const PRIVATE_FLAG = 128;
const COMMAND = 127;

/** The second argument of futex(2), taken apart. */
export interface FutexOperation {
  readonly operation: string;
  readonly waits: boolean;
  /** Not marked as private to the process. */
  readonly shared: boolean;
}

/** @param op as the program gave it, flags included */
export function futexOperation(op: number): FutexOperation {
  const operation = OPERATIONS[op & COMMAND] ?? `operation ${op & COMMAND}`;
  return { operation, waits: WAITS.has(operation), shared: (op & PRIVATE_FLAG) === 0 };
}
