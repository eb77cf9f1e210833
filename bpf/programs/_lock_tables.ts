import type { Cell, Frame } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { kernelDataNames, readProcFile } from "../../core/symbols/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import type { NamedStacks } from "../user_stacks/mod.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { forEachEntry, type StructView } from "./_entries.ts";

/** include/trace/events/lock.h */
const FLAG = { SPIN: 1, READ: 2, WRITE: 4, RT: 8, PERCPU: 16, MUTEX: 32 } as const;
/** struct lock's `what`. */
const WHAT = { MMAP: 1, SIGNAL: 2, SLAB: 3 } as const;
/** Functions that take locks: who called them is the call site. */
const LOCKING =
  /^(_?_?_?raw_|do_raw_|native_queued_|__pv_queued_|queued_|osq_|__mutex|mutex_|ww_mutex|__ww|down_|__down|down$|rwsem_|__rwsem|rt_mutex|__rt_mutex|rtlock|rt_spin|rt_read|rt_write|rwbase|percpu_|__percpu|cgroup_rstat_lock|bpf_|trace_|__traceiter|__bpf|lock_page|_?_?lock_sock)/;
const NAME_BYTES = 32;

type Row = Record<string, Cell>;

interface Sum {
  count: number;
  total: number;
  max: number;
  failed: number;
}

interface Site extends Sum {
  readonly kind: string;
  readonly pid: number;
  readonly comm: string;
  readonly stack: readonly Frame[];
  readonly times: Distribution;
}

/** The analyzer's tables, each with the longest waits first. */
export function lockTables(object: BpfObject, host: Host, named: NamedStacks): {
  readonly tables: Readonly<Record<string, readonly Row[]>>;
  /** Waits that go on. */
  readonly open: number;
  readonly waits: number;
} {
  const sites = sitesOf(object, host, named);
  let open = 0;
  forEachEntry(object.map("waits"), () => open++);
  const processes = new Map<number, Sum & { pid: number; comm: string }>();
  for (const { pid, comm, ...site } of sites) {
    let of = processes.get(pid);
    if (!of) processes.set(pid, of = { pid, comm, ...none() });
    addTo(of, site);
  }
  return {
    tables: {
      sites: sites.toSorted(byTotal).map(({ stack, times, ...site }): Row => ({
        ...rowOf(site),
        kind: site.kind,
        caller: callerOf(stack),
        pid: site.pid,
        comm: site.comm,
        p50: times.quantile(0.5, site.max),
        p99: times.quantile(0.99, site.max),
        stack,
      })),
      locks: locksOf(object, host),
      processes: [...processes.values()].sort(byTotal).map((p): Row => ({ ...rowOf(p), pid: p.pid, comm: p.comm })),
    },
    open,
    waits: sites.reduce((n, s) => n + s.count, 0),
  };
}

/** By kind, process and stack. */
function sitesOf(object: BpfObject, host: Host, named: NamedStacks): Site[] {
  const sites = new Map<string, Site>();
  const numbers = new Map<readonly Frame[], number>();
  const comms = new Map<number, string | undefined>();
  const siteOf = (stack: bigint, pid: number, flags: number, comm: string): Site => {
    const frames = named.frames(null, pid, stack);
    const number = numbers.get(frames) ?? numbers.size;
    numbers.set(frames, number);
    const kind = kindOf(flags);
    const id = `${number} ${pid} ${kind}`;
    let site = sites.get(id);
    if (!site) {
      if (!comms.has(pid)) comms.set(pid, host.processStat(pid)?.comm);
      site = { kind, pid, comm: comms.get(pid) ?? comm, stack: frames, times: distribution(), ...none() };
      sites.set(id, site);
    }
    return site;
  };
  forEachEntry(object.map("sites"), (key, value) => {
    addTo(siteOf(key.big(0), key.u32(8), key.u16(12), value.text(40, NAME_BYTES)), sumOf(value));
  });
  forEachEntry(object.map("buckets"), (key, value) => {
    siteOf(key.big(0), key.u32(8), key.u16(12), "").times.add(key.u32(16), value.u64(0));
  });
  return [...sites.values()];
}

/** By address and kind. */
function locksOf(object: BpfObject, host: Host): Row[] {
  const locks = new Map<string, Sum & { lock: bigint; kind: string; what: number; slab: string }>();
  forEachEntry(object.map("locks"), (key, value) => {
    const [lock, kind] = [key.big(0), kindOf(key.u32(8))];
    let of = locks.get(`${lock} ${kind}`);
    if (!of) {
      of = { lock, kind, what: value.u32(32), slab: value.text(40, NAME_BYTES), ...none() };
      locks.set(`${lock} ${kind}`, of);
    }
    addTo(of, sumOf(value));
  });
  const all = [...locks.values()].sort(byTotal);
  const kallsyms = readProcFile(host.path("kallsyms"), 256 << 20, 8 << 20) ?? new Uint8Array();
  const names = kernelDataNames(kallsyms, all.map(({ lock }) => lock));
  const nameOf = ({ lock, what, slab }: (typeof all)[number]): string | null => {
    if (what === WHAT.MMAP) return "mmap_lock";
    if (what === WHAT.SIGNAL) return "siglock";
    if (what === WHAT.SLAB) return `in slab ${slab}`;
    return names.get(lock) ?? null;
  };
  return all.map((l): Row => ({ ...rowOf(l), lock: l.lock, name: nameOf(l), kind: l.kind }));
}

/** struct sum */
function sumOf(value: StructView): Sum {
  return { count: value.u64(0), total: value.u64(8), max: value.u64(16), failed: value.u64(24) };
}

function none(): Sum {
  return { count: 0, total: 0, max: 0, failed: 0 };
}

function addTo(sum: Sum, { count, total, max, failed }: Sum): void {
  sum.count += count;
  sum.total += total;
  sum.max = Math.max(sum.max, max);
  sum.failed += failed;
}

function rowOf({ count, total, max, failed }: Sum): Row {
  return { waits: count, total, mean: count > 0 ? Math.round(total / count) : null, max, failed };
}

function byTotal(a: Sum, b: Sum): number {
  return b.total - a.total;
}

/** The kind of lock that the flags of the tracepoint tell. */
function kindOf(flags: number): string {
  const way = flags & FLAG.READ ? " read" : flags & FLAG.WRITE ? " write" : "";
  if (flags & FLAG.MUTEX) return "mutex";
  if (flags & FLAG.PERCPU) return `percpu-rwsem${way}`;
  if (flags & FLAG.SPIN) return way ? `rwlock${way}` : "spinlock";
  if (flags & FLAG.RT) return way ? `rt-rwlock${way}` : "rtmutex";
  return way ? `rwsem${way}` : "semaphore";
}

/** Frames from the leaf among which taking the lock is: above it can lie a trampoline, which has no name or a wrong one. */
const ABOVE = 4;

/** The function that wanted the lock: the first behind those of taking locks, from the leaf. */
function callerOf(stack: readonly Frame[]): string | null {
  const names = stack.map((f) => f.function).reverse();
  const taking = names.slice(0, ABOVE).findIndex((name) => LOCKING.test(name));
  return names.slice(Math.max(0, taking)).find((name) => !LOCKING.test(name)) ?? null;
}
