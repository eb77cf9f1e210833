import { kill } from "../sys/mod.ts";

/**
 * Passes on the signals that the other thread has asked for: to the command, or, once it has ended, to what it left
 * behind. This thread alone knows whose a number is: whoever it traces is there until it has waited for him.
 *
 * @param control as {@linkcode CallTraceOrders} has it
 * @param command its process; 0: it has ended, or there was none
 * @param left processes that the command left behind
 * @returns whether there was anybody
 */
export function passSignals(control: Int32Array, command: number, left: () => Iterable<number>): boolean {
  const always = Atomics.exchange(control, 2, 0);
  const late = Atomics.exchange(control, 3, 0);
  const signals = command > 0 ? always : always | late;
  const pids = command > 0 ? [command] : [...new Set(left())];
  for (let signal = 1; signal < 32; signal++) {
    if ((signals & 1 << signal) !== 0) pids.forEach((pid) => kill(pid, signal));
  }
  return pids.length > 0;
}
