import { assetBytes } from "../../core/assets/mod.ts";
import { type Cell, quality } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { attachObject } from "./_attached.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { loadObject, type Variant } from "./_load.ts";
import { readCounters } from "./_measure.ts";

const COMMON = ["rq_requeue", "rq_merge", "rq_complete"];
/** By the kernel's own beginnings of requests (since 6.5), or by the bios that requests are made of. */
const VARIANTS: readonly Variant[] = [
  { name: "by_request", programs: ["io_start", "rq_issue", ...COMMON] },
  { name: "by_bio", programs: ["getrq", "rq_insert", "rq_issue_by_bio", ...COMMON] },
];

/** What a request costs in all programs, where the kernel does not tell (docs/analyzers/disk_io_latency.md). */
const ESTIMATED_REQUEST_NS = 4500;
const COMM_BYTES = 16;
const MINOR_BITS = 20;

/** Operations by their number (include/linux/blk_types.h, enum req_op); reads and writes of zoned devices and drivers' own have others. */
const OPERATIONS: Readonly<Record<number, string>> = {
  0: "read",
  1: "write",
  2: "flush",
  3: "discard",
  5: "secure erase",
  9: "write zeroes",
};

/**
 * The analyzer `disk_io_latency`: how long requests to disks wait, and how long the device takes, by
 * `disk_io_latency.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startDiskIoLatency(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 8192 } = options;
  const { object, variant } = loadObject(
    "disk_io_latency",
    assetBytes("bpf/programs/disk_io_latency.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      fresh.setConstants(analyzerConstants(host, pid));
      fresh.map("ios").setMaxEntries(2 * maxEntries);
      fresh.map("rows").setMaxEntries(maxEntries);
      fresh.map("buckets").setMaxEntries(8 * maxEntries);
    },
  );
  let events = 0;
  const running = attachObject(object, options, () => events * ESTIMATED_REQUEST_NS);
  const cpus = possibleCpus(host);
  return {
    variant,
    stop: () => running.stop(),
    read(): Analysis {
      const counters = object.map("counters");
      const { rows, open, totals } = running.costed(() => ({
        rows: readRows(),
        open: countEntries(),
        totals: readCounters(counters.fd, counters.spec, cpus),
      }));
      const { durationNs, cost, missed } = running.measured();
      const byDevice = rows.filter((r) => r.deviceWide);
      events = byDevice.reduce((n, r) => n + r.requests, 0);
      const [ios_full, map_full, buckets_full, ends] = totals;
      const lost = { ios_full, map_full, buckets_full, recursion: missed };
      const names = host.blockDevices();
      return {
        tables: {
          requests: rows.filter((r) => !r.deviceWide).map((r) => processRow(r, names)),
          devices: byDevice.map((r) => deviceRow(r, names)),
        },
        quality: quality({
          events,
          lost_by: Object.fromEntries(Object.entries(lost).filter(([, n]) => n > 0)),
          unmatched: { starts: open, ends, replaced: 0 },
          duration_ns: durationNs,
          cost,
        }),
      };
    },
    [Symbol.dispose]: running[Symbol.dispose],
  };

  function readRows(): Row[] {
    const rows = new Map<string, Row>();
    forEachEntry(object.map("rows"), (key, value) => {
      // All of the key but the CPU behind it.
      const id = key.bytes(0, 12).toHex();
      let row = rows.get(id);
      if (!row) rows.set(id, row = newRow(key));
      addUp(row, value);
    });
    forEachEntry(object.map("buckets"), (key, value) => {
      rows.get(key.bytes(0, 12).toHex())?.distributions[key.u32(12)].add(key.u32(16), value.u64(0));
    });
    return [...rows.values()].sort((a, b) => latencyOf(b) - latencyOf(a));
  }

  function countEntries(): number {
    let open = 0;
    forEachEntry(object.map("ios"), () => open++);
    return open;
  }
}

/** One row of either table: the sums over all CPUs (struct row_key, struct row). */
interface Row {
  readonly dev: number;
  readonly pid: number;
  readonly operation: string;
  readonly sync: boolean;
  readonly deviceWide: boolean;
  readonly kernel: boolean;
  requests: number;
  bytes: number;
  queue: number;
  queueMax: number;
  service: number;
  serviceMax: number;
  errors: number;
  requeues: number;
  comm: string;
  /** When it had that name, in ns: the newest of all CPUs' counts. */
  last: number;
  /** QUEUE_TIMES, SERVICE_TIMES, SIZES. */
  readonly distributions: readonly [Distribution, Distribution, Distribution];
}

function newRow(key: StructView): Row {
  const op = key.u8(8);
  return {
    dev: key.u32(0),
    pid: key.u32(4),
    operation: OPERATIONS[op] ?? `other (${op})`,
    sync: key.u8(9) !== 0,
    deviceWide: key.u8(10) !== 0,
    kernel: key.u8(11) !== 0,
    requests: 0,
    bytes: 0,
    queue: 0,
    queueMax: 0,
    service: 0,
    serviceMax: 0,
    errors: 0,
    requeues: 0,
    comm: "",
    last: 0,
    distributions: [distribution(), distribution(), distribution()],
  };
}

function addUp(row: Row, value: StructView): void {
  row.requests += value.u64(0);
  row.bytes += value.u64(8);
  row.queue += value.u64(16);
  row.queueMax = Math.max(row.queueMax, value.u64(24));
  row.service += value.u64(32);
  row.serviceMax = Math.max(row.serviceMax, value.u64(40));
  row.errors += value.u64(48);
  row.requeues += value.u64(56);
  const last = value.u64(80);
  if (last >= row.last) {
    row.last = last;
    row.comm = value.text(64, COMM_BYTES);
  }
}

function latencyOf(row: Row): number {
  return row.queue + row.service;
}

type Names = ReturnType<Host["blockDevices"]>;

function common(row: Row, names: Names): Record<string, Cell> {
  const number = `${row.dev >>> MINOR_BITS}:${row.dev & ((1 << MINOR_BITS) - 1)}`;
  const [queue, service] = row.distributions;
  return {
    device: row.dev === 0 ? null : names.get(number) ?? number,
    operation: row.operation,
    requests: row.requests,
    bytes: row.bytes,
    latency: latencyOf(row),
    queue: row.queue,
    queue_p50: queue.quantile(0.5, row.queueMax),
    queue_p99: queue.quantile(0.99, row.queueMax),
    queue_max: row.queueMax,
    service: row.service,
    service_p50: service.quantile(0.5, row.serviceMax),
    service_p99: service.quantile(0.99, row.serviceMax),
    service_max: row.serviceMax,
    errors: row.errors,
  };
}

function processRow(row: Row, names: Names): Record<string, Cell> {
  return {
    ...common(row, names),
    pid: row.pid || null,
    comm: row.comm,
    kernel: row.kernel ? 1 : 0,
    sync: row.sync ? 1 : 0,
  };
}

function deviceRow(row: Row, names: Names): Record<string, Cell> {
  const [queue, service, sizes] = row.distributions;
  return {
    ...common(row, names),
    requeues: row.requeues,
    queue_times: queue.histogram("ns"),
    service_times: service.histogram("ns"),
    sizes: sizes.histogram("bytes"),
  };
}
