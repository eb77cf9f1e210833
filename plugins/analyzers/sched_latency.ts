import type { AnalyzerTable } from "./analyzer.ts";
import type { Analyzer } from "./analyzer.ts";
import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { schedLatencyFromProc } from "./_sched_latency_proc.ts";
import { schedLatencyFromRecipe } from "./_sched_latency_recipe.ts";

/** The analyzer `sched_latency`: who waits for a CPU, for how long, on which CPU, and who runs meanwhile. */
export function schedLatency(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  const waits: AnalyzerTable["fields"] = [
    field("waits", "int", "Times that the wait for a CPU ended", "count"),
    field("delay", "duration", "Time that was waited in all"),
    field("p50", "duration", "Half of the waits were no longer"),
    field("p99", "duration", "99 % of the waits were no longer"),
    field("max", "duration", "The longest wait"),
  ];
  return {
    name: "sched_latency",
    collector: "sched.latency",
    doc: "Who waits for a CPU, for how long, on which CPU, and who runs meanwhile",
    tables: [
      {
        name: "delays",
        fields: [
          field("pid", "pid", "The process that waited"),
          field("tid", "tid", "Its thread, where one process was asked for; else null: its threads together"),
          field("comm", "string", "Name of the process, or of the thread"),
          ...waits,
          field("preemptions", "int", "Waits that began because another task took the CPU", "count"),
          field("preempted", "duration", "Time in those waits"),
          field(
            "unknown",
            "duration",
            "Part of the delay of which it is not known who ran: more than 128 tasks in turn",
          ),
        ],
      },
      {
        name: "cpus",
        fields: [
          field("cpu", "int", "Number of the CPU"),
          ...waits.filter((f) => f.name === "waits"),
          field("delay", "duration", "Time that tasks waited on its queue, those that went on to another one too"),
          field("queue", "float", "Tasks that waited on it on average: the delay by the window"),
          ...waits.filter((f) => f.name !== "waits" && f.name !== "delay"),
        ],
      },
      {
        name: "kinds",
        fields: [
          field("kind", "string", "woken: until it ran after a wakeup; preempted: since another task took the CPU"),
          ...waits,
          field("distribution", "histogram", "How long the waits were", "ns"),
        ],
      },
      {
        name: "behind",
        fields: [
          field("pid", "pid", "The process that waited"),
          field("tid", "tid", "Its thread, where one process was asked for"),
          field("comm", "string", "Its name"),
          field(
            "runner",
            "tid",
            "Who had the CPU meanwhile: a process, or a thread where one process was asked for; 0 is the idle task (the CPU woke up), and what is in another pid namespace",
          ),
          field("runner_comm", "string", "Its name"),
          field("delay", "duration", "How long it ran while the other waited"),
          field("share", "ratio", "Of the delay of the one that waited"),
        ],
      },
    ],
    recipe: "sched_latency",
    fromRecipe: (results) => schedLatencyFromRecipe(sonde, results),
    fromProc: (request) => schedLatencyFromProc(sonde, request),
  };
}
