import type { Analysis, AnalyzerRequest, Cell, Field, Quality, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

type Row = Record<string, Cell>;

/** The analyzer `disk_io_latency`: how long requests to disks wait, how long the device takes, and whose they are. */
export function diskIoLatency(sonde: SondeApi): Analyzer {
  return {
    name: "disk_io_latency",
    collector: "disk.latency",
    doc: "How long requests to disks wait in queues and how long the device takes, by process, device and operation",
    tables: [
      { name: "requests", fields: requestFields(sonde) },
      { name: "devices", fields: deviceFields(sonde) },
    ],
    recipe: "disk_io_latency",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

function requestFields({ data }: SondeApi): Field[] {
  const { field } = data;
  return [
    field("device", "string", "The whole disk; its number where it has no name"),
    field(
      "pid",
      "pid",
      "Who submitted the request: for what is written later than by its process, a kernel thread; null outside of " +
        "sonde's pid namespace",
    ),
    field("comm", "string", "Its name"),
    field("kernel", "bool", "A kernel thread: it writes what processes have changed before; who did is not known"),
    field("operation", "string", "read, write, flush (fsync without data of its own), discard, write zeroes, …"),
    field("sync", "bool", "Somebody waits for it, as the kernel sees it"),
    ...times(data),
  ];
}

function deviceFields({ data }: SondeApi): Field[] {
  const { field } = data;
  return [
    field("device", "string", "The whole disk; its number where it has no name"),
    field("operation", "string", "read, write, flush (one serves every request that waits for it), discard, …"),
    ...times(data),
    field("requeues", "int", "Times that the device did not take a request, and it waited on", "count"),
    field("queue_times", "histogram", "Times in the queue", "ns"),
    field("service_times", "histogram", "Times at the device", "ns"),
    field("sizes", "histogram", "Bytes of a request", "bytes"),
  ];
}

function times({ field }: SondeApi["data"]): Field[] {
  return [
    field("requests", "int", "Requests that ended", "count"),
    field("bytes", "bytes", "What they carried"),
    field("latency", "duration", "All their time, from the moment that they were made to their end"),
    field("queue", "duration", "The part of it until they were issued to the device"),
    field("service", "duration", "The part of it at the device, from issue to completion"),
    field("queue_p99", "duration", "99 % of them were issued after no more"),
    field("service_p99", "duration", "99 % of them took the device no longer"),
    field("queue_max", "duration", "The longest time until one was issued"),
    field("service_max", "duration", "The longest time that the device took"),
    field("queue_p50", "duration", "Half of them were issued after no more"),
    field("service_p50", "duration", "Half of them took the device no longer"),
    field("errors", "int", "Requests that failed", "count"),
  ];
}

/** What the letters of a request mean (block/blk-core.c, blk_fill_rwbs). */
const LETTERS = /^(?<flush>F?)(?<op>DE|Z.|[A-Z])(?<flags>.*)$/;
const OPERATIONS: Readonly<Record<string, string>> = {
  R: "read",
  W: "write",
  D: "discard",
  DE: "secure erase",
  F: "flush",
};

function kindOf(op: Cell, empty: boolean): { readonly operation: string; readonly sync: number } {
  const groups = LETTERS.exec(String(op))?.groups;
  if (!groups) return { operation: `other (${op})`, sync: 0 };
  const operation = groups.flush && empty ? "flush" : OPERATIONS[groups.op] ?? `other (${groups.op})`;
  return { operation, sync: groups.op === "R" || groups.flush || /[SF]/.test(groups.flags) ? 1 : 0 };
}

function fromRecipe(sonde: SondeApi, results: Results): Analysis {
  const names = sonde.host.blockDevices();
  const rows = (name: string): readonly Row[] => {
    const table = results[name];
    return table?.kind === "table" ? sonde.data.recordsOf(table) : [];
  };
  const deviceOf = (r: Row): string => names.get(`${r.major}:${r.minor}`) ?? `${r.major}:${r.minor}`;
  const requests = rows("requests").map((r) => ({
    device: deviceOf(r),
    pid: r.pid,
    comm: r.comm,
    ...kindOf(r.op, Number(r.empty) === 1),
    requests: r.requests,
    bytes: r.bytes,
    latency: r.latency,
    errors: r.errors,
  }));
  const queues = new Map(rows("queue").map((r) => [`${deviceOf(r)} ${r.op}`, r]));
  const devices = rows("device").map((r) => {
    const queue = queues.get(`${deviceOf(r)} ${r.op}`);
    return {
      device: deviceOf(r),
      operation: kindOf(r.op, false).operation,
      requests: r.requests,
      bytes: r.bytes,
      latency: queue ? Number(r.service) + Number(queue.queue) : null,
      queue: queue?.queue ?? null,
      queue_p50: queue?.p50_duration ?? null,
      queue_p99: queue?.p99_duration ?? null,
      queue_max: queue?.max_duration ?? null,
      service: r.service,
      service_p50: r.p50_duration,
      service_p99: r.p99_duration,
      service_max: r.max_duration,
      errors: r.errors,
      queue_times: queue?.hist_duration ?? null,
      service_times: r.hist_duration,
      sizes: r.sizes,
    };
  });
  return {
    tables: { requests, devices },
    quality: qualityOf(sonde, results),
  };
}

function qualityOf({ data }: SondeApi, results: Results): Quality {
  const all = ["requests", "queue", "device"].flatMap((name) => results[name]?.quality ?? []);
  const whole = all.length > 0 ? data.mergeQuality(all) : data.quality();
  return {
    ...whole,
    events: results.requests?.quality.events ?? 0,
    notes: [
      ...whole.notes,
      "Queue and device are told apart by device only. Requests are known by their place on the disk: of two for the " +
      "same place, and of those that were merged to the front of others, one is not seen. A row for each set of the " +
      "kernel's letters, so that an operation may have several.",
    ],
  };
}

/** What `/proc/diskstats` and `/proc/PID/io` tell. */
async function fromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { host, data } = sonde;
  if (request.pid === 0 && host.disks().length === 0) {
    throw new data.UnsupportedError("The kernel lists no disks in /proc/diskstats", "");
  }
  const look = () => ({
    disks: new Map(host.disks().map((d) => [d.device, d])),
    processes: new Map(
      (request.pid > 0 ? [request.pid] : host.pids()).flatMap((pid) => {
        const io = host.processIo(pid);
        return io ? [[pid, io] as const] : [];
      }),
    ),
  });
  const { before, after, quality } = await twoLooks(sonde, request, look, [
    "Counted by the kernel: latencies are sums without distributions, and queue and device are not told apart. " +
    "Bytes of processes are those that they let be read and written, whichever disk; only of " +
    "processes that lived throughout, with those of their children that have ended.",
  ]);
  // Devices do not tell whose requests they had.
  const devices = request.pid > 0 ? undefined : [...after.disks].flatMap(([device, now]) => {
    const then = before.disks.get(device);
    if (!then) return [];
    const row = (operation: string, requests: number, bytes: number, latency: number): Row[] =>
      requests > 0 ? [{ device, operation, requests, bytes, latency }] : [];
    return [
      ...row(
        "read",
        now.reads - then.reads,
        now.readBytes - then.readBytes,
        elapsed(then.readTimeNs, now.readTimeNs),
      ),
      ...row(
        "write",
        now.writes - then.writes,
        now.writeBytes - then.writeBytes,
        elapsed(then.writeTimeNs, now.writeTimeNs),
      ),
      ...row("flush", now.flushes - then.flushes, 0, elapsed(then.flushTimeNs, now.flushTimeNs)),
    ];
  });
  const requests = [...after.processes].flatMap(([pid, now]) => {
    const then = before.processes.get(pid);
    if (!then || (pid === Deno.pid && request.pid === 0)) return [];
    const comm = host.processStat(pid)?.comm ?? null;
    const row = (operation: string, bytes: number): Row[] => bytes > 0 ? [{ pid, comm, operation, bytes }] : [];
    return [
      ...row("read", now.readBytes - then.readBytes),
      ...row("write", now.writeBytes - then.writeBytes),
    ];
  });
  requests.sort((a, b) => Number(b.bytes) - Number(a.bytes));
  const events = (devices ?? requests).reduce((n, r) => n + Number(r.requests ?? 0), 0);
  return { tables: { requests, ...(devices ? { devices } : {}) }, quality: quality(events) };
}

/** Times of `/proc/diskstats` are 32 bits of milliseconds. */
function elapsed(then: number, now: number): number {
  return now >= then ? now - then : now - then + 2 ** 32 * 1e6;
}
