/** Counters of the processor and the kernel. @module */
import type { Plugin, SondeApi, Table } from "../../core/plugin_api/mod.ts";

/** The events of the tool, in the order of its schema. */
const EVENTS = [
  "cycles",
  "instructions",
  "cache-misses",
  "cache-references",
  "branch-misses",
  "branches",
  "mem-bandwidth-local",
  "mem-bandwidth-remote",
] as const;
/** Those that must count at the same times for their quotient to be right. */
const GROUPS: readonly (readonly string[])[] = [
  ["cycles", "instructions"],
  ["cache-references", "cache-misses"],
  ["branches", "branch-misses"],
];
/** Counted in any case: they work on every machine. Whole CPUs have no clock of tasks. */
const SOFTWARE = "context-switches,cpu-migrations,page-faults,major-faults";

export default function counters(sonde: SondeApi): Plugin {
  const { data, host } = sonde;

  return {
    name: "counters",
    version: "1.0.0",
    doc: "Counts events of the processor and of the kernel",
    collectors: [],
    tools: [{
      name: "get_hw_counters",
      description:
        "Counts hardware events (cycles, instructions, cache and branch misses, memory bandwidth) of a process or, with " +
        "pid 0, of all CPUs, and software events that every machine has. Low instructions per cycle with many cache " +
        "misses means waiting for memory; low with many branch misses, wrong guesses. Where the machine has no hardware " +
        "counters it says so.",
      params: {
        pid: { type: "integer", default: 0, minimum: 0, description: "Process; 0 is the whole machine" },
        duration_secs: { type: "integer", default: 5, minimum: 1, maximum: 3600, description: "Seconds" },
        events: {
          type: "array",
          items: { type: "string", enum: EVENTS },
          default: ["cycles", "instructions", "cache-misses"],
          description: "What to count",
        },
      },
      required: [],
      effect: "probe",
      timed: true,
      async run(args, { signal }) {
        const pid = Number(args.pid);
        const asked = new Set(args.events as readonly string[]);
        const before = host.memoryTraffic();
        const counts = await sonde.counters.count({
          pid,
          events: eventList(asked, pid),
          durationNs: Number(args.duration_secs) * 1e9,
          signal,
        });
        if (!asked.has("mem-bandwidth-local") && !asked.has("mem-bandwidth-remote")) return { ...counts };
        return { ...counts, memory_bandwidth: bandwidth(before, host.memoryTraffic(), counts.counters.quality, pid) };
      },
    }],
  };

  function eventList(asked: ReadonlySet<string>, pid: number): string {
    const groups = GROUPS.map((group) => group.filter((event) => asked.has(event))).filter((group) => group.length > 0);
    return [pid === 0 ? "cpu-clock" : "task-clock", SOFTWARE, ...groups.map((group) => `{${group.join(",")}}`)].join(
      ",",
    );
  }

  /** Traffic of the whole machine: the processor counts it by monitoring group, and all tasks are in the first. */
  function bandwidth(
    before: ReturnType<typeof host.memoryTraffic>,
    after: ReturnType<typeof host.memoryTraffic>,
    quality: Table["quality"],
    pid: number,
  ): Table {
    const fields = [
      data.field("event", "string", "mem-bandwidth-local: the CPUs' own node; -remote: other nodes"),
      data.field("bytes", "bytes", "Moved in the window; null: not known"),
      data.field("rate", "rate", "By the second", "bytes/s"),
    ];
    const seconds = quality.duration_ns / 1e9;
    const local = before && after ? after.localBytes - before.localBytes : null;
    const total = before && after ? after.totalBytes - before.totalBytes : null;
    const remote = local === null || total === null ? null : Math.max(0, total - local);
    const rows = [["mem-bandwidth-local", local], ["mem-bandwidth-remote", remote]].map(([event, bytes]) => [
      event,
      bytes,
      bytes === null || !(seconds > 0) ? null : Number(bytes) / seconds,
    ]);
    const notes = local === null
      ? [
        "Memory bandwidth is not known: it takes a processor that monitors it (flag cqm_mbm_total of /proc/cpuinfo) and " +
        "resctrl mounted (mount -t resctrl resctrl /sys/fs/resctrl).",
      ]
      : pid === 0
      ? []
      : ["Memory bandwidth is that of the whole machine, not of the process."];
    return data.tableFromRows(
      fields,
      rows,
      data.quality({ events: local === null ? 0 : 2, duration_ns: quality.duration_ns, notes }),
    );
  }
}
