import assert from "node:assert/strict";
import { classifyWait, WAIT_REASONS, waitChannel, type WaitFacts } from "./mod.ts";

const S = 1, D = 2;
const wait = (facts: Partial<WaitFacts>): WaitFacts => ({
  state: S,
  ioWait: false,
  syscall: "",
  kernel: [],
  user: true,
  timedOut: false,
  ...facts,
});
const entry = ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"];
const stack = (...functions: string[]): string[] => ["__schedule", "schedule", ...functions, ...entry];

Deno.test.each(
  [
    ["sleep", { syscall: "clock_nanosleep", kernel: stack("do_nanosleep", "hrtimer_nanosleep") }],
    ["sleep", { syscall: "nanosleep" }],
    ["sleep", { syscall: "poll", kernel: stack("schedule_hrtimeout_range_clock", "do_sys_poll"), timedOut: true }],
    ["events", { syscall: "epoll_wait", kernel: stack("schedule_hrtimeout_range", "ep_poll", "do_epoll_wait") }],
    ["events", { syscall: "io_uring_enter", kernel: stack("io_cqring_wait", "__do_sys_io_uring_enter") }],
    ["lock", { syscall: "futex", kernel: stack("futex_wait_queue", "__futex_wait", "futex_wait", "do_futex") }],
    ["disk", { state: D, ioWait: true, kernel: ["__schedule", "schedule", "io_schedule", "folio_wait_bit_common"] }],
    ["disk", { state: D, ioWait: true, syscall: "read", kernel: [] }],
    ["disk", { state: D, syscall: "fsync", kernel: stack("jbd2_log_wait_commit", "ext4_sync_file", "do_fsync") }],
    ["disk", { state: D, ioWait: true, syscall: "pread64", kernel: stack("__mutex_lock.constprop.0", "some_driver") }],
    ["page fault", {
      state: D,
      ioWait: true,
      kernel: [
        "io_schedule",
        "folio_wait_bit_common",
        "filemap_fault",
        "__do_fault",
        "handle_mm_fault",
        "exc_page_fault",
      ],
    }],
    ["swap", {
      state: D,
      ioWait: true,
      kernel: ["io_schedule", "do_swap_page", "handle_mm_fault", "asm_exc_page_fault"],
    }],
    ["kernel lock", {
      state: D,
      kernel: ["schedule", "rwsem_down_read_slowpath", "do_user_addr_fault", "exc_page_fault"],
    }],
    ["memory reclaim", { state: D, kernel: stack("io_schedule", "shrink_node", "try_to_free_pages", "vfs_read") }],
    ["pipe", { syscall: "read", kernel: stack("anon_pipe_read", "vfs_read", "ksys_read") }],
    ["pipe", { syscall: "write", kernel: stack("pipe_write", "vfs_write") }],
    ["socket", {
      syscall: "recvfrom",
      kernel: stack("wait_woken", "sk_wait_data", "tcp_recvmsg_locked", "inet_recvmsg"),
    }],
    ["socket", {
      syscall: "read",
      kernel: stack("unix_stream_data_wait", "unix_stream_read_generic", "sock_read_iter"),
    }],
    ["socket", { syscall: "accept4" }],
    ["terminal", { syscall: "read", kernel: stack("wait_woken", "n_tty_read", "tty_read", "vfs_read") }],
    ["child", { syscall: "wait4", kernel: stack("do_wait", "kernel_wait4", "__do_sys_wait4") }],
    ["signal", { syscall: "rt_sigtimedwait", kernel: stack("do_sigtimedwait", "__x64_sys_rt_sigtimedwait") }],
    ["file lock", { syscall: "flock", kernel: stack("locks_lock_inode_wait", "__do_sys_flock") }],
    ["ipc", { syscall: "semtimedop" }],
    ["network disk", { state: D, kernel: stack("rpc_wait_bit_killable", "__wait_on_bit", "nfs_file_read") }],
    ["kernel lock", {
      state: D,
      syscall: "openat",
      kernel: stack("rwsem_down_write_slowpath", "down_write", "path_openat"),
    }],
    ["rcu", { state: D, kernel: stack("wait_for_completion", "__wait_rcu_gp", "synchronize_rcu") }],
    ["preempted", { state: 0, kernel: ["__schedule", "schedule", "irqentry_exit_to_user_mode"] }],
    ["yield", { state: 0, syscall: "sched_yield" }],
    ["stopped", { state: 4 }],
    ["stopped", { state: 8, syscall: "futex" }],
    ["frozen", { kernel: stack("__refrigerator", "get_signal") }],
    ["exit", { state: 0x20 }],
    ["idle", { state: 0x402, user: false, kernel: ["__schedule", "schedule", "worker_thread", "kthread"] }],
    ["idle", { user: false, kernel: ["__schedule", "schedule", "kswapd", "kthread"] }],
    ["uninterruptible", { state: D, kernel: stack("schedule_timeout", "wait_for_completion") }],
    ["other", {}],
    ["other", { syscall: "toString" }],
  ] as const,
)("classifyWait() says $0 for $1", (reason, facts) => {
  assert.equal(classifyWait(wait(facts)), reason);
});

Deno.test("classifyWait() knows of every reason what it means, and answers no other", () => {
  const functions = ["io_schedule", "pipe_read", "exc_page_fault", "futex_wait", "x", "constructor", "", "a.b.c"];
  for (let state = 0; state < 0x800; state += 7) {
    for (const name of functions) {
      const reason = classifyWait(wait({ state, kernel: [name], syscall: name, ioWait: state % 2 === 0 }));
      assert.ok(Object.hasOwn(WAIT_REASONS, reason), reason);
    }
  }
});

Deno.test("waitChannel() is the first function below the scheduler's own", () => {
  assert.equal(
    waitChannel(["__schedule", "schedule", "schedule_timeout", "sk_wait_data", "tcp_recvmsg"]),
    "sk_wait_data",
  );
  assert.equal(waitChannel(["io_schedule_timeout", "folio_wait_bit_common.isra.0"]), "folio_wait_bit_common");
  assert.equal(waitChannel([]), "");
});
