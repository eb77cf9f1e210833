import type { AnalyzerRequest, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `sched_latency`: who waits for a CPU, for how long, and who runs meanwhile. */
export function schedLatency(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  return {
    name: "sched_latency",
    collector: "sched.latency",
    doc: "Who waits for a CPU, for how long, and who runs meanwhile",
    tables: [
      {
        name: "delays",
        fields: [
          field("tid", "tid", "The task that waited; in the initial pid namespace"),
          field("comm", "string", "Its name"),
          field("process", "tid", "Main thread of its process"),
          field("waits", "int", "Times that it waited on a run queue", "count"),
          field("delay", "duration", "Time that it waited in all"),
          field("p50", "duration", "Half of the waits were no longer"),
          field("p99", "duration", "99 % of the waits were no longer"),
          field("max", "duration", "The longest wait"),
          field("preemptions", "int", "Waits that began because another task took the CPU", "count"),
          field("preempted", "duration", "Time in those waits"),
          field(
            "unknown",
            "duration",
            "Part of the delay of which it is not known who ran: more than 32 tasks in turn",
          ),
        ],
      },
      {
        name: "behind",
        fields: [
          field("tid", "tid", "The task that waited"),
          field("comm", "string", "Its name"),
          field("runner", "tid", "The task that had the CPU meanwhile; 0 is the idle one: the CPU was waking up"),
          field("runner_comm", "string", "Its name"),
          field("delay", "duration", "How long it ran while the other waited"),
          field("share", "ratio", "Of the delay of the task that waited"),
        ],
      },
    ],
    recipe: "run_queue_latency",
    fromRecipe({ waits }) {
      const table = waits?.kind === "table" ? waits : null;
      if (!table) throw new TypeError("run_queue_latency has no result waits");
      return {
        tables: {
          delays: sonde.data.recordsOf(table).map((r) => ({
            comm: r.comm,
            waits: r.waits,
            delay: r.total,
            p50: r.p50_duration,
            p99: r.p99_duration,
            max: r.max_duration,
          })),
        },
        quality: table.quality,
      };
    },
    async fromProc(request: AnalyzerRequest) {
      const { host } = sonde;
      const look = (): Map<number, { comm: string; waitNs: number; slices: number }> => {
        const all = new Map<number, { comm: string; waitNs: number; slices: number }>();
        for (const pid of request.pid > 0 ? [request.pid] : host.pids()) {
          const sched = host.processSched(pid);
          const comm = host.processStat(pid)?.comm;
          if (sched && comm !== undefined) all.set(pid, { comm, waitNs: sched.waitNs, slices: sched.slices });
        }
        return all;
      };
      const { before, after, quality } = await twoLooks(sonde, request, look, [
        "Only the main threads of processes that lived throughout, without distributions and without who ran meanwhile.",
      ]);
      const delays = [...after].flatMap(([pid, now]) => {
        const then = before.get(pid);
        const delay = then ? now.waitNs - then.waitNs : 0;
        if (!then || delay <= 0) return [];
        return [{ tid: pid, comm: now.comm, process: pid, waits: now.slices - then.slices, delay }];
      });
      delays.sort((a, b) => b.delay - a.delay);
      return { tables: { delays }, quality: quality(delays.reduce((n, d) => n + d.waits, 0)) };
    },
  };
}
