import type { Host } from "../core/host/mod.ts";
import { type Mechanism, mechanism } from "./mechanisms.ts";

/** One thing that the kernel may or may not do for us here. */
export interface Feature {
  /** `ring buffer`, `raw tracepoints`, … */
  readonly name: string;
  /** `unknown` when it could not be tried. */
  readonly state: "yes" | "no" | "unknown";
  /** Empty for yes. */
  readonly reason: string;
  /** A sentence; may be empty. */
  readonly remedy: string;
}

/** What people call them, and what does the work instead where one is refused. */
const SHOWN: readonly (readonly [mechanism: Mechanism, name: string, instead: string])[] = [
  ["maps", "bpf maps", ""],
  ["per_cpu_maps", "per-CPU maps", ""],
  ["stack_maps", "maps of stacks", ""],
  ["ring_buffer", "ring buffer", "Streams go through the perf buffer."],
  ["perf_buffer", "perf buffer", ""],
  ["raw_tracepoint", "raw tracepoints", ""],
  ["tracepoint", "tracepoints", ""],
  ["tp_btf", "typed raw tracepoints", "Raw tracepoints do the same."],
  ["kprobe", "kprobes", "Use tracepoints; `sonde list probes` lists them."],
  ["kprobe_multi", "kprobe_multi", "Functions are attached to one by one."],
  ["fentry", "fentry", "Calls of kernel functions are measured with kprobes where those work."],
  ["fexit", "fexit", ""],
  ["uprobe", "uprobes", ""],
  ["uprobe_multi", "uprobe_multi", "User functions are attached to one by one, which is slower."],
  ["perf_event", "perf events", ""],
  ["iterator", "task iterator", "proc.list reads the same from the files of processes."],
  ["xdp", "XDP", ""],
  ["run_time_stats", "run time statistics", "What probes cost is estimated."],
];

/** Finds out what of BPF works here, by trying each. Some 0.5 s in all: detaching is slow. */
export function probeFeatures(host: Host): Feature[] {
  return [
    btfFeature(host),
    ...SHOWN.map(([which, name, instead]): Feature => {
      const answer = mechanism(which, host);
      if (answer.state === "yes") return { name, state: "yes", reason: "", remedy: "" };
      return {
        name,
        state: answer.state,
        reason: answer.reason,
        remedy: [answer.remedy, instead].filter(Boolean).join(" "),
      };
    }),
  ];
}

function btfFeature(host: Host): Feature {
  if (host.features().btf) return { name: "BTF", state: "yes", reason: "", remedy: "" };
  return {
    name: "BTF",
    state: "no",
    reason: "The kernel has no type information of itself",
    remedy:
      "Use a kernel with CONFIG_DEBUG_INFO_BTF (Linux 5.4 or newer; all current distributions), or give --btf FILE.",
  };
}
