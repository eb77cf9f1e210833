import type { ProgramStats } from "./kernel/program.ts";
import type { Attach } from "./probes/target.ts";

/**
 * What the kernel spends around one run of a program, beyond the run itself, in ns: the trap, saving registers, finding
 * the program. Measured by `deno task bench:tracers` on one machine; of uprobes where the instruction needs no single
 * step (ten times as much where it does).
 */
const TRAP_NS: Readonly<Record<Attach["kind"], number>> = {
  raw_tracepoint: 40,
  tracepoint: 80,
  kprobe: 250,
  kprobe_multi: 150,
  trampoline: 20,
  uprobe: 600,
  perf_event: 800,
  iter: 20,
  xdp: 60,
};

/** What a program's run costs where the kernel does not tell, in ns: the entry and a map update. */
export const ESTIMATED_RUN_NS = 110;

/** What programs have cost so far, in ns. */
export function probeCostNs(attached: readonly Attach[], stats: readonly ProgramStats[]): number {
  return stats.reduce((ns, s, i) => ns + s.runTimeNs + s.runs * TRAP_NS[attached[i].kind], 0);
}

/** The same without the kernel's own figures, from the number of events. */
export function estimatedCostNs(attached: readonly Attach[], events: number): number {
  const traps = attached.map((a) => TRAP_NS[a.kind]);
  return events * (ESTIMATED_RUN_NS + Math.max(0, ...traps));
}
