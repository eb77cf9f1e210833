import { bytesAddress } from "./address.ts";
import { NR } from "./arch/mod.ts";
import { keeping, syscall } from "./syscall.ts";

/**
 * Signals that this process ignores, by number. SIGPIPE is among them whatever we were started with: our runtime ignores
 * it.
 */
export function ignoredSignals(): number[] {
  const SIG_IGN = 1n;
  const LAST = 64;
  // struct sigaction: handler, flags, restorer, mask.
  const action = new BigUint64Array(new ArrayBuffer(32));
  const signals: number[] = [];
  for (let signal = 1; signal <= LAST; signal++) {
    const result = keeping([action], () => syscall(NR.rt_sigaction, signal, 0, bytesAddress(action), 8));
    if (result === 0 && action[0] === SIG_IGN) signals.push(signal);
  }
  return signals;
}
