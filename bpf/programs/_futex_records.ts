import type { BpfObject } from "../libbpf.ts";
import { forEachEntry } from "./_entries.ts";
import { type Place, placeAt } from "./user_copies.ts";

const COMM_BYTES = 16;

/** What one thread did at one address, by one operation, from one place in its code (struct sum). */
export interface FutexSum {
  readonly pid: number;
  readonly tid: number;
  readonly comm: string;
  readonly address: bigint;
  readonly op: number;
  readonly shared: boolean;
  /** Where in the code; its stack pointer is 0n where that is not known. */
  readonly place: Place;
  readonly calls: number;
  readonly woken: number;
  readonly timeouts: number;
  readonly missed: number;
  readonly interrupted: number;
  readonly errors: number;
  readonly requeued: number;
  readonly waitNs: number;
  readonly maxNs: number;
}

/** A wait that goes on (struct call). */
export interface FutexCall extends Pick<FutexSum, "pid" | "tid" | "address" | "op" | "shared" | "place"> {
  /** Of the monotonic clock. */
  readonly sinceNs: number;
  /** It has begun before the window. */
  readonly before: boolean;
  readonly owner: number;
}

/** All that the maps hold. Numbers are those of sonde's pid namespace. */
export interface FutexRecords {
  readonly sums: readonly FutexSum[];
  readonly calls: readonly FutexCall[];
  /** Most threads that waited at once. */
  readonly locks: readonly { readonly pid: number; readonly address: bigint; readonly most: number }[];
  readonly holders: readonly {
    readonly pid: number;
    readonly address: bigint;
    readonly owner: number;
    readonly waits: number;
    readonly waitNs: number;
  }[];
  readonly buckets: readonly {
    readonly pid: number;
    readonly address: bigint;
    readonly bucket: number;
    readonly count: number;
  }[];
}

/** Reads the maps of `futex_contention.bpf.c`. */
export function readFutexRecords(object: BpfObject): FutexRecords {
  const records = { sums: [], calls: [], locks: [], holders: [], buckets: [] } as {
    [K in keyof FutexRecords]: FutexRecords[K][number][];
  };
  forEachEntry(object.map("sums"), (key, value) => {
    records.sums.push({
      address: key.big(0),
      place: placeAt(key, 8),
      tid: key.u32(24),
      pid: key.u32(32),
      op: key.u8(36),
      shared: key.u8(37) !== 0,
      calls: value.u64(0),
      woken: value.u64(8),
      timeouts: value.u64(16),
      missed: value.u64(24),
      interrupted: value.u64(32),
      errors: value.u64(40),
      requeued: value.u64(48),
      waitNs: value.u64(56),
      maxNs: value.u64(64),
      comm: value.text(72, COMM_BYTES),
    });
  });
  forEachEntry(object.map("calls"), (_, value) => {
    records.calls.push({
      sinceNs: value.u64(0),
      address: value.big(8),
      place: placeAt(value, 24),
      tid: value.u32(40),
      owner: value.u32(48),
      op: value.u8(56),
      shared: value.u8(57) !== 0,
      before: value.u8(59) !== 0,
      pid: value.u32(60),
    });
  });
  forEachEntry(object.map("locks"), (key, value) => {
    records.locks.push({ address: key.big(0), pid: key.u32(8), most: value.u32(4) });
  });
  forEachEntry(object.map("holders"), (key, value) => {
    const where = { address: key.big(0), pid: key.u32(8), owner: key.u32(12) };
    records.holders.push({ ...where, waits: value.u64(0), waitNs: value.u64(8) });
  });
  forEachEntry(object.map("buckets"), (key, value) => {
    records.buckets.push({ address: key.big(0), pid: key.u32(8), bucket: key.u32(12), count: value.u64(0) });
  });
  return records;
}
