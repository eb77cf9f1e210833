/**
 * The one door to the kernel: raw system calls, owners of descriptors and mappings, typed errors. Nothing happens at
 * import; the first call loads a 500-byte object of machine code that is built here. Linux, x86-64 and aarch64.
 *
 * Functions named after a system call answer the kernel's value or -errno unless they say `@throws`.
 * @module
 */
export { bytesAddress } from "./address.ts";
export { type Arch, arch, NR, type SyscallName } from "./arch/mod.ts";
export { installBell, ringBell } from "./bell.ts";
export { bpf } from "./bpf.ts";
export { CAP, effectiveCapabilities, hasCapability } from "./capabilities.ts";
export { childrenCpuNs, CLOCK, clockNs, clockNsBig, ownCpuNs } from "./clock.ts";
export { ERRNO, errnoName } from "./errno.ts";
export { errnoText } from "./errno_text.ts";
export { exec } from "./exec.ts";
export { type Fd, ownFd } from "./fd.ts";
export {
  closeRaw,
  cString,
  ioctl,
  ioctlBytes,
  memfd,
  O,
  open,
  openRaw,
  pipe,
  pread,
  read,
  readFileInto,
  write,
} from "./file.ts";
export { ignoredSignals } from "./ignored_signals.ts";
export { MAP, type Mapping, mmapAnonymous, mmapFd, PROT } from "./mapping.ts";
export { mount, unmount } from "./mount.ts";
export { pause } from "./pause.ts";
export { PERF_FLAG, perfEventOpen, perfEventOpenRaw, rdpmc } from "./perf_event.ts";
export { type EventFd, eventFd, POLL, poll, pollAsync, type PollRequest } from "./poll.ts";
export { getAffinity, getpid, gettid, kill, pidfdOpen, prctl, setAffinity } from "./process.ts";
export {
  type ChildState,
  PTRACE,
  ptrace,
  ptraceBytes,
  ptraceMessage,
  ptraceRegisters,
  readProcessMemory,
  WAIT,
  waitChild,
} from "./ptrace.ts";
export { type HeldChild, spawnHeld, type SpawnRequest } from "./spawn.ts";
export { check, SysError } from "./sys_error.ts";
export { call, keeping, syscall, syscall64, type SyscallArgument } from "./syscall.ts";
export {
  type MemoryReader,
  memoryReader,
  readSignalInfo,
  readSyscallInfo,
  RESUME,
  resumeTracee,
  SYSCALL_INFO,
  waitedStatus,
  waitedSystemNs,
  waitTracee,
} from "./tracee.ts";
export { type Uname, uname } from "./uname.ts";
