/** Why a thread is off the CPU, in the words that people use. What each means is told by {@linkcode WAIT_REASONS}. */
export type WaitReason =
  | "sleep"
  | "lock"
  | "disk"
  | "page fault"
  | "swap"
  | "memory reclaim"
  | "pipe"
  | "socket"
  | "events"
  | "terminal"
  | "child"
  | "signal"
  | "file lock"
  | "ipc"
  | "network disk"
  | "kernel lock"
  | "rcu"
  | "preempted"
  | "yield"
  | "stopped"
  | "frozen"
  | "exit"
  | "idle"
  | "uninterruptible"
  | "other";

/** All reasons, with what they mean. */
export const WAIT_REASONS: Readonly<Record<WaitReason, string>> = {
  sleep: "sleeps for a time that it asked for: nanosleep, or poll and select until their timeout",
  lock: "waits for another thread: futex, on which mutexes, conditions and semaphores of user code are built",
  disk: "waits for storage: reads, writes back, or for a journal",
  "page fault": "touched memory that has to be read from a file, or made, first",
  swap: "touched memory that was swapped out",
  "memory reclaim": "has to free memory before it gets some, or is held back by its memory limit",
  pipe: "reads from an empty pipe, or writes to a full one",
  socket: "waits for the network, or for a process at the other end of a socket",
  events: "waits for any of several things: epoll, poll, select, eventfd, io_uring",
  terminal: "waits for input from a terminal, or for it to take output",
  child: "waits for a child to change its state: wait4, waitid",
  signal: "waits for a signal: pause, sigsuspend, sigtimedwait",
  "file lock": "waits for a lock on a file: flock, fcntl",
  ipc: "waits for a System V or POSIX queue, or semaphore",
  "network disk": "waits for a file server: NFS, SMB, FUSE, 9p",
  "kernel lock": "waits for a lock inside the kernel: mutex, rwsem, often the one of a process's memory",
  rcu: "waits until all CPUs have passed a point of rest in the kernel",
  preempted: "could have gone on: another task had the CPU, or a quota was used up",
  yield: "gave the CPU up by sched_yield",
  stopped: "is stopped by a signal, or by a debugger",
  frozen: "its cgroup, or the system, is frozen",
  exit: "is ending",
  idle: "a kernel thread that has nothing to do",
  uninterruptible: "waits for the kernel, it is not known what for",
  other: "waits for an event, it is not known which",
};

/** What is known of a wait. */
export interface WaitFacts {
  /** Bits of `task_struct.__state`, TASK_* of include/linux/sched.h; 0: it could have run on. */
  readonly state: number;
  /** `task_struct.in_iowait`: io_schedule() marks the thread. */
  readonly ioWait: boolean;
  /** Name of the system call that it is in; empty for none, or when not known. */
  readonly syscall: string;
  /** The kernel's functions, leaf first; may be empty. */
  readonly kernel: readonly string[];
  /** It has user code. */
  readonly user: boolean;
  /** A timer ended the wait. */
  readonly timedOut: boolean;
}

const STATE = { INTERRUPTIBLE: 1, UNINTERRUPTIBLE: 2, STOPPED: 4, TRACED: 8, EXIT: 0x30, PARKED: 0x40, NOLOAD: 0x400 };

/** Ways into the kernel by a page fault; below them nothing tells why. */
const FAULT =
  /^(asm_)?exc_page_fault$|^do_user_addr_fault$|^handle_mm_fault$|^do_page_fault$|^el[01]_(da|ia)$|^do_mem_abort$|^faultin_page$/;

/** Functions that tell of a page fault more than that it is one. */
const IN_FAULT: readonly (readonly [RegExp, WaitReason])[] = [
  [/^(do_swap_page|swap_read(page|_folio)|swapin_readahead|swap_cluster_readahead|read_swap_cache_async)$/, "swap"],
  [/^(try_to_free_(pages|mem_cgroup_pages)|shrink_(node|lruvec)|mem_cgroup_handle_over_high)/, "memory reclaim"],
  [/^(rwsem_down_|down_read|down_write|lock_mm_and_find_vma|__mutex_lock)/, "kernel lock"],
];

/** Functions that tell it wherever they stand. In the order of trust: the first rule that finds its function counts. */
const BY_FUNCTION: readonly (readonly [RegExp, WaitReason])[] = [
  [
    /^(try_to_free_(pages|mem_cgroup_pages)|shrink_(node|lruvec)|mem_cgroup_handle_over_high|reclaim_throttle|balance_dirty_pages)/,
    "memory reclaim",
  ],
  [/^(do_)?freezer?|^__refrigerator$|^do_freezer_trap$|^cgroup_enter_frozen$/, "frozen"],
  [/^(synchronize_(s?rcu|rcu_tasks|sched)|__wait_rcu_gp|rcu_barrier)/, "rcu"],
  [
    /^(rpc_wait_bit_killable|nfs_|nfs4_|fuse_(wait_|simple_|dev_|request_)|__fuse_|request_wait_answer|cifs_|smb2_|p9_client_|p9_virtio)/,
    "network disk",
  ],
  [/^(pipe_(read|write|wait_|poll)|anon_pipe_(read|write)|wait_for_partner|fifo_open)/, "pipe"],
  [
    /^(ep_poll|do_epoll_wait|do_sys_poll|do_poll|do_select|eventfd_read|eventfd_write|io_cqring_wait|inotify_read|fanotify_read|signalfd_read)/,
    "events",
  ],
  [/^timerfd_read/, "sleep"],
  [/^(n_tty_(read|write)|tty_(read|write|wait_)|job_control)/, "terminal"],
  [/^(locks_lock_inode_wait|flock_lock_inode_wait|posix_lock_inode_wait|fcntl_setlk|__break_lease)/, "file lock"],
  [/^(sock_|sk_|inet_csk_|inet_|tcp_|udp_|unix_|netlink_|packet_|vsock_|__skb_(wait|recv)|skb_|do_accept)/, "socket"],
  [/^(do_wait(_pid|id)?$|kernel_wait4$|wait_consider_task)/, "child"],
  [
    /^(jbd2_|xfs_log_|xfs_buf_|btrfs_|ext4_sync|submit_bio_wait|blk_|__blk_|blkdev_|bio_|wbt_|rq_qos_|bit_wait_io|folio_wait_bit|wait_on_page_|__wait_on_buffer|iomap_dio|__iomap_dio|dio_|filemap_(fdatawait|read|get_pages)|scsi_|nvme_|dm_|md_)/,
    "disk",
  ],
  [/^(futex_|do_futex|__futex)/, "lock"],
  [/^(do_nanosleep|hrtimer_nanosleep|common_nsleep)/, "sleep"],
  [/^(__x64_sys_)?(do_)?(msg(rcv|snd)|semtimedop|mq_timed|wq_sleep)/, "ipc"],
  [/^(do_sigtimedwait|sigsuspend|do_signal_stop)/, "signal"],
  [
    /^(rwsem_down_|__mutex_lock|mutex_lock|__down|rt_mutex_|rt_spin_lock|percpu_rwsem_wait|__ww_mutex|osq_lock)/,
    "kernel lock",
  ],
  [/^(do_coredump|coredump_|exit_|do_exit|zap_pid_ns_processes|do_group_exit)/, "exit"],
];

const BY_SYSCALL: Readonly<Record<string, WaitReason>> = {
  nanosleep: "sleep",
  clock_nanosleep: "sleep",
  futex: "lock",
  futex_wait: "lock",
  futex_waitv: "lock",
  poll: "events",
  ppoll: "events",
  select: "events",
  pselect6: "events",
  epoll_wait: "events",
  epoll_pwait: "events",
  epoll_pwait2: "events",
  io_uring_enter: "events",
  io_getevents: "disk",
  io_pgetevents: "disk",
  fsync: "disk",
  fdatasync: "disk",
  sync: "disk",
  syncfs: "disk",
  sync_file_range: "disk",
  msync: "disk",
  wait4: "child",
  waitid: "child",
  vfork: "child",
  pause: "signal",
  rt_sigsuspend: "signal",
  rt_sigtimedwait: "signal",
  flock: "file lock",
  msgrcv: "ipc",
  msgsnd: "ipc",
  semop: "ipc",
  semtimedop: "ipc",
  mq_timedreceive: "ipc",
  mq_timedsend: "ipc",
  accept: "socket",
  accept4: "socket",
  connect: "socket",
  recvfrom: "socket",
  recvmsg: "socket",
  recvmmsg: "socket",
  sendto: "socket",
  sendmsg: "socket",
  sendmmsg: "socket",
};

/** System calls that wait for several things at once, or until a time. */
const UNTIL_TIMEOUT = new Set(["poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"]);

/**
 * Says why a thread is off the CPU. The state counts first, then a page fault, then the kernel's functions, which tell more
 * than the system call (`read` is of pipes, sockets, disks), then the system call.
 */
export function classifyWait(facts: WaitFacts): WaitReason {
  const { state, syscall } = facts;
  if (state === 0) return syscall === "sched_yield" ? "yield" : "preempted";
  if (state & (STATE.STOPPED | STATE.TRACED)) return "stopped";
  if (state & STATE.EXIT) return "exit";
  if (state & STATE.PARKED || state & STATE.NOLOAD && !facts.user) return "idle";
  if (UNTIL_TIMEOUT.has(syscall)) return facts.timedOut ? "sleep" : "events";

  const kernel = facts.kernel.map(plainName);
  const fault = kernel.findIndex((name) => FAULT.test(name));
  if (fault >= 0) return firstRule(IN_FAULT, kernel.slice(0, fault)) ?? "page fault";
  const found = firstRule(BY_FUNCTION, kernel);
  // A lock that is waited for inside of a disk's path is the disk's when the thread is marked so.
  if (found !== null) return found === "kernel lock" && facts.ioWait ? "disk" : found;
  if (facts.ioWait) return "disk";
  const known = BY_SYSCALL[syscall];
  if (known !== undefined && Object.hasOwn(BY_SYSCALL, syscall)) return known;
  if (!facts.user && state & STATE.INTERRUPTIBLE) return "idle";
  return state & STATE.UNINTERRUPTIBLE ? "uninterruptible" : "other";
}

function firstRule(rules: readonly (readonly [RegExp, WaitReason])[], kernel: readonly string[]): WaitReason | null {
  for (const [pattern, reason] of rules) if (kernel.some((name) => pattern.test(name))) return reason;
  return null;
}

/** A function's name without what the compiler put behind it: `.isra.0`, `.constprop.0`, `.cold`. */
export function plainName(name: string): string {
  const dot = name.indexOf(".", 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/** The scheduler's own functions, which every stack of a waiting thread has on top. */
const SCHEDULER =
  /^(__)?schedule(_|$)|^io_schedule|^preempt_schedule|^_?cond_resched|^__cond_resched|^__traceiter_|^bpf_|^trace_|^perf_|^dynamic_/;

/** The function that a thread waits in, as `wchan` of ps: the first that is not the scheduler's own. Empty for none. */
export function waitChannel(kernel: readonly string[]): string {
  return kernel.map(plainName).find((name) => !SCHEDULER.test(name)) ?? "";
}
