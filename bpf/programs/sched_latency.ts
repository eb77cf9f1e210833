import { recordsOf } from "../../core/data/mod.ts";
import type { AnalyzerOptions, RunningAnalyzer } from "./analyzer.ts";
import { startSchedDelay } from "./sched_delay.ts";

/** The analyzer `sched_latency`: run-queue delay and who ran meanwhile, by `sched_delay.bpf.c`. */
export function startSchedLatency(options: AnalyzerOptions): RunningAnalyzer {
  const { pid, maxEntries, variant, ...rest } = options;
  const running = startSchedDelay({
    ...rest,
    pid,
    ...(maxEntries === undefined ? {} : { maxTasks: maxEntries }),
    ...(variant === undefined ? {} : { variant: variant as "typed" | "raw" }),
  });
  return {
    variant: running.variant,
    stop: running.stop,
    read() {
      const { delays, behind } = running.read();
      return { tables: { delays: recordsOf(delays), behind: recordsOf(behind) }, quality: delays.quality };
    },
    [Symbol.dispose]: running[Symbol.dispose],
  };
}
