import { UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { ERRNO, SysError } from "../sys/mod.ts";

/** The error for a process that the kernel does not let us trace. @param result -errno of PTRACE_SEIZE */
export function refusal(host: Host, pid: number, result: number): Error {
  const error = new SysError("ptrace", result, `process ${pid}`);
  if (error.errno !== ERRNO.EPERM) {
    return new UnsupportedError(`Cannot trace process ${pid}: ${error.code}`, error.remedy);
  }
  const { uid } = host.features();
  return new UnsupportedError(
    `Cannot trace process ${pid}: not permitted (EPERM). It is traced by another (a debugger, strace), or belongs to ` +
      `another user, or kernel.yama.ptrace_scope allows tracing of own children only`,
    uid === 0
      ? "End the other tracer (TracerPid in /proc/PID/status)."
      : "Run as the process's user or as root, or start the command with sonde; `sysctl kernel.yama.ptrace_scope=0` " +
        "allows tracing of all own processes.",
    { cause: error },
  );
}
