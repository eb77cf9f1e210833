import type { Cell, Frame } from "../../core/data/mod.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { lockKind } from "./_futex_lock_kind.ts";
import { FUTEX_OPS, isWait } from "./_futex_ops.ts";
import type { FutexPlace } from "./_futex_places.ts";
import type { FutexCall, FutexRecords, FutexSum } from "./_futex_records.ts";

type Row = Readonly<Record<string, Cell>>;

/** What is looked up beside the records. */
export interface FutexNames {
  place(pid: number, address: bigint, shared: boolean): FutexPlace;
  /** Root first; stacks that read alike are one array. Null where none is known. */
  frames(record: Pick<FutexSum, "pid" | "place">): readonly Frame[] | null;
  /** Name of a process or thread that is there; null when it is not. */
  comm(pid: number, tid: number): string | null;
  /** End of the window, of the monotonic clock. */
  readonly endNs: number;
}

/** A lock with all that was counted of it. */
interface Lock {
  readonly shared: boolean;
  readonly place: string | null;
  readonly addresses: Map<number, bigint>;
  readonly waitsOf: Distribution;
  readonly waiting: Set<number>;
  readonly kinds: Map<string, number>;
  readonly owners: Map<number, Owner>;
  waits: number;
  delay: number;
  max: number;
  most: number;
  timeouts: number;
  interrupted: number;
  missed: number;
  still: number;
  wakes: number;
  woken: number;
}

/** A thread that had the lock when others began to wait. */
interface Owner {
  readonly pid: number;
  readonly comm: string;
  waits: number;
  delay: number;
}

/** A wait or its sum in one shape. */
interface Waits extends Pick<FutexSum, "pid" | "tid" | "address" | "op" | "shared"> {
  readonly frames: readonly Frame[] | null;
  readonly comm: string | null;
  readonly waits: number;
  readonly delay: number;
  readonly max: number;
  readonly woken: number;
  readonly timeouts: number;
  readonly interrupted: number;
  readonly missed: number;
  readonly errors: number;
  readonly still: number;
}

/** Makes the tables of `futex_contention`: the longest waits first; of locks, those that are known to be held before. */
export function futexTables(records: FutexRecords, names: FutexNames): Readonly<Record<string, readonly Row[]>> {
  const locks = new Map<string, Lock>();
  const lockOf = ({ pid, address, shared }: Pick<FutexSum, "pid" | "address" | "shared">): Lock => {
    const { id, text } = names.place(pid, address, shared);
    let lock = locks.get(id);
    if (!lock) locks.set(id, lock = emptyLock(shared, text));
    lock.addresses.set(pid, address);
    return lock;
  };
  const all = [
    ...records.sums.filter((s) => isWait(s.op)).map((s) => waitsOfSum(s, names)),
    ...records.calls.filter((c) => isWait(c.op)).map((c) => waitsOfCall(c, names)),
  ];
  const sharedOf = new Map<string, boolean>();
  for (const w of all) {
    sharedOf.set(`${w.pid} ${w.address}`, w.shared);
    addWaits(lockOf(w), w);
  }
  for (const s of records.sums) {
    if (isWait(s.op)) continue;
    const lock = lockOf(s);
    lock.wakes += s.calls;
    lock.woken += s.woken + s.requeued;
  }
  // What is kept by address alone belongs to a lock that has waits.
  const lockAt = (pid: number, address: bigint): Lock | null => {
    const shared = sharedOf.get(`${pid} ${address}`);
    return shared === undefined ? null : lockOf({ pid, address, shared });
  };
  for (const { pid, address, bucket, count } of records.buckets) lockAt(pid, address)?.waitsOf.add(bucket, count);
  for (const { pid, address, most } of records.locks) {
    const lock = lockAt(pid, address);
    if (lock) lock.most = Math.max(lock.most, most);
  }
  for (const h of records.holders) addOwner(lockAt(h.pid, h.address), h.pid, h.owner, h.waits, h.waitNs, names);
  for (const c of records.calls) addOwner(lockAt(c.pid, c.address), c.pid, c.owner, 1, names.endNs - c.sinceNs, names);
  return {
    locks: lockRows([...locks.values()], names),
    stacks: stackRows(all, names),
    waiters: waiterRows(all),
    wakers: wakerRows(records.sums, names),
    holders: holderRows([...locks.values()], names),
  };
}

/** Locks that somebody holds, as far as it is known: waiting for them is never waiting for work. */
const HELD: ReadonlySet<Cell> = new Set(["mutex", "PI mutex", "rwlock"]);

function lockRows(locks: readonly Lock[], names: FutexNames): Row[] {
  // What only wakes is no lock that anybody waits for: `wakers` has it.
  const rows = locks.filter((l) => l.waits + l.still + l.missed > 0).map((l) => lockRow(l, names));
  // Where nobody waited for any time it is no contention.
  const rank = (row: Row): number => Number(HELD.has(row.kind) && Number(row.delay) > 0);
  return rows.sort((a, b) => rank(b) - rank(a) || byDelay(a, b));
}

function emptyLock(shared: boolean, place: string | null): Lock {
  return {
    shared,
    place,
    addresses: new Map(),
    waitsOf: distribution(),
    waiting: new Set(),
    kinds: new Map(),
    owners: new Map(),
    waits: 0,
    delay: 0,
    max: 0,
    most: 0,
    timeouts: 0,
    interrupted: 0,
    missed: 0,
    still: 0,
    wakes: 0,
    woken: 0,
  };
}

function waitsOfSum(s: FutexSum, names: FutexNames): Waits {
  return {
    ...s,
    frames: names.frames(s),
    waits: s.woken + s.timeouts + s.interrupted,
    delay: s.waitNs,
    max: s.maxNs,
    still: 0,
  };
}

function waitsOfCall(c: FutexCall, names: FutexNames): Waits {
  const delay = Math.max(0, names.endNs - c.sinceNs);
  const none = { waits: 0, woken: 0, timeouts: 0, interrupted: 0, missed: 0, errors: 0 };
  return { ...c, ...none, frames: names.frames(c), comm: names.comm(c.pid, c.tid), delay, max: delay, still: 1 };
}

function addWaits(lock: Lock, w: Waits): void {
  lock.waits += w.waits;
  lock.delay += w.delay;
  lock.max = Math.max(lock.max, w.max);
  lock.timeouts += w.timeouts;
  lock.interrupted += w.interrupted;
  lock.missed += w.missed;
  lock.still += w.still;
  if (w.waits + w.still > 0) lock.waiting.add(w.tid);
  const kind = lockKind(w.op, w.frames);
  if (kind !== null) lock.kinds.set(kind, (lock.kinds.get(kind) ?? 0) + w.waits + w.still + w.missed);
}

/** Only threads of the process: whatever else lies where glibc keeps the owner is none. */
function addOwner(
  lock: Lock | null,
  pid: number,
  tid: number,
  waits: number,
  delay: number,
  names: FutexNames,
): void {
  const comm = lock && tid > 0 ? names.comm(pid, tid) : null;
  if (!lock || comm === null) return;
  const owner = lock.owners.get(tid);
  if (owner) {
    owner.waits += waits;
    owner.delay += delay;
  } else lock.owners.set(tid, { pid, comm, waits, delay });
}

function lockRow(lock: Lock, names: FutexNames): Row {
  const [[pid, address]] = lock.addresses;
  const one = lock.addresses.size === 1;
  const [holder] = [...lock.owners].sort(([, a], [, b]) => b.delay - a.delay);
  const owned = [...lock.owners.values()].reduce((ns, o) => ns + o.delay, 0);
  const [kind] = [...lock.kinds].sort(([, a], [, b]) => b - a);
  const slept = lock.waits > 0;
  return {
    pid: one ? pid : null,
    comm: one ? names.comm(pid, pid) : null,
    processes: lock.addresses.size,
    address: one ? address : null,
    shared: lock.shared,
    place: lock.place,
    kind: kind?.[0] ?? (holder ? "mutex" : null),
    waits: lock.waits,
    delay: lock.delay,
    p50: slept ? lock.waitsOf.quantile(0.5, lock.max) : null,
    p99: slept ? lock.waitsOf.quantile(0.99, lock.max) : null,
    max: lock.max,
    threads: lock.waiting.size,
    // Of a waitv the program counts the first of its locks only.
    at_once: Math.max(lock.most, Math.min(1, lock.waits + lock.still)),
    still: lock.still,
    timeouts: lock.timeouts,
    interrupted: lock.interrupted,
    missed: lock.missed,
    wakes: lock.wakes,
    woken: lock.woken,
    holder: holder?.[0] ?? null,
    holder_comm: holder?.[1].comm ?? null,
    holder_share: holder && owned > 0 ? holder[1].delay / owned : null,
  };
}

/** Adds rows of one key up; the key is what `of` answers. */
function grouped<T>(all: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const k = key(one);
    const group = groups.get(k);
    if (group) group.push(one);
    else groups.set(k, [one]);
  }
  return [...groups.values()];
}

function total<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((n, one) => n + value(one), 0);
}

function sumsOf(group: readonly Waits[]): Row {
  return {
    waits: total(group, (w) => w.waits),
    delay: total(group, (w) => w.delay),
    max: group.reduce((n, w) => Math.max(n, w.max), 0),
    still: total(group, (w) => w.still),
    timeouts: total(group, (w) => w.timeouts),
    missed: total(group, (w) => w.missed),
  };
}

const byDelay = (a: Row, b: Row): number => Number(b.delay) - Number(a.delay);

function stackRows(all: readonly Waits[], names: FutexNames): Row[] {
  const numbers = new Map<readonly Frame[], number>();
  const numberOf = (frames: readonly Frame[]): number => {
    let number = numbers.get(frames);
    if (number === undefined) numbers.set(frames, number = numbers.size);
    return number;
  };
  // Of what had begun before the window it is not known where.
  const placed = all.filter((w) => w.frames !== null);
  return grouped(placed, (w) => `${w.pid} ${w.address} ${w.op} ${numberOf(w.frames!)}`).map((group): Row => {
    const [{ pid, address, op, frames }] = group;
    const where = { pid, comm: names.comm(pid, pid) ?? group[0].comm, address, operation: opName(op) };
    return { ...where, kind: lockKind(op, frames), ...sumsOf(group), stack: frames };
  }).sort(byDelay);
}

function waiterRows(all: readonly Waits[]): Row[] {
  return grouped(all, (w) => `${w.tid} ${w.address} ${w.op}`).map((group): Row => {
    const [{ pid, tid, comm, address, op }] = group;
    return { pid, tid, comm, address, operation: opName(op), ...sumsOf(group) };
  }).sort(byDelay);
}

function wakerRows(sums: readonly FutexSum[], names: FutexNames): Row[] {
  return sums.filter((s) => !isWait(s.op)).sort((a, b) => b.woken + b.requeued - a.woken - a.requeued).map((s) => ({
    pid: s.pid,
    tid: s.tid,
    comm: s.comm,
    address: s.address,
    operation: opName(s.op),
    calls: s.calls,
    woken: s.woken,
    requeued: s.requeued,
    nobody: s.missed,
    stack: names.frames(s),
  }));
}

function holderRows(locks: readonly Lock[], names: FutexNames): Row[] {
  return locks.flatMap((lock) => {
    const owned = total([...lock.owners.values()], (o) => o.delay);
    return [...lock.owners].map(([tid, { pid, comm, waits, delay }]): Row => ({
      pid,
      comm: names.comm(pid, pid),
      address: lock.addresses.get(pid) ?? null,
      holder: tid,
      holder_comm: comm,
      waits,
      delay,
      share: owned > 0 ? delay / owned : null,
    }));
  }).sort(byDelay);
}

const opName = (op: number): string => FUTEX_OPS.get(op) ?? `operation ${op}`;
