import type { Case } from "./case.ts";

const MIB = 1 << 20;

/** The loads, each with what a right diagnosis says. */
export const CASES: readonly Case[] = [
  {
    name: "hot_function",
    doc: "a C program with one hot function among cooler ones",
    expected: { type: "cpu_bound", culprits: ["pricer"], functions: ["price_option"], says: [] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["15"] });
      await bench.start("hot_function", "pricer");
    },
  },
  {
    name: "stress_ng_matrix",
    doc: "stress-ng --cpu 4 --cpu-method matrixprod: more runnable threads than CPUs",
    expected: { type: "cpu_bound", culprits: ["stress-ng-cpu", "stress-ng"], says: [/saturat|run.?queue|wait/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["5"] });
      // The timeout is for the case that nobody lives to end it.
      const args = ["--cpu", "4", "--cpu-method", "matrixprod", "--timeout", "300", "--quiet"];
      await bench.command("stress-ng", args, 4);
    },
  },
  {
    name: "syscall_loop",
    doc: "a loop of tiny system calls",
    expected: { type: "cpu_bound", culprits: ["poller"], says: [/system|kernel/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["15"] });
      await bench.start("syscall_loop", "poller");
    },
  },
  {
    name: "process_storm",
    doc: "a storm of short-lived processes that no snapshot shows",
    expected: {
      type: "cpu_bound",
      culprits: ["dispatcher", "jobstep"],
      says: [/short.lived|process(es)? (a|per) second|storm|fork|exec/i, /jobstep/, /dispatcher/],
    },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["15"] });
      const step = await bench.build("short_job", "jobstep");
      await bench.start("process_storm", "dispatcher", { args: [step] });
    },
  },
  {
    name: "cgroup_growth",
    doc: "a process that grows towards the memory limit of its cgroup",
    expected: { type: "memory_bound", culprits: ["sessiond"], says: [/limit/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["20"] });
      const cgroup = await bench.cgroup({ memory: 256 * MIB });
      // From 150 to 246 MiB in 40 s: longer than a diagnosis takes.
      await bench.start("growing", "sessiond", { args: ["150", "240", "100", "246"], cgroup });
    },
  },
  {
    name: "cgroup_reread",
    doc: "a file read again and again through a cgroup too small to cache it",
    expected: { type: "memory_bound", culprits: ["indexer"], says: [/limit|cgroup|cache/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["20"] });
      const file = await bench.file("corpus", 320 * MIB);
      const cgroup = await bench.cgroup({ memory: 96 * MIB });
      await bench.start("reread", "indexer", { args: [file], cgroup });
    },
  },
  {
    name: "fsync_loop",
    doc: "a block written and fsynced, over and over",
    expected: { type: "io_bound", culprits: ["ledgerd"], says: [/fsync|flush|sync|journal|write/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["20"] });
      await bench.start("fsync_loop", "ledgerd", { args: [`${bench.dir}/ledger`] });
    },
  },
  {
    name: "random_reader",
    doc: "direct random reads beside an innocent process that uses more CPU",
    expected: { type: "io_bound", culprits: ["scanner"], says: [/read|disk/i] },
    decoys: ["renderd"],
    async start(bench) {
      await bench.start("duty", "renderd", { args: ["70"] });
      const file = await bench.file("table", 1024 * MIB);
      await bench.start("random_reader", "scanner", { args: [file, "4"] });
    },
  },
  {
    name: "cpu_quota",
    doc: "a CPU quota of a quarter of a CPU that throttles a busy process",
    expected: { type: "scheduler", culprits: ["transcoder"], says: [/throttl/i, /period|quota/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["20"] });
      const cgroup = await bench.cgroup({ cpus: 0.25 });
      await bench.start("spin", "transcoder", { cgroup });
    },
  },
  {
    name: "pinned_three",
    doc: "three busy processes pinned to one CPU",
    expected: { type: "scheduler", culprits: ["matcher"], says: [/pinn|affinity|cpus_allowed/i, /idle/i] },
    decoys: ["reporter"],
    async start(bench) {
      await bench.start("duty", "reporter", { args: ["5"] });
      for (let i = 0; i < 3; i++) await bench.start("spin", "matcher", { cpu: 0 });
    },
  },
  {
    name: "healthy_service",
    doc: "a small healthy service with its client",
    expected: { type: "unknown", culprits: null, says: [] },
    decoys: ["frontd", "client"],
    async start(bench) {
      await bench.start("service", "frontd", { args: ["150"] });
    },
  },
  {
    name: "healthy_burst",
    doc: "the same with 0.8 s of work every ten seconds",
    expected: { type: "unknown", culprits: null, says: [] },
    decoys: ["frontd", "client"],
    async start(bench) {
      await bench.start("service", "frontd", { args: ["150", "800", "10000"] });
    },
  },
];
