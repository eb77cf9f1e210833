import assert from "node:assert/strict";
import fc from "fast-check";
import { classifyKernelLog } from "./classify_kernel_log.ts";
import { parseKmsg } from "./parse_kmsg.ts";
import type { KernelLogEntry } from "./types.ts";

Deno.test("parseKmsg() splits the prefix, leaves out continuation lines, and undoes the kernel's escapes", () => {
  const records = parseKmsg(
    "6,476,12805499,-;pgsteal_direct 0\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:05.0\n12,5,7,c,caller=T1;a;b\\x0ac\\x5cx\\xc3\\xa9\n",
  );
  assert.deepEqual(records, [
    { level: 6, facility: 0, sequence: 476, timeNs: 12805499000, message: "pgsteal_direct 0" },
    { level: 4, facility: 1, sequence: 5, timeNs: 7000, message: "a;b\nc\\xé" },
  ]);
  assert.deepEqual(parseKmsg("garbage\n1,2\n"), []);
});

/** Messages as kernels of several versions write them, with the kind, pid and comm they name. */
const MESSAGES: readonly (readonly [string, KernelLogEntry["kind"], number | null, string | null])[] = [
  [
    "Memory cgroup out of memory: Killed process 194 (sh) total-vm:12828kB, anon-rss:7432kB, file-rss:1440kB, shmem-rss:0kB, UID:0 pgtables:64kB oom_score_adj:0",
    "oom_kill",
    194,
    "sh",
  ],
  ["Out of memory: Killed process 7 (a) total-vm:1 (b) total-vm:5kB, anon-rss:1kB", "oom_kill", 7, "a) total-vm:1 (b"],
  ["Out of memory (oom_kill_allocating_task): Killed process 7 (x\ny) total-vm:5kB", "oom_kill", 7, "x\ny"],
  ["Killed process 2291 (mysqld) total-vm:5kB, anon-rss:1kB, file-rss:2kB", "oom_kill", 2291, "mysqld"],
  ["Killed process 2291 (mysqld), UID 27, total-vm:5kB, anon-rss:1kB", "oom_kill", 2291, "mysqld"],
  ["INFO: task jbd2/sda1-8:311 blocked for more than 120 seconds.", "hung_task", 311, "jbd2/sda1-8"],
  ["INFO: task a:1 b:22 blocked in I/O wait for more than 122 seconds.", "hung_task", 22, "a:1 b"],
  ["watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:1234]", "soft_lockup", 1234, "kworker/3:1"],
  ["NMI watchdog: Watchdog detected hard LOCKUP on cpu 2", "soft_lockup", null, null],
  ["watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 4", "soft_lockup", null, null],
  ["rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu_stall", null, null],
  ["rcu: INFO: rcu_sched self-detected stall on CPU", "rcu_stall", null, null],
  ["rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { P4122 } 2641 jiffies", "rcu_stall", null, null],
  ["rcu: rcu_preempt kthread starved for 5250 jiffies! g10", "rcu_stall", null, null],
  ["CPU0: Core temperature above threshold, cpu clock throttled (total events = 1)", "thermal_throttle", null, null],
  [
    "mce: CPU12: Package temperature above threshold, cpu clock throttled (total events = 9)",
    "thermal_throttle",
    null,
    null,
  ],
  ["mce: [Hardware Error]: Machine check events logged", "mce", null, null],
  ["{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0", "mce", null, null],
  ["EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0", "mce", null, null],
  ["EDAC MC0: 1 UE memory read error on unknown label", "memory_failure", null, null],
  ["Memory failure: 0x12345: recovery action for dirty LRU page: Recovered", "memory_failure", null, null],
  ["I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2", "io_error", null, null],
  ["blk_update_request: critical medium error, dev sdb, sector 77", "io_error", null, null],
  ["Buffer I/O error on dev sda1, logical block 0, async page read", "io_error", null, null],
  ["nvme nvme0: I/O tag 2 (1002) opcode 0x1 (Write) QID 3 timeout, aborting req_op:WRITE(1)", "io_error", null, null],
  ["ata1.00: exception Emask 0x0 SAct 0x10000 SErr 0x0 action 0x6 frozen", "io_error", null, null],
  ["sd 0:0:0:0: [sda] tag#0 FAILED Result: hostbyte=DID_OK driverbyte=DRIVER_OK", "io_error", null, null],
  ["md/raid1:md0: Disk failure on sdb1, disabling device.", "io_error", null, null],
  ["nfs: server filer not responding, still trying", "io_error", null, null],
  [
    "EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced",
    "fs_error",
    null,
    null,
  ],
  ["XFS (dm-0): Filesystem has been shut down due to log error (0x2).", "fs_error", null, null],
  ["BTRFS warning (device sdb): csum failed root 5 ino 257 off 0", "fs_error", null, null],
  [
    "kworker/u8:1: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)",
    "allocation_failure",
    null,
    "kworker/u8:1",
  ],
  ["NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out", "nic", null, null],
  ["virtio_net virtio0 eth0: NETDEV WATCHDOG: CPU: 3: transmit queue 1 timed out 5024 ms", "nic", null, null],
  ["e1000e 0000:00:1f.6 eno1: NIC Link is Down", "nic", null, null],
  ["TCP: request_sock_TCP: Possible SYN flooding on port [::]:8080. Sending cookies.", "tcp_overflow", null, null],
  ["nf_conntrack: nf_conntrack: table full, dropping packet", "tcp_overflow", null, null],
  ["neighbour: arp_cache: neighbor table overflow!", "tcp_overflow", null, null],
  [
    "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:",
    "clocksource",
    null,
    null,
  ],
  [
    "x86/split lock detection: #AC: CPU 0/KVM/1968 took a split_lock trap at address: 0xfffff804726dfdff",
    "split_lock",
    1968,
    "CPU 0/KVM",
  ],
];

for (const [message, kind, pid, comm] of MESSAGES) {
  Deno.test(`classifyKernelLog() tells ${kind} from "${message.slice(0, 60).replaceAll("\n", " ")}"`, () => {
    assert.deepEqual(classifyKernelLog(message), { kind, pid, comm });
  });
}

Deno.test("classifyKernelLog() passes over what looks alike and means nothing", () => {
  for (
    const message of [
      "mce: Using 20 MCE banks",
      "mce: CPU0: Thermal monitoring enabled (TM1)",
      "CPU0: Core temperature/speed normal",
      "Out of memory: Kill process 1234 (java) score 900 or sacrifice child",
      "oom_reaper: reaped process 194 (sh), now anon-rss:68kB, file-rss:0kB, shmem-rss:0kB",
      "EXT4-fs (sda1): mounted filesystem with ordered data mode",
      "ata3: SATA link down (SStatus 0 SControl 300)",
      "IPv6: ADDRCONF(NETDEV_UP): eth0: link is not ready",
      "clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns",
      "systemd[1]: Killed process 1 (x) total-vm:1kB",
      "",
    ]
  ) assert.equal(classifyKernelLog(message), null, message);
});

Deno.test("classifyKernelLog() never throws, and answers quickly whatever the text", () => {
  const words = MESSAGES.flatMap(([m]) => m.split(" "));
  fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 60 }), (parts) => {
    classifyKernelLog(parts.join(" "));
  }));
  for (const start of ["INFO: task ", "Killed process 1 (", "x86/split lock detection: #AC: ", ""]) {
    classifyKernelLog(start + ": blocked (a) total-vm/1 took ".repeat(100_000));
  }
});
