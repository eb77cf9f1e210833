import type { AnalyzerRequest, Cell, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `memory_alloc_trace`: which memory was allocated in the window and is still held, and who asked for it. */
export function memoryAllocTrace(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  return {
    name: "memory_alloc_trace",
    collector: "memory.allocations",
    doc: "Memory that was allocated in the window and not freed: by stack, of a process's allocator and of the kernel",
    tables: [
      {
        name: "allocations",
        fields: [
          field("kind", "string", "user: blocks of the process's allocator; kernel: pages that the kernel gave out"),
          field("pid", "pid", "The process that asked"),
          field("comm", "string", "Its name"),
          field("bytes", "bytes", "Held at the end of the window, of what was allocated in it"),
          field("blocks", "int", "The same as a number of blocks, or of pages that were taken together", "count"),
          field("oldest", "duration", "Age of the oldest that is held; null: nothing is"),
          field("allocated_bytes", "bytes", "Allocated in the window in all"),
          field("allocated", "int", "How often", "count"),
          field("freed_bytes", "bytes", "Part of it that was freed in the window"),
          field("freed", "int", "How often", "count"),
          field("stack", "stack", "Where: code of the process for blocks, the kernel's for pages"),
        ],
      },
      {
        name: "orders",
        fields: [
          field("order", "int", "Pages that are taken together, as a power of two", "count"),
          field("size", "bytes", "Size of such a piece"),
          field("allocated", "int", "Pieces that the kernel gave out", "count"),
          field("freed", "int", "Pieces that it got back", "count"),
          field("freed_unknown", "int", "Part of those that were given out before the window, or to another", "count"),
        ],
      },
    ],
    flame: { table: "allocations", values: [{ name: "bytes", unit: "bytes" }] },
    recipe: "page_allocations",
    recipeOf: ({ pid }) => pid > 0 ? "memory_allocations" : "page_allocations",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

/** Results of `memory_allocations` that are calls of the allocator. */
const CALLS = ["malloc", "calloc", "realloc", "memalign", "posix_memalign"];

/** The recipes tell what is allocated and what is freed, not which of it is held. */
function fromRecipe(sonde: SondeApi, results: Results): ReturnType<Analyzer["fromRecipe"]> {
  // `given` counts the same events as `taken`, by order.
  const qualities = Object.entries(results).filter(([, r]) => r.kind === "table").map(([name, { quality }]) =>
    name === "given" ? { ...quality, events: 0 } : quality
  );
  const quality = qualities.length > 0 ? sonde.data.mergeQuality(qualities) : sonde.data.quality();
  const page = sonde.host.pageSize;
  const rowsOf = (name: string): Record<string, Cell>[] => {
    const found = results[name];
    return found?.kind === "table" ? sonde.data.recordsOf(found) : [];
  };
  const blocks = CALLS.flatMap(rowsOf).map(({ pid, comm, calls, bytes, ustack }) => ({
    ...{ kind: "user", pid, comm, allocated_bytes: bytes, allocated: calls, stack: ustack },
  }));
  const pages = rowsOf("taken").map(({ pid, comm, pieces, pages, kstack }) => ({
    ...{ kind: "kernel", pid, comm, allocated_bytes: Number(pages) * page, allocated: pieces, stack: kstack },
  }));
  const orders = new Map<number, Record<string, Cell>>();
  for (const [name, column] of [["given", "allocated"], ["returned", "freed"]] as const) {
    for (const row of rowsOf(name)) {
      const order = Number(row.order);
      const known = orders.get(order) ?? { order, size: page * 2 ** order, allocated: 0, freed: 0 };
      orders.set(order, { ...known, [column]: row.pieces });
    }
  }
  const allocations = [...blocks, ...pages].sort((a, b) => Number(b.allocated_bytes) - Number(a.allocated_bytes));
  return {
    tables: {
      allocations,
      ...(orders.size > 0 ? { orders: [...orders.values()].sort((a, b) => Number(a.order) - Number(b.order)) } : {}),
    },
    quality: {
      ...quality,
      notes: ["Only what was allocated: which of it is still held is not known.", ...quality.notes],
    },
  };
}

/** By how much processes have grown. */
async function fromProc(sonde: SondeApi, request: AnalyzerRequest): ReturnType<Analyzer["fromProc"]> {
  const { host } = sonde;
  const look = (): Map<number, { comm: string; bytes: number }> => {
    const all = new Map<number, { comm: string; bytes: number }>();
    for (const pid of request.pid > 0 ? [request.pid] : host.pids()) {
      const stat = host.processStat(pid);
      if (stat && stat.rss > 0) all.set(pid, { comm: stat.comm, bytes: stat.rss });
    }
    return all;
  };
  const { before, after, quality } = await twoLooks(sonde, request, look, [
    "Only by how much the resident memory of processes that lived throughout has grown: not who asked for it, not what was freed.",
  ]);
  const allocations = [...after].flatMap(([pid, now]) => {
    const then = before.get(pid);
    const bytes = then ? now.bytes - then.bytes : 0;
    return then && bytes > 0 ? [{ kind: "user", pid, comm: now.comm, bytes }] : [];
  });
  allocations.sort((a, b) => b.bytes - a.bytes);
  return { tables: { allocations }, quality: quality(allocations.length) };
}
