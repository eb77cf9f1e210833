import type { Analysis, AnalyzerRequest, Cell, Field, Frame, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `lock_contention`: who waits for locks of the kernel, where and how long. */
export function lockContention(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  const kind = field("kind", "string", "spinlock, mutex, rwsem read, rwsem write, rwlock …, percpu-rwsem …, rtmutex");
  const process: readonly Field[] = [
    field("pid", "pid", "The process that waited; 0 is the idle task: an interrupt on an idle CPU"),
    field("comm", "string", "Its name"),
  ];
  const times: readonly Field[] = [
    field("waits", "int", "How often it was waited", "count"),
    field("total", "duration", "How long in all, from the first try that failed until the lock was had"),
    field("mean", "duration", "The same of one wait"),
  ];
  const longest: readonly Field[] = [
    field("max", "duration", "The longest wait"),
    field("failed", "int", "Waits that ended without the lock, by a signal or after a time", "count"),
  ];
  return {
    name: "lock_contention",
    collector: "lock.contention",
    doc: "Waits for locks of the kernel: spinlocks, mutexes, semaphores, by call site, lock and process",
    tables: [
      {
        name: "sites",
        fields: [
          kind,
          field("caller", "string", "The function that wanted the lock"),
          ...process,
          ...times,
          field("p50", "duration", "Half of the waits were no longer"),
          field("p99", "duration", "99 % of the waits were no longer"),
          ...longest,
          field("stack", "stack", "Where in the kernel"),
        ],
      },
      {
        name: "locks",
        fields: [
          field("lock", "address", "Its address"),
          field("name", "string", "What it is, where that is known: a symbol of the kernel, a member, a slab"),
          kind,
          ...times,
          ...longest,
        ],
      },
      { name: "processes", fields: [...process, ...times, ...longest] },
    ],
    flame: { table: "sites", values: [{ name: "total", unit: "ns" }, { name: "waits", unit: "count" }] },
    recipe: "lock_contention",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

/** Kinds by the flags of the tracepoint (include/trace/events/lock.h), as the program tells them. */
function kindOf(flags: number): string {
  const way = flags & 2 ? " read" : flags & 4 ? " write" : "";
  if (flags & 32) return "mutex";
  if (flags & 16) return `percpu-rwsem${way}`;
  if (flags & 1) return way ? `rwlock${way}` : "spinlock";
  if (flags & 8) return way ? `rt-rwlock${way}` : "rtmutex";
  return way ? `rwsem${way}` : "semaphore";
}

function fromRecipe(sonde: SondeApi, { sites }: Results): Analysis {
  if (sites?.kind !== "table") throw new TypeError("lock_contention has no result sites");
  const rows = sonde.data.recordsOf(sites).map(({ flags, ...row }): Record<string, Cell> => ({
    ...row,
    kind: kindOf(Number(flags)),
    mean: Math.round(Number(row.total) / Number(row.waits)),
    caller: (row.stack as readonly Frame[] | null)?.at(-1)?.function ?? null,
  }));
  return {
    tables: { sites: rows },
    quality: {
      ...sites.quality,
      notes: [
        "The caller is the function that takes the lock. Of a mutex only the last part of each wait is counted.",
        ...sites.quality.notes,
      ],
    },
  };
}

async function fromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { UnsupportedError } = sonde.data;
  if (sonde.host.lockStat() === null) {
    throw new UnsupportedError(
      "No file tells waits for locks: this kernel has no lock_stat",
      "Run as root on Linux 5.19 or newer, where tracepoints tell them; or on a kernel with CONFIG_LOCK_STAT.",
    );
  }
  if (request.pid > 0) throw new UnsupportedError("lock_stat does not tell processes apart", "Leave the process away.");
  const { before, after, quality } = await twoLooks(sonde, request, () => sonde.host.lockStat() ?? [], [
    "By class of lock only: without call sites and processes. The longest wait is that since the counters were cleared.",
  ]);
  const then = new Map(before.map((l) => [l.name, l]));
  const locks = after.flatMap(({ name, contentions, waitNs, maxWaitNs }) => {
    const waits = contentions - (then.get(name)?.contentions ?? 0);
    const total = waitNs - (then.get(name)?.waitNs ?? 0);
    if (waits <= 0) return [];
    return [{ name, kind: null, waits, total, mean: Math.round(total / waits), max: maxWaitNs }];
  }).sort((a, b) => b.total - a.total);
  // The first table has to be there, and its sites are not known: classes stand in it as callers would.
  const sites = locks.map(({ name, ...row }) => ({ ...row, caller: name }));
  return { tables: { sites, locks }, quality: quality(locks.reduce((n, l) => n + l.waits, 0)) };
}
