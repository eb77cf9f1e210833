import type { KernelLogEntry } from "./types.ts";

/** What one message of the kernel's log tells about performance. */
export type KernelLogClass = Pick<KernelLogEntry, "kind" | "pid" | "comm">;

/** A kind of message and the pattern of its text; groups `pid` and `comm` are optional. */
interface Rule {
  readonly kind: KernelLogEntry["kind"];
  readonly pattern: RegExp;
}

/**
 * First match wins. The source of each format is named above it. All are anchored at fixed words of the kernel where it
 * has some, and none backtracks more than once over the text. A comm may hold any character (hence the flag s): it is
 * taken as long as possible up to what the kernel writes after it.
 */
const RULES: readonly Rule[] = [
  // mm/oom_kill.c, __oom_kill_process: with the constraint since 5.1, without before. The line "Kill process … or
  // sacrifice child" that old kernels write first is left out: one kill is one entry.
  {
    kind: "oom_kill",
    pattern:
      /^(?:(?:Out of memory|Memory cgroup out of memory)[^:]{0,40}: )?Killed process (?<pid>\d+) \((?<comm>.*)\),? (?:UID:? ?\d+,? )?total-vm:/s,
  },
  // kernel/hung_task.c, check_hung_task
  {
    kind: "hung_task",
    pattern:
      /^INFO: task (?<comm>.*):(?<pid>\d+)(?:, parent .*)? (?:is )?blocked (?:[a-zA-Z/ ]{0,40} )?for more than \d+ /s,
  },
  // kernel/watchdog.c
  {
    kind: "soft_lockup",
    pattern: /^(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck for \d+s! \[(?<comm>.*):(?<pid>\d+)\]/s,
  },
  { kind: "soft_lockup", pattern: /^(?:(?:NMI )?watchdog: )?(?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu \d+/ },
  // kernel/rcu/tree_stall.h, tree_exp.h, tasks.h
  { kind: "rcu_stall", pattern: /^(?:rcu: )?INFO: rcu\S+ (?:self-)?detected (?:expedited )?stalls? on/ },
  { kind: "rcu_stall", pattern: /^rcu: rcu\S+ kthread (?:timer wakeup didn't happen|starved) for \d+ jiffies/ },
  // drivers/thermal/intel/therm_throt.c, drivers/thermal/thermal_core.c
  { kind: "thermal_throttle", pattern: /^(?:mce: )?CPU\d+: (?:Core|Package) temperature above threshold/ },
  { kind: "thermal_throttle", pattern: /^thermal .{0,80}critical temperature reached/ },
  // mm/memory-failure.c, drivers/edac/edac_mc.c (an uncorrected error)
  { kind: "memory_failure", pattern: /^(?:Memory failure: 0x|EDAC \S+: \d+ UE )/ },
  // arch/x86/kernel/cpu/mce/core.c, drivers/edac/edac_mc.c (corrected errors), drivers/acpi/apei/ghes.c
  { kind: "mce", pattern: /^(?:mce: )?(?:\{\d+\})?\[Hardware Error\]: |^EDAC \S+: \d+ CE / },
  // block/blk-mq.c, blk_print_req_error, and fs/buffer.c
  {
    kind: "io_error",
    pattern:
      /^(?:(?:blk_update_request|print_req_error): )?(?:I\/O|timeout|protection|offline device|recoverable transport|critical (?:target|medium|nexus|space allocation)) error, dev \S+ sector \d+|^Buffer I\/O error on dev/,
  },
  // drivers/nvme/host/pci.c, nvme_timeout; drivers/ata/libata-eh.c; drivers/scsi/scsi_logging.c; drivers/md
  {
    kind: "io_error",
    pattern:
      /^(?:nvme \S+: (?:I\/O |controller is down)|ata\d+(?:\.\d+)?: exception Emask|sd \S+ \[\S+\] (?:tag#\d+ )?(?:FAILED Result|Sense Key : (?:Medium|Hardware) Error)|md\/\S+ Disk failure on|device-mapper: multipath: \S+ Failing path)/,
  },
  // net/sunrpc/clnt.c, fs/smb/client/connect.c
  { kind: "io_error", pattern: /^(?:nfs: server .{1,255} not responding|CIFS: VFS: .{1,255} has not responded in )/ },
  // fs/ext4/super.c, fs/jbd2/journal.c, fs/xfs, fs/btrfs/messages.c, fs/f2fs/super.c
  {
    kind: "fs_error",
    pattern:
      /^(?:EXT4-fs error|EXT4-fs \(\S+\): Remounting filesystem read-only|JBD2: Detected IO errors|Aborting journal on device|XFS \(\S+\): (?:Metadata corruption|Corruption|metadata I\/O error|log I\/O error|Filesystem has been shut down|User initiated shutdown)|BTRFS (?:error|critical) \(|BTRFS warning \(.{1,80}\): csum failed|F2FS-fs \(\S+\): (?:.{0,80}corrupt|Stopped filesystem))/,
  },
  // mm/page_alloc.c, warn_alloc
  { kind: "allocation_failure", pattern: /^(?<comm>.*): page allocation failure: order:\d+, mode:/s },
  // net/sched/sch_generic.c, dev_watchdog
  { kind: "nic", pattern: /NETDEV WATCHDOG: .{0,80}transmit queue \d+ timed out/ },
  // Drivers word it alike: "e1000e 0000:00:1f.6 eno1: NIC Link is Down", "r8169 … eth0: Link is Down", bonding.
  {
    kind: "nic",
    pattern: /^[a-z][\w-]* .{1,80}: (?:NIC )?Link is [Dd]own|: link status definitely down|Detected Tx Unit Hang/,
  },
  // net/ipv4/tcp_input.c, tcp_syn_flood_action; net/ipv4/tcp.c; net/netfilter; net/core/neighbour.c
  {
    kind: "tcp_overflow",
    pattern:
      /^(?:(?:TCP: )?(?:request_sock_\S+: )?[Pp]ossible SYN flooding on port|TCP: out of memory|TCP: too many orphaned sockets|TCP: time wait bucket table overflow|(?:nf_conntrack: )+table full|neighbour: \S+: neighbor table overflow)/,
  },
  // kernel/time/clocksource.c: what reads the time is slow from now on.
  {
    kind: "clocksource",
    pattern:
      /^clocksource: (?:timekeeping watchdog on CPU\d+: )?Marking clocksource '\S+' (?:\S+ )?as unstable|^Clocksource \S+ unstable/,
  },
  // arch/x86/kernel/cpu/bus_lock.c: such an instruction stalls all CPUs, and the kernel slows its task down.
  {
    kind: "split_lock",
    pattern: /^x86\/split lock detection: #(?:AC|DB): (?<comm>.*)\/(?<pid>\d+) took a (?:split|bus)_lock trap/s,
  },
];

/** Longer messages are not of the kernel's own making; patterns see this much of them. */
const MAX_MESSAGE = 1024;

/** Tells what a message of the kernel's log means for performance; null for the many that mean nothing. */
export function classifyKernelLog(message: string): KernelLogClass | null {
  const text = message.slice(0, MAX_MESSAGE);
  for (const rule of RULES) {
    const m = rule.pattern.exec(text);
    if (m === null) continue;
    const pid = m.groups?.pid;
    return { kind: rule.kind, pid: pid === undefined ? null : Number(pid), comm: m.groups?.comm ?? null };
  }
  return null;
}
