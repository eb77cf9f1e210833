import { field, quality, type Table, tableFromRows } from "../core/data/mod.ts";
import type { CallTraceSummary } from "../core/ptrace/mod.ts";

/** What `--count-instructions` has counted, as tables: by process, and between system calls. */
export function instructionTables(
  { processes, stretches }: CallTraceSummary,
  durationNs: number,
  cpuNs: number,
): { readonly processes: Table; readonly stretches: Table } {
  const events = processes.reduce((sum, p) => sum + p.instructions, 0);
  const q = quality({
    events,
    duration_ns: durationNs,
    cost: { cpu_ns: cpuNs, probe_ns: 0, ratio: durationNs > 0 ? cpuNs / durationNs : 0, estimated: false },
  });
  return {
    processes: tableFromRows(
      [
        field("pid", "pid", "Process"),
        field("name", "string", "Its name when it ended"),
        field("instructions", "int", "Instructions in user mode, of all its threads"),
        field("calls", "int", "System calls"),
      ],
      processes.map((p) => [BigInt(p.pid), p.name, BigInt(p.instructions), BigInt(p.calls)]),
      q,
    ),
    stretches: tableFromRows(
      [
        field("until", "string", "System call that ends a stretch without others; null: the thread ended"),
        field("stretches", "int", "How many there were"),
        field("instructions", "int", "Instructions in all of them, that of the call itself included"),
        field("shortest", "int", "Instructions in the shortest"),
        field("longest", "int", "Instructions in the longest"),
      ],
      stretches.map((
        s,
      ) => [s.call, BigInt(s.stretches), BigInt(s.instructions), BigInt(s.shortest), BigInt(s.longest)]),
      q,
    ),
  };
}
