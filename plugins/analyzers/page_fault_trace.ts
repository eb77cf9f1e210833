import type { Analysis, AnalyzerRequest, Cell, Field, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `page_fault_trace`: page faults by process, kind, file and stack. */
export function pageFaultTrace(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  const process: readonly Field[] = [field("pid", "pid", "Process"), field("comm", "string", "Its name")];
  const kind = field(
    "kind",
    "string",
    "`minor`: its page was in memory, or is a new one; `major`: it was read from a disk",
  );
  const faults = field("faults", "int", "Faults that were handled", "count");
  const total = field("total", "duration", "Time from the exception until they were handled");
  return {
    name: "page_fault_trace",
    collector: "memory.faults",
    doc: "Page faults by process: minor and major, how long they took, behind which file, in which code",
    tables: [
      {
        name: "faults",
        fields: [
          ...process,
          kind,
          field("backing", "string", "What lies behind the page: `file`, or `anon` for memory of the process's own"),
          faults,
          total,
          field("mean", "duration", "The same of one fault"),
          field("p50", "duration", "Half of the faults took no longer"),
          field("p99", "duration", "99 % of the faults took no longer"),
          field("max", "duration", "The longest fault"),
        ],
      },
      {
        name: "files",
        fields: [
          ...process,
          field("file", "string", "Name of the file behind the pages, without its path"),
          field("device", "string", "Its device, as /proc/PID/maps has it"),
          field("inode", "int", "Its number there"),
          field("major", "int", "Faults that read it from the disk", "count"),
          field("minor", "int", "Faults that found its page in memory", "count"),
          field("waited", "duration", "Time in the major ones"),
        ],
      },
      {
        name: "stacks",
        fields: [
          ...process,
          kind,
          faults,
          total,
          field(
            "stack",
            "stack",
            "The code that touched the page; kernel frames where the kernel did so for the process",
          ),
        ],
      },
    ],
    flame: {
      table: "stacks",
      values: [{ name: "faults", unit: "count" }, { name: "total", unit: "ns" }],
    },
    recipe: "page_fault_trace",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

type Row = Record<string, Cell>;

function fromRecipe(sonde: SondeApi, { faults, stacks }: Results): Analysis {
  if (faults?.kind !== "table") throw new TypeError("page_fault_trace has no result faults");
  // Threads have names of their own in a recipe: a process is told by its number, and named as its threads mostly are.
  const processes = new Map<string, { row: Row; most: number }>();
  for (const { pid, comm, probe, faults: count } of sonde.data.recordsOf(faults)) {
    const n = Number(count);
    const known = processes.get(`${pid} ${probe}`) ?? { row: { pid, comm, kind: kindOf(probe), faults: 0 }, most: 0 };
    const row = { ...known.row, faults: Number(known.row.faults) + n };
    processes.set(
      `${pid} ${probe}`,
      n > known.most ? { row: { ...row, comm }, most: n } : { row, most: known.most },
    );
  }
  const tables = { faults: byFaults([...processes.values()].map(({ row }) => row)) };
  const notes = [...faults.quality.notes, "Without times, and without what lies behind the pages."];
  if (stacks?.kind !== "table") return { tables, quality: { ...faults.quality, notes } };
  const rows = sonde.data.recordsOf(stacks).map(({ pid, comm, probe, faults, stack }): Row => ({
    ...{ pid, comm, kind: kindOf(probe), faults, stack },
  }));
  return {
    tables: { ...tables, stacks: byFaults(rows) },
    quality: sonde.data.mergeQuality([{ ...faults.quality, notes }, { ...stacks.quality, events: 0 }]),
  };
}

/** @param probe `software:major-faults:1` */
function kindOf(probe: Cell): string {
  return String(probe).includes("major") ? "major" : "minor";
}

function byFaults(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => Number(b.faults) - Number(a.faults));
}

async function fromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { host } = sonde;
  const look = (): Map<number, { comm: string; start: number; minor: number; major: number }> => {
    const all = new Map<number, { comm: string; start: number; minor: number; major: number }>();
    for (const pid of request.pid > 0 ? [request.pid] : host.pids()) {
      const s = host.processStat(pid);
      if (!s || s.kernelThread) continue;
      all.set(pid, { comm: s.comm, start: s.startTicks, minor: s.minorFaults, major: s.majorFaults });
    }
    return all;
  };
  const { before, after, quality } = await twoLooks(sonde, request, look, [
    "Only of processes that lived throughout; without times, stacks and what lies behind the pages.",
  ]);
  const faults: Row[] = [];
  for (const [pid, now] of after) {
    const then = before.get(pid);
    if (!then || then.start !== now.start) continue;
    for (const [kind, n] of [["minor", now.minor - then.minor], ["major", now.major - then.major]] as const) {
      if (n > 0) faults.push({ pid, comm: now.comm, kind, faults: n });
    }
  }
  return { tables: { faults: byFaults(faults) }, quality: quality(faults.reduce((n, f) => n + Number(f.faults), 0)) };
}
