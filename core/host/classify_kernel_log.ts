import type { KernelLogEntry } from "./types.ts";

/** What one message of the kernel's log tells about performance. */
export type KernelLogClass = Pick<KernelLogEntry, "kind" | "pid" | "comm">;

/** A kind of message and the pattern of its text; groups `pid` and `comm` are optional. */
interface Rule {
  readonly kind: KernelLogEntry["kind"];
  readonly pattern: RegExp;
}

/**
 * First match wins. Each pattern is anchored or starts with fixed words, and is linear in the text. The source of each
 * format is named beside it. A comm may hold any character: it is taken between fixed neighbours, as long as possible
 * where the text after it ends the message.
 */
const RULES: readonly Rule[] = [
  // mm/oom_kill.c __oom_kill_process: "Killed process" since 2.6, prefixed since 4.19.
  {
    kind: "oom_kill",
    pattern:
      /^(?:Out of memory|Memory cgroup out of memory|.{0,40}out of memory).{0,20}: Killed process (?<pid>\d+) \((?<comm>.*)\),? (?:total-vm|UID|, )/,
  },
  { kind: "oom_kill", pattern: /^Killed process (?<pid>\d+) \((?<comm>.*)\),? total-vm/ },
  { kind: "oom_kill", pattern: /^Out of memory: Kill(?:ed)? process (?<pid>\d+) \((?<comm>.*)\)/ },
  // kernel/hung_task.c
  {
    kind: "hung_task",
    pattern: /^INFO: task (?<comm>.*):(?<pid>\d+) (?:blocked|is blocked)[ a-zA-Z/-]* for more than \d+ seconds/,
  },
  // kernel/watchdog.c; the format is shared by hard lockups.
  {
    kind: "soft_lockup",
    pattern: /^(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck for \d+s! \[(?<comm>.*):(?<pid>\d+)\]/,
  },
  { kind: "soft_lockup", pattern: /Watchdog detected hard LOCKUP on cpu \d+/ },
  // kernel/rcu/tree_stall.h
  { kind: "rcu_stall", pattern: /^rcu: INFO: \S+ (?:self-)?detected (?:expedited )?stalls?/ },
  { kind: "rcu_stall", pattern: /^INFO: rcu_\S+ (?:self-)?detected (?:expedited )?stalls?/ },
  { kind: "rcu_stall", pattern: /^rcu: rcu_\S+ kthread starved for \d+ jiffies/ },
  // drivers/thermal/intel/therm_throt.c, drivers/thermal/thermal_core.c
  {
    kind: "thermal_throttle",
    pattern:
      /(?:temperature\/speed normal|temperature above threshold|cpu clock throttled|critical temperature reached)/i,
  },
  // arch/x86/kernel/cpu/mce, drivers/edac, mm/memory-failure.c
  {
    kind: "memory_failure",
    pattern: /^(?:Memory failure: |MCE .{0,40}: hardware memory corruption|EDAC \S+: \d+ UE )/,
  },
  { kind: "mce", pattern: /^(?:mce: |\[Hardware Error\]|EDAC \S+: \d+ CE |Machine check)/ },
  // block/blk-core.c, block/blk-mq.c, drivers/nvme/host/core.c, drivers/ata/libata-*.c, drivers/scsi/sd.c, drivers/md
  {
    kind: "io_error",
    pattern:
      /^(?:(?:blk_update_request: |print_req_error: )?(?:critical )?(?:I\/O|medium|target|protection|timeout|transport|nexus|space allocation) error, dev \S+|Buffer I\/O error on dev|nvme \S+ I\/O (?:tag )?\d+|nvme \S+: (?:I\/O|controller is down|Abort status)|ata\d+(?:\.\d+)?: (?:exception Emask|failed command|error:|SATA link down)|sd \S+ \[\S+\] (?:tag#\d+ )?(?:FAILED Result|Sense Key : (?:Medium|Hardware))|md\/raid\S+ Disk failure|device-mapper: .{0,80}(?:error|fail))/i,
  },
  // fs/ext4/super.c, fs/xfs/xfs_message.c, fs/btrfs/messages.c, fs/f2fs
  {
    kind: "fs_error",
    pattern:
      /^(?:EXT4-fs (?:error|warning|\(\S+\): (?:Remounting filesystem read-only|error))|XFS \(\S+\): .{0,200}(?:error|corruption|shut(?:ting)? ?down)|BTRFS (?:error|critical|warning)|F2FS-fs \(\S+\): .{0,200}(?:error|corrupt)|JBD2: .{0,200}error|Aborting journal on device)/i,
  },
  // net/core/dev.c dev_watchdog, link messages of drivers, netif and virtio resets
  {
    kind: "nic",
    pattern:
      /(?:NETDEV WATCHDOG: |transmit queue \d+ timed out|NIC Link is Down|Link is Down|: link (?:status definitely )?down|Reset adapter|Detected Tx Unit Hang|page allocation failure.{0,40}(?:rx|skb))/i,
  },
  // net/ipv4/tcp_input.c tcp_syn_flood_action; net/ipv4/tcp.c; net/netfilter/nf_conntrack_core.c; net/core/neighbour.c
  {
    kind: "tcp_overflow",
    pattern:
      /(?:Possible SYN flooding on port|TCP: out of memory|TCP: too many orphaned sockets|nf_conntrack: (?:.{0,40}: )?table full|neighbour: \S+: neighbor table overflow|TCP: time wait bucket table overflow)/,
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
