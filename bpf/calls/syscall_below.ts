/** The system calls that a kernel function belongs to. */
export interface SyscallBelow {
  readonly names: readonly string[];
  /** The function is their entry: it is called as often as they are together. */
  readonly same: boolean;
}

/** Names of functions that do a whole system call and are not called so. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  do_sys_openat2: ["open", "openat", "openat2", "creat"],
  do_sys_open: ["open", "openat", "creat"],
  do_epoll_wait: ["epoll_wait", "epoll_pwait", "epoll_pwait2"],
  do_epoll_ctl: ["epoll_ctl"],
};
/** Functions of which a system call is by far the commonest caller. */
const BELOW: Readonly<Record<string, string>> = {
  vfs_open: "openat",
  do_filp_open: "openat",
  do_futex: "futex",
  vfs_fsync_range: "fsync",
  vfs_writev: "writev",
  vfs_readv: "readv",
  kernel_clone: "clone",
  _do_fork: "clone",
  do_exit: "exit_group",
  sock_sendmsg: "sendto",
  sock_recvmsg: "recvfrom",
  tcp_sendmsg: "sendto",
  tcp_recvmsg: "recvfrom",
  tcp_v4_connect: "connect",
};

/**
 * Which system call a kernel function is the entry of, or mostly called by, from its name: `__x64_sys_read`, `ksys_read`,
 * `vfs_read`. Null when its name tells nothing.
 *
 * @param isSyscall whether there is a system call of that name
 */
export function syscallBelow(symbol: string, isSyscall: (name: string) => boolean): SyscallBelow | null {
  const entry = /^(?:__(?:x64|arm64|se|do)_sys_|ksys_|sys_)(\w+)$/.exec(symbol);
  if (entry) return isSyscall(entry[1]) ? { names: [entry[1]], same: true } : null;
  // Not every architecture has all of them.
  if (Object.hasOwn(ENTRIES, symbol)) return { names: ENTRIES[symbol].filter(isSyscall), same: true };
  if (Object.hasOwn(BELOW, symbol)) return { names: [BELOW[symbol]], same: false };
  const vfs = /^(?:vfs|do)_(\w+)$/.exec(symbol);
  return vfs && isSyscall(vfs[1]) ? { names: [vfs[1]], same: false } : null;
}
