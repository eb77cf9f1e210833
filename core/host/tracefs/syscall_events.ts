/**
 * The kernel names a few of its functions, and so its syscalls tracepoints, otherwise than the system call
 * (include/linux/syscalls.h).
 */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  newstat: "stat",
  newfstat: "fstat",
  newlstat: "lstat",
  newfstatat: "newfstatat",
  newuname: "uname",
  sendfile64: "sendfile",
  umount: "umount2",
};

/** The system call that `tracepoint:syscalls:sys_enter_NAME` tells of. */
export function syscallOfEvent(name: string): string {
  return Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
}

/** The NAME in `tracepoint:syscalls:sys_enter_NAME` for a system call. */
export function eventOfSyscall(name: string): string {
  return Object.entries(OTHER_NAMES).find(([, syscall]) => syscall === name)?.[0] ?? name;
}
