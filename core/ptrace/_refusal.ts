import { UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { ERRNO, SysError } from "../sys/mod.ts";

/** The error for a process that the kernel does not let us trace. @param result -errno of PTRACE_SEIZE */
export function refusal(host: Host, pid: number, result: number): Error {
  const error = new SysError("ptrace", result, `process ${pid}`);
  if (error.errno !== ERRNO.EPERM) {
    return new UnsupportedError(`Cannot trace process ${pid}: ${error.code}`, error.remedy);
  }
  const tracer = host.processStatus(pid)?.tracerPid ?? 0;
  if (tracer > 0) {
    return new UnsupportedError(
      `Cannot trace process ${pid}: process ${tracer} traces it already`,
      "A process has one tracer: end the other, a debugger or strace.",
      { cause: error },
    );
  }
  const { uid } = host.features();
  return new UnsupportedError(
    `Cannot trace process ${pid}: not permitted (EPERM)`,
    uid === 0
      ? "It has rights that sonde lacks (as the first process of a container may), CAP_SYS_PTRACE is missing, or a security " +
        "module forbids it."
      : "Run as the process's user or as root, or start the command with sonde; where kernel.yama.ptrace_scope allows tracing " +
        "of own children only, `sysctl kernel.yama.ptrace_scope=0` allows it of all own processes.",
    { cause: error },
  );
}
