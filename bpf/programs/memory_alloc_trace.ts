import { assetBytes } from "../../core/assets/mod.ts";
import { type Cell, type Frame, quality, UnsupportedError } from "../../core/data/mod.ts";
import { type Host, isKernelBefore } from "../../core/host/mod.ts";
import { clockNs, SysError } from "../../core/sys/mod.ts";
import { updateMap } from "../kernel/map.ts";
import type { BpfObject } from "../libbpf.ts";
import { refusalOf } from "../refusal.ts";
import { ANALYZER_COPY_BYTES, type AnalyzerStacks, type NamedStacks, openAnalyzerStacks } from "../user_stacks/mod.ts";
import { type AllocatorFunction, allocatorFunctions } from "./_allocators.ts";
import { attachAtOnce, attachFunctions } from "./_attach_functions.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { inWords, loadObject, type Variant } from "./_load.ts";
import { startMeter } from "./_measure.ts";
import { newestComms } from "./_newest_comms.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { type Place, placeAt, prepareUserCopies } from "./user_copies.ts";

const MEMALIGN = ["memalign", "aligned_alloc"];
/** Which program looks at which function. Those that free come first: what is freed meanwhile would seem to be held. */
const PROGRAMS: readonly (readonly [program: string, functions: readonly string[]])[] = [
  ["leave", ["malloc", "calloc", "valloc", "pvalloc", "realloc", "reallocarray", ...MEMALIGN, "posix_memalign"]],
  ["free_enter", ["free"]],
  ["realloc_enter", ["realloc"]],
  ["reallocarray_enter", ["reallocarray"]],
  ["malloc_enter", ["malloc", "valloc", "pvalloc"]],
  ["calloc_enter", ["calloc"]],
  ["memalign_enter", MEMALIGN],
  ["posix_memalign_enter", ["posix_memalign"]],
];
const PAGE_PROGRAMS = ["page_alloc", "page_free"];
const FUNCTION_PROGRAMS = [...PROGRAMS.map(([program]) => program), "thread_end"];

/** `multi`: one link for all functions of a file (since Linux 6.6); `single`: a perf event each; `pages`: the kernel's alone. */
const VARIANTS: readonly Variant[] = [
  { name: "multi", programs: [...FUNCTION_PROGRAMS, ...PAGE_PROGRAMS] },
  { name: "single", programs: [...FUNCTION_PROGRAMS, ...PAGE_PROGRAMS] },
];
const PAGES: readonly Variant[] = [{ name: "pages", programs: PAGE_PROGRAMS }];

const COMM_BYTES = 16;
/** What an event of pages, and a block with its end, cost where the kernel does not tell (docs/analyzers). */
const ESTIMATED_PAGE_NS = 3500;
const ESTIMATED_BLOCK_NS = 40_000;

/**
 * Measures from now on which memory is allocated and not freed: `memory_alloc_trace.bpf.c`. Of a process the blocks of its
 * allocator and the kernel's pages; without one the pages of the whole machine, for a breakpoint in each process's malloc
 * would cost all of them microseconds a call.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission, or when the process has no allocator that is known
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startMemoryAllocTrace(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 262_144 } = options;
  const functions = pid > 0 ? allocatorFunctions(host, pid) : [];
  // Until 6.9 a link for one process saw its main thread alone (kernel/trace/bpf_trace.c, uprobe_prog_run).
  const known = pid > 0 ? VARIANTS.filter((v) => v.name !== "multi" || !isKernelBefore(host, 6, 10)) : PAGES;
  const copyBytes = pid > 0 ? ANALYZER_COPY_BYTES : 0;
  const { object, variant } = loadObject(
    "memory_alloc_trace",
    assetBytes("bpf/programs/memory_alloc_trace.bpf.o"),
    options,
    options.variant ? known.filter((v) => v.name === options.variant) : known,
    (fresh, tried) => {
      const stacks = Math.max(1, maxEntries >> 4);
      fresh.setConstants({
        ...analyzerConstants(host, pid),
        ...prepareUserCopies(fresh, host, { copyBytes, maxEntries: stacks, pid }),
      });
      fresh.map("blocks").setMaxEntries(pid > 0 ? maxEntries : 1);
      // Each entry has its memory from the beginning.
      fresh.map("pages").setMaxEntries(Math.max(1, maxEntries >> (pid > 0 ? 2 : 1)));
      fresh.map("sums").setMaxEntries(stacks);
      if (tried === "multi") attachAtOnce(fresh);
    },
  );
  let events = { blocks: 0, pages: 0 };
  const programs = object.programs.filter((p) => p.autoload);
  const meter = startMeter(
    programs.map((p) => p.fd),
    () => events.blocks * ESTIMATED_BLOCK_NS + events.pages * ESTIMATED_PAGE_NS,
  );
  using undo = new DisposableStack();
  undo.use(object);
  undo.use(meter);
  const links: Disposable[] = [];
  let stacks: AnalyzerStacks;
  try {
    stacks = undo.use(openAnalyzerStacks(object, host, copyBytes));
    for (const name of PAGE_PROGRAMS) links.push(object.program(name).attach());
    if (pid > 0) links.push(object.program("thread_end").attach());
    for (const [program, names] of pid > 0 ? PROGRAMS : []) {
      const places = placesOf(functions, names);
      const made = attachFunctions(object.program(program), places, { host, pid, atOnce: variant === "multi" });
      for (const link of made) links.push(undo.use(link));
    }
    count(object, true);
  } catch (error) {
    throw inWords(refused(error, host), `attaching "memory_alloc_trace"`, host, options.btf !== undefined);
  }
  const startNs = clockNs();
  let endNs = 0;
  const owned = undo.move();
  return {
    variant,
    drain: () => meter.costed(stacks.drain),
    stop(): void {
      if (endNs > 0) return;
      count(object, false);
      endNs = clockNs();
      meter.costed(() => links.forEach((link) => link[Symbol.dispose]()));
    },
    async read() {
      const end = endNs || clockNs();
      const named = await stacks.name();
      const rows = meter.costed(() => allocations(object, host, named, end));
      const { counters, orders } = meter.costed(() => totals(object, host));
      const user = rows.filter((r) => r.kind === "user");
      const sum = (of: typeof rows, key: "allocated" | "freed"): number => of.reduce((n, r) => n + r[key], 0);
      events = { blocks: sum(user, "allocated"), pages: orders.reduce((n, o) => n + o.allocated + o.freed, 0) };
      const { cost, missed } = meter.read(end - startNs);
      const { lost_by, notes, ...ofStacks } = named.quality();
      const [blocksFull, pagesFull, sumsFull, callsFull, freedUnknown, replaced, ends, stale, failed] = counters;
      const lost = {
        ...lost_by,
        map_full: blocksFull + pagesFull,
        sums_full: sumsFull,
        calls_full: callsFull,
        missed_return: stale,
        recursion: missed,
      };
      return {
        tables: { allocations: rows, orders },
        quality: quality({
          ...ofStacks,
          events: sum(rows, "allocated") + sum(rows, "freed"),
          lost_by: Object.fromEntries(Object.entries(lost).filter(([, n]) => n > 0)),
          unmatched: { starts: 0, ends: ends + freedUnknown, replaced },
          duration_ns: end - startNs,
          cost,
          notes: [
            pid > 0
              ? `Of the process's own memory: ${
                allocatorsText(functions, host, pid)
              }. Its children are not followed. The traps come to the cost: some 10 µs each where the first instruction is single-stepped.`
              : "Pages of the kernel, as it gives them out; blocks of allocators in user code only of one process (-p).",
            ...(freedUnknown > 0
              ? [
                `${freedUnknown} blocks were freed that are not known: allocated before the window, or kept free by the C library ` +
                "until a thread's end.",
              ]
              : []),
            ...(failed > 0 ? [`${failed} allocations failed: they are in no row.`] : []),
            ...notes,
          ],
        }),
      };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function placesOf(functions: readonly AllocatorFunction[], names: readonly string[]): AllocatorFunction[] {
  return functions.filter((f) => names.includes(f.name));
}

function allocatorsText(functions: readonly AllocatorFunction[], host: Host, pid: number): string {
  const root = host.path("pid_root", pid);
  const files = new Set(functions.map((f) => f.path.slice(root.length)));
  return `allocators in ${[...files].join(", ")}`;
}

/** Links by bpf(2) and perf_event_open(2) refuse in their own words. */
function refused(error: unknown, host: Host): unknown {
  if (!(error instanceof SysError)) return error;
  const { reason, remedy } = refusalOf(error, "probes on functions of the allocator", host);
  return new UnsupportedError(reason, remedy, { cause: error });
}

function count(object: BpfObject, on: boolean): void {
  updateMap(object.map("counting").fd, Uint32Array.of(0), Uint32Array.of(on ? 1 : 0), "the window");
}

/** struct owner: who, and where. `order` is 0 of a block, else that of the pages + 1. */
interface Owner {
  readonly place: Place;
  readonly pid: number;
  readonly order: number;
}

function ownerAt(view: StructView, offset: number): Owner {
  return { place: placeAt(view, offset), pid: view.u32(offset + 24), order: view.u32(offset + 28) };
}

interface Allocation extends Record<string, Cell> {
  kind: "user" | "kernel";
  pid: number;
  comm: string;
  stack: readonly Frame[];
  bytes: number;
  blocks: number;
  allocated_bytes: number;
  allocated: number;
  freed_bytes: number;
  freed: number;
  oldest: number | null;
}

/** Rows by kind, process and stack, with most memory first. */
function allocations(object: BpfObject, host: Host, named: NamedStacks, end: number): Allocation[] {
  const rows = new Map<string, Allocation>();
  const stacks = new Map<readonly Frame[], number>();
  const comms = newestComms();
  const keys = new Map<string, Allocation>();
  const ownerKey = ({ place: p, pid, order }: Owner): string => `${p.sp} ${p.chain} ${p.tid} ${p.mark} ${pid} ${order}`;

  forEachEntry(object.map("sums"), (key, value) => {
    const owner = ownerAt(key, 0);
    const kernel = owner.order > 0;
    const allocated = value.u64(0);
    const unit = kernel ? host.pageSize : 1;
    const stack = kernel
      ? named.frames(null, owner.pid, owner.place.chain, allocated)
      : named.frames(owner.place, owner.pid, 0n, allocated);
    const number = stacks.get(stack) ?? stacks.size;
    stacks.set(stack, number);
    const id = `${kernel} ${owner.pid} ${number}`;
    let row = rows.get(id);
    if (!row) {
      row = {
        kind: kernel ? "kernel" : "user",
        pid: owner.pid,
        comm: "",
        stack,
        ...{ bytes: 0, blocks: 0, allocated_bytes: 0, allocated: 0, freed_bytes: 0, freed: 0, oldest: null },
      };
      rows.set(id, row);
    }
    keys.set(ownerKey(owner), row);
    comms.seen(owner.pid, value.u64(32), value.text(40, COMM_BYTES));
    row.allocated += allocated;
    row.allocated_bytes += value.u64(8) * unit;
    row.freed += value.u64(16);
    row.freed_bytes += value.u64(24) * unit;
  });
  for (const map of ["blocks", "pages"]) {
    forEachEntry(object.map(map), (_, value) => {
      const owner = ownerAt(value, 16);
      const row = keys.get(ownerKey(owner));
      if (!row) return;
      // Two CPUs gave the last two parts back at once: neither saw that nothing is left.
      if (owner.order > 0 && value.u64(0) === 0) {
        row.freed++;
        return;
      }
      row.bytes += value.u64(0) * (owner.order > 0 ? host.pageSize : 1);
      row.blocks++;
      row.oldest = Math.max(row.oldest ?? 0, end - value.u64(8));
    });
  }
  for (const row of rows.values()) row.comm = comms.of(row.pid);
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes || b.allocated_bytes - a.allocated_bytes);
}

/** struct order, and the counters. */
function totals(object: BpfObject, host: Host): {
  readonly counters: readonly number[];
  readonly orders: readonly (Record<string, Cell> & { allocated: number; freed: number })[];
} {
  const counters: number[] = [];
  const orders: (Record<string, Cell> & { allocated: number; freed: number })[] = [];
  forEachEntry(object.map("counters"), (key, value) => counters[key.u32(0)] = value.u64(0));
  forEachEntry(object.map("orders"), (key, value) => {
    const order = key.u32(0);
    const [allocated, freed, freed_unknown] = [value.u64(0), value.u64(8), value.u64(16)];
    if (allocated + freed === 0) return;
    orders.push({ order, size: host.pageSize * 2 ** order, allocated, freed, freed_unknown });
  });
  return { counters, orders };
}
