import { arch, NR } from "./arch/mod.ts";
import { library } from "./_library.ts";
import { keeping, syscall } from "./syscall.ts";
import { bytesAddress } from "./address.ts";
import { check } from "./sys_error.ts";

/**
 * Makes it possible to end another thread's waiting in a system call, which then answers EINTR: gives SIGURG, which
 * nobody uses and which is ignored by default, a handler that does nothing and does not start calls again. Programs that
 * we start find the signal as it is by default.
 *
 * @throws {SysError}
 */
export function installBell(): void {
  const handler = library().bell();
  // struct kernel_sigaction: handler, flags, restorer, mask.
  const restorer = arch.bellRestorer === null ? 0n : handler + BigInt(arch.bellRestorer);
  const flags = arch.bellRestorer === null ? 0n : SA_RESTORER;
  const action = BigUint64Array.of(handler, flags, restorer, 0n);
  const result = keeping([action], () => syscall(NR.rt_sigaction, SIGURG, bytesAddress(action), 0, 8));
  check(result, "rt_sigaction");
}

/**
 * Ends the system call that a thread of ours waits in. Does nothing when it does not wait just then: ring again.
 *
 * @returns 0, or -errno: ESRCH when the thread has ended
 */
export function ringBell(tid: number): number {
  return library().withThree(NR.tgkill, library().plain(NR.getpid), tid, SIGURG);
}

const SIGURG = 23;
const SA_RESTORER = 0x0400_0000n;
