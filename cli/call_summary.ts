import { field, quality, type Table, tableFromRows } from "../core/data/mod.ts";
import type { CallTraceSummary } from "../core/ptrace/mod.ts";

type Count = CallTraceSummary["counts"][number];

/** By what the summary of a trace may be sorted. */
export type SummaryOrder = "time" | "calls" | "errors" | "name";

/** System calls by name: the most costly, or whatever `order` says, first. */
export function sortedCounts(counts: readonly Count[], order: SummaryOrder): Count[] {
  const byName = (a: Count, b: Count): number => a.name < b.name ? -1 : 1;
  const key = { time: "ns", calls: "calls", errors: "errors" } as const;
  return [...counts].sort((a, b) => order === "name" ? byName(a, b) : b[key[order]] - a[key[order]] || byName(a, b));
}

/** The summary as text, as `strace -c` lays it out. */
export function summaryText(counts: readonly Count[]): string {
  const total = counts.reduce(
    (t, c) => ({ name: "total", calls: t.calls + c.calls, errors: t.errors + c.errors, ns: t.ns + c.ns }),
    { name: "total", calls: 0, errors: 0, ns: 0 },
  );
  const line = ({ name, calls, errors, ns }: Count): string =>
    [
      (total.ns > 0 ? ns / total.ns * 100 : 0).toFixed(2).padStart(6),
      (ns / 1e9).toFixed(6).padStart(11),
      Math.floor(calls > 0 ? ns / 1e3 / calls : 0).toString().padStart(11),
      String(calls).padStart(9),
      (errors > 0 ? String(errors) : "").padStart(9),
      name,
    ].join(" ");
  const rule = "------ ----------- ----------- --------- --------- ----------------";
  return [
    "% time     seconds  usecs/call     calls    errors syscall",
    rule,
    ...counts.map(line),
    rule,
    line(total).replace(/^.{6}/, total.ns > 0 ? "100.00" : "  0.00"),
    "",
  ].join("\n");
}

/** The summary as a table. */
export function summaryTable(
  counts: readonly Count[],
  time: "system" | "wall",
  durationNs: number,
  cpuNs: number,
  notes: readonly string[] = [],
): Table {
  const calls = counts.reduce((sum, c) => sum + c.calls, 0);
  return tableFromRows(
    [
      field("call", "string", "Name of the system call"),
      field("calls", "int", "Calls that returned"),
      field("errors", "int", "Calls that failed"),
      field(
        "time",
        "duration",
        time === "wall" ? "Time from entry to exit" : "System CPU time of the process between entry and exit",
      ),
    ],
    counts.map((c) => [c.name, BigInt(c.calls), BigInt(c.errors), BigInt(Math.round(c.ns))]),
    quality({
      events: calls,
      duration_ns: durationNs,
      notes,
      cost: { cpu_ns: cpuNs, probe_ns: 0, ratio: durationNs > 0 ? cpuNs / durationNs : 0, estimated: false },
    }),
  );
}
