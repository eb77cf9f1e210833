import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import { bpftraceMaps, bpftraceRun } from "../../tests/bpftrace_oracle.ts";
import { compileC } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { LibbpfError } from "../libbpf_error.ts";
import { DISK_LOAD, READ_SIZE, WRITE_SIZE } from "../testing/disk_load.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { output } from "../testing/run.ts";
import { type LoopDevice, loopDevice } from "../../tests/loop_device.ts";
import type { RunningAnalyzer } from "./analyzer.ts";
import { startDiskIoLatency } from "./disk_io_latency.ts";

const host = openHost();
const [READS, WRITES, SYNCS, DISCARDS] = [150, 70, 9, 5];
const READ_BYTES = READS * READ_SIZE, WRITE_BYTES = WRITES * WRITE_SIZE, DISCARD_BYTES = DISCARDS * 64 * 4096;

type Row = Readonly<Record<string, unknown>>;

/** What the program did, by its own clock, ns in all. */
interface Done {
  readonly pid: number;
  readonly ns: Readonly<Record<string, number>>;
}

/** A program that waits for its word to begin. */
interface Load {
  readonly pid: number;
  run(): Promise<Done>;
}

/** A disk of our own with a program that knows what it does to it. */
async function withDisk(use: (disk: LoopDevice, start: () => Load) => Promise<void>): Promise<void> {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const folder = Deno.makeTempDirSync();
  try {
    const program = `${folder}/disk_load`;
    if (!await compileC(DISK_LOAD, program)) return skip("gcc is not installed");
    const disk = await loopDevice();
    if (typeof disk === "string") return skip(disk);
    using _ = disk;
    await use(disk, () => {
      const args = [disk.path, READS, WRITES, SYNCS, DISCARDS].map(String);
      const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
      return {
        pid: child.pid,
        async run(): Promise<Done> {
          const writer = child.stdin.getWriter();
          await writer.write(new Uint8Array(1));
          await writer.close();
          const { stdout, code } = await child.output();
          assert.equal(code, 0);
          return { pid: child.pid, ns: JSON.parse(new TextDecoder().decode(stdout)) };
        },
      };
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Numbers of a line of /proc/diskstats, from its fourth word on (Documentation/admin-guide/iostats.rst). */
function diskstats(name: string): number[] {
  const line = Deno.readTextFileSync("/proc/diskstats").split("\n").map((l) => l.trim().split(/\s+/))
    .find((words) => words[2] === name)!;
  return line.slice(3).map(Number);
}

async function rowsOf(running: RunningAnalyzer, table: string, device: string): Promise<Row[]> {
  return (await running.read()).tables[table].filter((r) => r.device === device);
}

function row(rows: readonly Row[], operation: string): Record<string, number> {
  const found = rows.filter((r) => r.operation === operation);
  assert.equal(found.length, 1, `${operation}: ${JSON.stringify(rows)}`);
  return found[0] as Record<string, number>;
}

for (const variant of ["by_request", "by_bio"]) {
  for (const scheduler of ["none", "mq-deadline"]) {
    Deno.test(`${variant}, ${scheduler}: every request is counted, as by the kernel and by the program`, () =>
      withDisk(async (disk, start) => {
        if (!disk.schedule(scheduler)) return skip(`the kernel has no scheduler ${scheduler}`);
        const load = start();
        const started = startVariant(variant);
        if (started === null) {
          return skip("the kernel does not tell of the beginnings of requests (it takes Linux 6.5)");
        }
        using running = started;
        const before = diskstats(disk.name);
        const done = await load.run();
        running.stop();
        const kernel = diskstats(disk.name).map((n, i) => n - before[i]);
        const quality = (await running.read()).quality;
        assert.deepEqual(quality.lost_by, {});
        const devices = await rowsOf(running, "devices", disk.name);
        const requests = (await rowsOf(running, "requests", disk.name)).filter((r) => r.pid === done.pid);

        const expected = [
          ["read", READS, READ_BYTES],
          ["write", WRITES, WRITE_BYTES],
          ["discard", DISCARDS, DISCARD_BYTES],
          ["flush", SYNCS, 0],
        ] as const;
        for (const [operation, count, bytes] of expected) {
          const own = row(requests, operation);
          assert.deepEqual([own.requests, own.bytes, own.errors, own.sync, own.kernel], [count, bytes, 0, 1, 0]);
          assert.equal((own as Row).comm, "disk_load");
          assert.equal(own.latency, own.queue + own.service);
          // One at a time: what the program waited for is the request, and its own work.
          assert.ok(own.latency <= done.ns[operation], `${operation}: ${own.latency} of ${done.ns[operation]}`);
          assert.ok(own.service > 0 && own.service_p50 <= own.service_p99 && own.service_p99 <= own.service_max);
          const device = row(devices, operation);
          assert.deepEqual([device.requests, device.bytes], [count, bytes]);
        }
        const [reads, , sectors, readMs, writes, , written, writeMs, , , , discards, , discarded, , flushes] = kernel;
        assert.deepEqual([reads, sectors * 512], [READS, READ_BYTES]);
        // What only flushes is a write to the kernel, and a flush of the device besides.
        assert.deepEqual([writes, written * 512], [WRITES + SYNCS, WRITE_BYTES]);
        assert.deepEqual([discards, discarded * 512, flushes], [DISCARDS, DISCARD_BYTES, SYNCS]);
        // The kernel begins some µs earlier or later than we do, and tells whole ms.
        near(row(devices, "read").latency, readMs * 1e6, READS);
        near(row(devices, "write").latency + row(requests, "flush").latency, writeMs * 1e6, WRITES + SYNCS);
        for (const device of devices) {
          for (const name of ["queue_times", "service_times"]) assert.equal(counted(device[name]), device.requests);
        }
        assert.deepEqual(buckets(row(devices, "read").sizes), [[READ_SIZE, READS]]);
        assert.deepEqual(buckets(row(devices, "write").sizes), [[WRITE_SIZE, WRITES]]);
      }));
  }
}

Deno.test("bpftrace, attached at the same time, has the same distribution of times at the device", () =>
  withDisk(async (disk, start) => {
    const [major, minor] = [...host.blockDevices()].find(([, name]) => name === disk.name)![0].split(":").map(Number);
    // The device's own flushes have no place.
    const only = `/args->dev == ${major * 2 ** 20 + minor} && args->nr_sector > 0/`;
    const load = start();
    let devices: Row[] = [];
    const program = `tracepoint:block:block_rq_issue ${only} { @since[args->sector] = nsecs; }
      tracepoint:block:block_rq_complete ${only} {
        if (@since[args->sector]) {
          @times[args->rwbs] = hist(nsecs - @since[args->sector]);
          delete(@since[args->sector]);
        } }`;
    if (!await knowsBlockEvents()) return skip("bpftrace does not know this kernel's types");
    const theirs = await bpftraceRun(program, {
      json: true,
      async work() {
        using running = startDiskIoLatency({ host, pid: 0 });
        await load.run();
        running.stop();
        devices = await rowsOf(running, "devices", disk.name);
      },
    });
    if (theirs === null) return skip("bpftrace is not installed");
    const times = bpftraceMaps(theirs.stdout)["@times"] as Record<string, { min: number; count: number }[]>;
    for (const [letter, operation] of [["RS", "read"], ["WS", "write"]]) {
      const bpftrace = times[letter].flatMap((b) => b.count > 0 ? [[b.min, b.count] as const] : []);
      const ours = buckets(row(devices, operation).service_times);
      const total = (all: readonly (readonly [number, number])[]): number => all.reduce((n, [, count]) => n + count, 0);
      assert.equal(total(ours), total(bpftrace));
      // Each program reads the clock for itself, some µs apart: a request may fall into the bucket beside, not further.
      const upTo = (all: readonly (readonly [number, number])[], edge: number): number =>
        total(all.filter(([min]) => min <= edge));
      for (const [edge] of [...ours, ...bpftrace]) {
        const told = JSON.stringify({ operation, edge, ours, bpftrace });
        assert.ok(upTo(bpftrace, edge) >= upTo(ours, edge / 2) && upTo(bpftrace, edge) <= upTo(ours, edge * 2), told);
      }
    }
  }));

Deno.test("only the process that is asked for is counted", () =>
  withDisk(async (disk, start) => {
    const [one, other] = [start(), start()];
    using running = startDiskIoLatency({ host, pid: one.pid });
    await Promise.all([one.run(), other.run()]);
    running.stop();
    const requests = await rowsOf(running, "requests", disk.name);
    assert.deepEqual(new Set(requests.map((r) => r.pid)), new Set([one.pid]));
    assert.equal(row(requests, "read").requests, READS);
    // The device's flushes are nobody's, and what a process waited for all the same.
    assert.ok(row(requests, "flush").service > 0);
    assert.equal(row(await rowsOf(running, "devices", disk.name), "read").requests, READS);
  }));

Deno.test("what is written later than by its process is a kernel thread's", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const file = Deno.makeTempFileSync({ dir: "/var/tmp" });
  const onDisk = (await output("stat", ["-f", "-c", "%T", file]))!.out.trim();
  try {
    if (/^(tmpfs|overlayfs|v9fs|UNKNOWN.*)$/.test(onDisk)) return skip(`/var/tmp is on no disk: ${onDisk}`);
    using running = startDiskIoLatency({ host, pid: 0 });
    const args = ["if=/dev/zero", `of=${file}`, "bs=64k", "count=64", "conv=notrunc", "status=none"];
    assert.ok((await new Deno.Command("dd", { args }).output()).success);
    assert.ok((await new Deno.Command("sync", { args: ["-f", file] }).output()).success);
    running.stop();
    const { requests } = (await running.read()).tables;
    const written = requests.filter((r) => r.operation === "write" && Number(r.kernel) === 1);
    const bytes = written.reduce((n, r) => n + Number(r.bytes), 0);
    assert.ok(bytes >= 64 * 65536, `${bytes} bytes: ${JSON.stringify(requests)}`);
    assert.ok(written.every((r) => !String(r.comm).startsWith("dd")));
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("requests that find no room are counted as lost, and nothing is left open", () =>
  withDisk(async (_, start) => {
    const descriptors = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
    const load = start();
    const before = descriptors();
    {
      using running = startDiskIoLatency({ host, pid: 0, maxEntries: 2 });
      await load.run();
      assert.ok((await running.read()).quality.lost > 0);
    }
    // The program's own pipes are closed by now.
    assert.ok(descriptors() <= before, `${descriptors()} after ${before}`);
  }));

/** Whether bpftrace, if there is one, can read these tracepoints: some kernels' types it does not find. */
async function knowsBlockEvents(): Promise<boolean> {
  const tried = await output("bpftrace", ["-d", "-e", "tracepoint:block:block_rq_issue { @ = args->dev; }"]);
  return tried === null || tried.code === 0;
}

/** Null where this kernel refuses it. */
function startVariant(variant: string): RunningAnalyzer | null {
  try {
    return startDiskIoLatency({ host, pid: 0, variant });
  } catch (error) {
    if (error instanceof LibbpfError && error.code === "ESRCH") return null;
    throw error;
  }
}

/** What lies between the kernel's reading of the clock and ours at a request's beginning, ns; in an emulated machine much more. */
const CLOCKS_APART = Deno.readTextFileSync("/proc/cpuinfo").includes("QEMU") ? 200_000 : 5000;

/**
 * The kernel's time of a request ends after it woke who waited, ours before (block_io_done and block_rq_complete): 1 to 4 µs
 * where that one's CPU is awake, 16 to 32 µs where it must be woken from outside of a virtual machine.
 */
const WAKING = 40_000;

/** Within 10 %, and what rounding to ms and the clocks' places can make. */
function near(ours: number, kernel: number, requests: number): void {
  const rounding = 0.1 * kernel + 1e6;
  assert.ok(ours - kernel <= rounding + requests * CLOCKS_APART, `${ours} of ${kernel}`);
  assert.ok(kernel - ours <= rounding + requests * Math.max(CLOCKS_APART, WAKING), `${ours} of ${kernel}`);
}

function buckets(cell: unknown): (readonly [min: number, count: number])[] {
  return (cell as { buckets: { min: number; count: number }[] }).buckets.flatMap((b) =>
    b.count > 0 ? [[b.min, b.count] as const] : []
  );
}

function counted(cell: unknown): number {
  return buckets(cell).reduce((n, [, count]) => n + count, 0);
}
