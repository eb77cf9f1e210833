import type { Host } from "../../core/host/mod.ts";
import { ERRNO, readProcessMemory, SysError } from "../../core/sys/mod.ts";
import { updateMap } from "../kernel/map.ts";
import type { BpfObject } from "../libbpf.ts";
import { isWait } from "./_futex_ops.ts";

const BPF_NOEXIST = 1;
const PRIVATE = 0x80n;
const COMMAND = 0x7fn;
const WAITERS = 0x8000_0000n;
const TID_MASK = 0x3fff_ffff;
const OP_WAITV = 64, OP_WAIT = 65;
/** Of a struct futex_waitv: where the address lies, and the flags. */
const WAITV_BYTES = 24;

/**
 * Tells the program of the waits that have begun before it was attached, by `/proc/PID/task/TID/syscall`. A thread that
 * leaves its call between the look and the entry has a false one, which its next call takes away.
 *
 * @param pid only this process; 0: all but sonde's own
 * @param nowNs the window's start, from which they are counted
 * @returns how many there were
 */
export function seedFutexCalls(object: BpfObject, host: Host, pid: number, nowNs: number): number {
  const calls: { readonly tid: number; readonly wait: Wait }[] = [];
  const waiters = new Map<string, { readonly wait: Wait; count: number }>();
  for (const process of pid > 0 ? [pid] : host.pids()) {
    if (process === Deno.pid) continue;
    for (const tid of host.threads(process)) {
      const wait = waitOf(host, process, tid);
      if (!wait) continue;
      calls.push({ tid, wait });
      const key = `${wait.pid} ${wait.address}`;
      const known = waiters.get(key);
      if (known) known.count++;
      else waiters.set(key, { wait, count: 1 });
    }
  }
  // Where a wait has been seen meanwhile, the program counts those that wait at once without these.
  const counted = new Set<string>();
  for (const [key, { wait, count }] of waiters) {
    const lock = new DataView(new ArrayBuffer(16));
    lock.setBigUint64(0, wait.address, true);
    lock.setUint32(8, wait.pid, true);
    if (added(object, "locks", lock, new Int32Array([count, count]))) counted.add(key);
  }
  let seeded = 0;
  for (const { tid, wait } of calls) {
    const call = new DataView(new ArrayBuffer(64));
    call.setBigUint64(0, BigInt(nowNs), true);
    call.setBigUint64(8, wait.address, true);
    call.setBigUint64(16, wait.waiters, true);
    call.setUint32(40, tid, true);
    call.setUint32(48, wait.owner, true);
    call.setUint8(56, wait.op);
    call.setUint8(57, wait.shared ? 1 : 0);
    call.setUint8(58, counted.has(`${wait.pid} ${wait.address}`) ? 1 : 0);
    call.setUint8(59, 1);
    call.setUint32(60, wait.pid, true);
    if (added(object, "calls", Uint32Array.of(tid), call)) seeded++;
  }
  return seeded;
}

function added(object: BpfObject, map: string, key: ArrayBufferView, value: ArrayBufferView): boolean {
  try {
    updateMap(object.map(map).fd, key, value, map, BPF_NOEXIST);
    return true;
  } catch (error) {
    if (error instanceof SysError && (error.errno === ERRNO.EEXIST || error.errno === ERRNO.E2BIG)) return false;
    throw error;
  }
}

interface Wait {
  readonly pid: number;
  readonly address: bigint;
  /** Of waitv: its list. */
  readonly waiters: bigint;
  readonly op: number;
  readonly shared: boolean;
  /** Who has the lock, as far as memory tells; else 0. */
  readonly owner: number;
}

function waitOf(host: Host, pid: number, tid: number): Wait | null {
  const call = host.threadCall(pid, tid);
  if (!call) return null;
  const [first, second, third, fourth] = call.args;
  const simple = (op: number, flags: bigint, owner: number): Wait => ({
    pid,
    address: first,
    waiters: 0n,
    op,
    shared: (flags & PRIVATE) === 0n,
    owner,
  });
  if (call.name === "futex") {
    const op = Number(second & COMMAND);
    return isWait(op) ? simple(op, second, ownerOf(pid, op, first, third)) : null;
  }
  if (call.name === "futex_wait") return simple(OP_WAIT, fourth, ownerOf(pid, OP_WAIT, first, second));
  if (call.name !== "futex_waitv") return null;
  const waiter = memory(pid, first, WAITV_BYTES);
  if (!waiter) return null;
  const wait = simple(OP_WAITV, BigInt(waiter.getUint32(16, true)), 0);
  return { ...wait, address: waiter.getBigUint64(8, true), waiters: first };
}

/** As `owner_of` of the program has it. */
function ownerOf(pid: number, op: number, address: bigint, expected: bigint): number {
  const pi = op === 6 || op === 13;
  if (pi || (expected & 0xffff_ffffn) === 2n && (op === 0 || op === 9)) {
    return (memory(pid, address + (pi ? 0n : 8n), 4)?.getUint32(0, true) ?? 0) & TID_MASK;
  }
  return (expected & WAITERS) === 0n ? 0 : Number(expected & BigInt(TID_MASK));
}

function memory(pid: number, address: bigint, bytes: number): DataView | null {
  const buffer = new Uint8Array(new ArrayBuffer(bytes));
  return readProcessMemory(pid, address, buffer, bytes) === bytes ? new DataView(buffer.buffer) : null;
}
