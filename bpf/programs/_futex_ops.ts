/** Operations of futex(2) and the calls beside it, by the number that `futex_contention.bpf.c` has for them. */
export const FUTEX_OPS: ReadonlyMap<number, string> = new Map([
  [0, "wait"],
  [1, "wake"],
  [3, "requeue"],
  [4, "cmp_requeue"],
  [5, "wake_op"],
  [6, "lock_pi"],
  [7, "unlock_pi"],
  [9, "wait_bitset"],
  [10, "wake_bitset"],
  [11, "wait_requeue_pi"],
  [12, "cmp_requeue_pi"],
  [13, "lock_pi2"],
  [64, "futex_waitv"],
  [65, "futex_wait"],
  [66, "futex_wake"],
  [67, "futex_requeue"],
]);

const WAITS = new Set([0, 6, 9, 11, 13, 64, 65]);

/** Whether an operation waits; the others wake. */
export const isWait = (op: number): boolean => WAITS.has(op);
