import type { BottleneckType } from "../../data/mod.ts";
import type { MachineWindow } from "./machine.ts";

/** A made-up machine with a known cause. Magnitudes are those measured on a 2-CPU virtual machine with Linux 6.18. */
export interface MadeUpCase {
  readonly name: string;
  readonly windows: readonly MachineWindow[];
  readonly type: BottleneckType;
  readonly culprit: string | null;
  readonly fn?: string;
  /** Words the root cause must have. */
  readonly says?: readonly RegExp[];
}

const MIB = 2 ** 20;
const busy = { usage: 1, user: 0.98, system: 0.02 };

const pinnedHog = (pid: number): { readonly [field: string]: unknown } => ({
  pid,
  ppid: 900,
  comm: "worker",
  state: "R",
  cpu: 0.33,
  run_delay: 0.66,
  cpus_allowed: "1",
});

const hotFunction: MachineWindow = {
  cpus: [busy, {}],
  load: { running: 1.05, run_delay: 0.02 },
  processes: [{ pid: 1200, ppid: 800, comm: "hot", state: "R", cpu: 0.99, system: 0.01, run_delay: 0.01 }],
  profile: [
    { pid: 1200, comm: "hot", samples: 296, share: 0.96, kernel_share: 0.01, top_function: "spin_hard" },
    { pid: 402, comm: "sshd", samples: 4, share: 0.01, kernel_share: 0.8, top_function: "do_syscall_64" },
  ],
};

const stress: MachineWindow = {
  cpus: [busy, busy],
  load: { running: 4, run_delay: 1.97 },
  pressure: [0.965, 0, 0],
  processes: [1, 2, 3, 4].map((i) => ({
    pid: 1300 + i,
    ppid: 1300,
    comm: "stress-ng-cpu",
    state: "R",
    cpu: 0.5,
    run_delay: 0.49,
  })),
  profile: [1, 2, 3, 4].map((i) => ({
    pid: 1300 + i,
    comm: "stress-ng-cpu",
    samples: 148,
    share: 0.25,
    kernel_share: 0.01,
    top_function: "stress_cpu_matrix_prod",
  })),
};

const syscalls: MachineWindow = {
  cpus: [{ usage: 1, user: 0.24, system: 0.76 }, {}],
  processes: [{ pid: 1400, ppid: 800, comm: "tinycalls", state: "R", cpu: 1, system: 0.76, run_delay: 0.001 }],
  profile: [{
    pid: 1400,
    comm: "tinycalls",
    samples: 297,
    share: 0.97,
    kernel_share: 0.8,
    top_function: "entry_SYSCALL_64",
  }],
};

const storm: MachineWindow = {
  cpus: [{ usage: 0.8, system: 0.5 }, { usage: 0.75, system: 0.5 }],
  load: { running: 1.6, run_delay: 0.15, forks: 820 },
  pressure: [0.2, 0, 0.01],
  processes: [{ pid: 1500, ppid: 800, comm: "sh", state: "R", cpu: 0.42, system: 0.3, children_cpu: 0.9 }],
  summary: { forks: 820, cpu_unseen: 1.05, cpu_total: 1.6 },
  profile: [
    { pid: 1500, comm: "sh", samples: 120, share: 0.25, kernel_share: 0.8, top_function: "copy_page_range" },
    { pid: 9999, comm: "true", samples: 2, share: 0.01, kernel_share: 0.9, top_function: "do_exit" },
  ],
  commands: [{
    comm: "true",
    parent_pid: 1500,
    parent_comm: "sh",
    count: 2440,
    rate: 813,
    lifetime_p50: 700e3,
    lifetime_p99: 2e6,
    cpu: 0.9,
    share: 0.99,
  }],
};

const growth = (memory: number): MachineWindow => ({
  cpus: [{ usage: 0.05 }, {}],
  processes: [{
    pid: 1600,
    ppid: 800,
    comm: "grower",
    cpu: 0.05,
    rss: memory - MIB,
    rss_growth: 9 * MIB,
    minor_faults: 2300,
    cgroups: "/leaky,/",
    cgroup: "/leaky",
  }],
  cgroups: [{
    path: "/leaky",
    memory,
    memory_limit: 256 * MIB,
    memory_ratio: memory / (256 * MIB),
    memory_growth: 9 * MIB,
    anon: memory - MIB,
    file: MIB / 2,
    cpu: 0.05,
  }],
});

const thrash: MachineWindow = {
  cpus: [{ usage: 0.32, system: 0.28, iowait: 0.66 }, {}],
  load: { blocked: 0.7 },
  memory: { refaults_file: 156e3, direct_reclaim: 30e3, page_in: 630 * MIB },
  disk: {
    read_bytes: 630 * MIB,
    reads: 600,
    utilization: 0.86,
    queue: 3.5,
    read_latency: 5e6,
  },
  pressure: [0.045, 0.023, 0.64],
  processes: [{
    pid: 1700,
    ppid: 800,
    comm: "rereader",
    state: "D",
    cpu: 0.25,
    system: 0.25,
    blocked: 0.7,
    wait: "read/folio_wait_bit_common",
    read_bytes: 628 * MIB,
    cgroups: "/small,/",
    cgroup: "/small",
  }],
  cgroups: [{
    path: "/small",
    memory: 63.2 * MIB,
    memory_limit: 64 * MIB,
    memory_ratio: 0.988,
    anon: 0.2 * MIB,
    file: 63 * MIB,
    limit_hits: 5400,
    refaults: 156e3,
    cpu: 0.25,
  }],
};

const fsyncs: MachineWindow = {
  cpus: [{ usage: 0.1, iowait: 0.2 }, { usage: 0.45, system: 0.37, steal: 0.05, iowait: 0.4 }],
  load: { blocked: 0.5, run_delay: 0.05 },
  disk: {
    writes: 14592,
    write_bytes: 60e6,
    flushes: 7172,
    utilization: 0.68,
    queue: 1.09,
    flush_latency: 47e3,
    write_latency: 52e3,
  },
  pressure: [0.16, 0, 0.518],
  processes: [{
    pid: 1800,
    ppid: 800,
    comm: "fsyncer",
    state: "D",
    cpu: 0.36,
    system: 0.36,
    blocked: 0.57,
    wait: "fsync/submit_bio_wait",
    write_bytes: 29e6,
    voluntary_switches: 14000,
    run_delay: 0.016,
  }],
};

const readerBesideEater: MachineWindow = {
  cpus: [busy, { usage: 0.95, system: 0.21, steal: 0.33, softirq: 0.02 }],
  load: { blocked: 0.2, run_delay: 0.11 },
  disk: { reads: 14483, read_bytes: 59.3e6, utilization: 0.83, queue: 0.86, read_latency: 57e3 },
  pressure: [0.063, 0, 0.136],
  processes: [
    { pid: 1900, ppid: 800, comm: "eater", state: "R", cpu: 0.99, run_delay: 0.02 },
    {
      pid: 1901,
      ppid: 801,
      comm: "reader",
      state: "D",
      cpu: 0.41,
      system: 0.41,
      blocked: 0.14,
      wait: "pread64/__iomap_dio_rw",
      read_bytes: 59.2e6,
      run_delay: 0.036,
      voluntary_switches: 14400,
    },
  ],
  profile: [
    { pid: 1900, comm: "eater", samples: 297, share: 0.7, kernel_share: 0.01, top_function: "burn" },
    { pid: 1901, comm: "reader", samples: 110, share: 0.26, kernel_share: 0.98, top_function: "blk_mq_submit_bio" },
  ],
};

const throttled: MachineWindow = {
  cpus: [{ usage: 0.05 }, { usage: 0.22 }],
  load: { run_delay: 0.8, running: 1 },
  pressure: [0.755, 0, 0],
  processes: [{
    pid: 2000,
    ppid: 800,
    comm: "limited",
    state: "R",
    cpu: 0.2,
    run_delay: 0.785,
    cgroup: "/jobs/unit",
    cgroups: "/jobs/unit,/capped,/",
  }],
  cgroups: [
    { path: "/jobs/unit", memory: 3 * MIB, cpu: 0.2 },
    {
      path: "/capped",
      cpu: 0.2,
      cpu_quota: 0.2,
      periods: 30,
      throttled_periods: 29,
      throttled_ratio: 0.967,
      throttled_time: 2.3e9,
    },
  ],
  profile: [{ pid: 2000, comm: "limited", samples: 60, share: 0.8, kernel_share: 0, top_function: "work" }],
};

const pinned: MachineWindow = {
  cpus: [{ usage: 0.04 }, busy],
  load: { run_delay: 2.0, running: 3 },
  pressure: [0.946, 0, 0],
  processes: [pinnedHog(2101), pinnedHog(2102), pinnedHog(2103)],
  profile: [2101, 2102, 2103].map((pid) => ({
    pid,
    comm: "worker",
    samples: 99,
    share: 0.33,
    kernel_share: 0,
    top_function: "work",
  })),
};

const service: MachineWindow = {
  cpus: [{ usage: 0.12 }, { usage: 0.09 }],
  load: { running: 0.3, run_delay: 0.03, forks: 3 },
  disk: { writes: 20, write_bytes: 300e3, flushes: 2, flush_latency: 500e3, utilization: 0.03, queue: 0.02 },
  pressure: [0.02, 0, 0.01],
  processes: [{
    pid: 2200,
    ppid: 1,
    comm: "service",
    cpu: 0.14,
    system: 0.04,
    blocked: 0.01,
    wait: "fsync/submit_bio_wait",
  }],
  profile: [{ pid: 2200, comm: "service", samples: 42, share: 0.6, kernel_share: 0.3, top_function: "handle" }],
};

const burst: MachineWindow = {
  ...service,
  cpus: [{ usage: 0.98 }, { usage: 0.2 }],
  load: { running: 1.2, run_delay: 0.2, forks: 3 },
  processes: [{ pid: 2200, ppid: 1, comm: "service", cpu: 0.95, system: 0.1 }],
};

/** The cases every release must get right, and machines on which nothing is wrong. */
export const CASES: readonly MadeUpCase[] = [
  { name: "hot function", windows: [hotFunction], type: "cpu_bound", culprit: "hot", fn: "spin_hard" },
  {
    name: "more workers than CPUs",
    windows: [stress],
    type: "cpu_bound",
    culprit: "stress-ng-cpu",
    says: [/saturated/],
  },
  {
    name: "tiny system calls",
    windows: [syscalls],
    type: "cpu_bound",
    culprit: "tinycalls",
    says: [/system time/, /kernel/],
  },
  { name: "short-lived processes", windows: [storm], type: "cpu_bound", culprit: "sh", says: [/\btrue\b/, /\bsh\b/] },
  {
    name: "growth towards a cgroup limit",
    windows: [growth(120 * MIB), growth(140 * MIB)],
    type: "memory_bound",
    culprit: "grower",
    says: [/\/leaky/],
  },
  { name: "cache too small", windows: [thrash], type: "memory_bound", culprit: "rereader", says: [/refault/] },
  { name: "fsync loop", windows: [fsyncs], type: "io_bound", culprit: "fsyncer", says: [/fsync/] },
  { name: "reader beside an eater", windows: [readerBesideEater], type: "io_bound", culprit: "reader" },
  {
    name: "quota throttles",
    windows: [throttled],
    type: "scheduler",
    culprit: "limited",
    says: [/throttle/, /29 of 30/],
  },
  { name: "pinned to one CPU", windows: [pinned], type: "scheduler", culprit: "worker", says: [/CPU 0 idles/] },
  { name: "healthy service", windows: [service], type: "unknown", culprit: null },
  { name: "healthy service, burst in the sweep", windows: [burst, service], type: "unknown", culprit: null },
  { name: "healthy service, burst in the second look", windows: [service, burst], type: "unknown", culprit: null },
  { name: "idle machine", windows: [{}], type: "unknown", culprit: null },
  { name: "idle machine without PSI", windows: [{ pressure: null }], type: "unknown", culprit: null },
];
