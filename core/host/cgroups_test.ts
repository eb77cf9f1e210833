import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openHost } from "./open_host.ts";
import type { CgroupStat } from "./types.ts";

const FIXTURES = new URL("./fixtures/", import.meta.url).pathname;

function byPath(cgroups: readonly CgroupStat[]): Map<string, CgroupStat> {
  return new Map(cgroups.map((c) => [c.path, c]));
}

/** A machine of the given files, removed at the end. */
function machine(files: Record<string, string>): { readonly root: string } & Disposable {
  const root = Deno.makeTempDirSync({ prefix: "sonde_host_" });
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(dirname(root + path), { recursive: true });
    Deno.writeTextFileSync(root + path, text);
  }
  return { root, [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
}

const POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podaaaaaaaa_bbbb_cccc_dddd_eeeeeeeeeeee.slice";

Deno.test("cgroups() reads throttling, the lowest limit above, pressure and container of version 2", () => {
  const host = openHost(`${FIXTURES}debian_6_12_v2`);
  assert.equal(host.features().cgroup, "v2");
  const all = byPath(host.cgroups());
  const throttled = all.get(`${POD}/cri-containerd-${"1".repeat(64)}.scope`)!;
  const { pressure, ...figures } = throttled;
  assert.deepEqual(figures, {
    path: throttled.path,
    version: 2,
    container: "1".repeat(64),
    processes: 1,
    cpuNs: figures.cpuNs,
    cpuQuota: 0.2,
    periods: figures.periods,
    throttledPeriods: figures.throttledPeriods,
    throttledNs: figures.throttledNs,
    memory: figures.memory,
    memoryLimit: 64 << 20,
    memoryHigh: null,
    anon: figures.anon,
    file: figures.file,
    limitHits: 0,
    oomKills: 0,
    refaults: 0,
    majorFaults: figures.majorFaults,
    ioReadBytes: figures.ioReadBytes,
    ioWriteBytes: 0,
  });
  assert.ok(figures.throttledPeriods > 10 && figures.throttledPeriods <= figures.periods);
  assert.ok(pressure.cpu!.some.totalNs > 1e9);
});

Deno.test("cgroups() tells reclaim under memory.high, its refaults and its reads", () => {
  const reclaiming = byPath(openHost(`${FIXTURES}debian_6_12_v2`).cgroups())
    .get(`/system.slice/docker-${"2".repeat(64)}.scope`)!;
  assert.equal(reclaiming.memoryLimit, 16 << 20);
  assert.equal(reclaiming.memoryHigh, 12 << 20);
  assert.ok(reclaiming.refaults! > 1000);
  assert.equal(reclaiming.ioReadBytes, 126028800);
  assert.ok(reclaiming.file! > reclaiming.anon!);
});

Deno.test("cgroups() counts OOM kills and limit hits, also in the parent", () => {
  const all = byPath(openHost(`${FIXTURES}debian_6_12_v2`).cgroups());
  const killed = all.get(`/machine.slice/libpod-${"3".repeat(64)}.scope`)!;
  assert.equal(killed.oomKills, 1);
  assert.ok(killed.limitHits > 100);
  assert.equal(killed.processes, 0);
  assert.equal(all.get("/machine.slice")!.oomKills, 1);
  assert.equal(all.get("/system.slice")!.oomKills, 0);
});

Deno.test("cgroups() sums processes over the tree below, parents before children", () => {
  const cgroups = openHost(`${FIXTURES}debian_6_12_v2`).cgroups();
  assert.equal(cgroups[0].path, "/");
  const all = byPath(cgroups);
  // The reader's shell and its sleep; the idle service.
  assert.equal(all.get("/system.slice")!.processes, 3);
  assert.equal(all.get("/kubepods.slice")!.processes, 1);
  for (const [path] of all) {
    if (path !== "/") {
      assert.ok(cgroups.findIndex((c) => c.path === (path.slice(0, path.lastIndexOf("/")) || "/")) >= 0);
    }
  }
});

Deno.test("cgroup() gives one cgroup what cgroups() gives it", () => {
  for (const tree of ["debian_6_12_v2", "debian_6_1_hybrid"]) {
    const host = openHost(FIXTURES + tree);
    for (const cgroup of host.cgroups()) assert.deepEqual(openHost(FIXTURES + tree).cgroup(cgroup.path), cgroup);
  }
});

Deno.test("cgroup() answers null for a path that is not there or leaves the hierarchy", () => {
  const host = openHost(`${FIXTURES}debian_6_12_v2`);
  for (
    const path of ["/nope", "", "relative", "/..", "/../..", "/system.slice/../..", "/system.slice//x", "/a\0b", "/./x"]
  ) {
    assert.equal(host.cgroup(path), null, JSON.stringify(path));
  }
});

Deno.test("cgroups() merges version 1 hierarchies by path and takes pressure from version 2", () => {
  const host = openHost(`${FIXTURES}debian_6_1_hybrid`);
  assert.equal(host.features().cgroup, "hybrid");
  const all = byPath(host.cgroups());
  const path = `/docker/${"4".repeat(64)}`;
  const container = all.get(path)!;
  assert.equal(container.version, 1);
  assert.equal(container.container, "4".repeat(64));
  assert.equal(container.cpuQuota, 0.25);
  assert.deepEqual([container.periods, container.throttledPeriods, container.throttledNs], [1197, 1194, 145770812368]);
  assert.equal(container.cpuNs, 29909855327);
  // Its own limit is 64 MiB, its parent's 8 MiB.
  assert.equal(container.memoryLimit, 8 << 20);
  assert.equal(container.oomKills, 1);
  assert.equal(container.refaults, 5553);
  assert.equal(container.majorFaults, 33);
  assert.equal(container.anon, 327680);
  assert.equal(container.pressure.cpu!.some.totalNs, 93576227000);
  const parent = all.get("/docker")!;
  assert.equal(parent.cpuQuota, null);
  assert.equal(parent.limitHits, 12991);
  assert.equal(all.get("/")!.memoryLimit, null);
});

Deno.test("cgroups() does not take version 1's I/O files for 0 when the kernel leaves them empty", () => {
  const all = byPath(openHost(`${FIXTURES}debian_6_1_hybrid`).cgroups());
  assert.equal(all.get(`/docker/${"4".repeat(64)}`)!.ioReadBytes, null);
});

Deno.test("cgroups() lists a cgroup that one hierarchy has, with null for the others' figures", () => {
  const idle = byPath(openHost(`${FIXTURES}debian_6_1_hybrid`).cgroups()).get("/system.slice/idle.service")!;
  assert.equal(idle.cpuNs, null);
  assert.equal(idle.memory, 0);
  assert.deepEqual(idle.pressure, { cpu: null, memory: null, io: null });
});

Deno.test("cgroups() reads version 1 disks where they count, not those that stand on others", () => {
  using m = machine({
    "/proc/self/mountinfo": "42 37 0:35 / /cg/blkio rw - cgroup cgroup rw,blkio\n",
    "/cg/blkio/blkio.throttle.io_service_bytes": "8:0 Read 9000\n8:0 Write 500\nTotal 9500\n",
    "/cg/blkio/a/blkio.throttle.io_service_bytes": "8:0 Read 1\nTotal 1\n",
    "/cg/blkio/a/blkio.throttle.io_service_bytes_recursive":
      "8:0 Read 4096\n8:0 Write 512\n8:0 Sync 4608\n253:0 Read 4096\n253:0 Write 512\nTotal 9216\n",
    "/sys/dev/block/253:0/slaves/sda": "",
  });
  const a = openHost(m.root).cgroup("/a")!;
  assert.deepEqual([a.ioReadBytes, a.ioWriteBytes], [4096, 512]);
});

Deno.test("cgroups() finds a container's own part of a hierarchy, and its processes by it", () => {
  const id = "5".repeat(64);
  using m = machine({
    "/proc/self/mountinfo": `42 37 0:35 /docker/${id} /sys/fs/cgroup/memory ro master:1 - cgroup cgroup rw,memory\n`,
    "/proc/7/cgroup": `4:memory:/docker/${id}/inner\n`,
    "/proc/8/cgroup": `4:memory:/docker/${id}\n`,
    "/proc/9/cgroup": `4:memory:/docker/${id}0\n`,
    "/sys/fs/cgroup/memory/memory.stat": "hierarchical_memory_limit 1048576\ntotal_rss 5\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/inner/memory.stat": "hierarchical_memory_limit 1048576\n",
  });
  const host = openHost(m.root);
  assert.equal(host.processCgroup(7), "/inner");
  assert.equal(host.processCgroup(8), "/");
  assert.equal(host.processCgroup(9), `/docker/${id}0`);
  // The limit is of a cgroup above, which cannot be seen here.
  assert.equal(host.cgroup("/")!.memoryLimit, 1 << 20);
  assert.equal(host.cgroup("/inner")!.memoryLimit, 1 << 20);
});

Deno.test("cgroups() takes the mount that shows most of a hierarchy", () => {
  using m = machine({
    "/proc/self/mountinfo":
      "1 0 0:35 /sub /other rw - cgroup2 cgroup2 rw\n2 0 0:35 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" +
      "3 0 0:35 /sub /third rw - cgroup2 cgroup2 rw\n",
    "/sys/fs/cgroup/cgroup.controllers": "cpu\n",
    "/sys/fs/cgroup/cpu.stat": "usage_usec 5\n",
    "/sys/fs/cgroup/sub/cpu.stat": "usage_usec 3\n",
  });
  assert.deepEqual(openHost(m.root).cgroups().map((c) => [c.path, c.cpuNs]), [["/", 5000], ["/sub", 3000]]);
});

Deno.test("processCgroup() prefers the hierarchy in which a process is not in the root", () => {
  using m = machine({
    "/proc/self/mountinfo":
      "1 0 0:1 / /c/cpu rw - cgroup cgroup rw,cpu\n2 0 0:2 / /c/memory rw - cgroup cgroup rw,memory\n",
    "/proc/7/cgroup": "1:cpu:/limited\n2:memory:/\n",
    "/proc/8/cgroup": "1:cpu:/limited\n2:memory:/app\n",
    "/proc/9/cgroup": "1:cpu:/\n2:memory:/\n",
  });
  const host = openHost(m.root);
  assert.equal(host.processCgroup(7), "/limited");
  assert.deepEqual(host.processCgroups(8), ["/app", "/limited"]);
  assert.equal(host.processCgroup(9), "/");
  assert.equal(host.processCgroup(10), null);
});

Deno.test("cgroups() notices everything in a cgroup that shows life, and takes an idle one as it was", () => {
  using m = machine({
    "/proc/self/mountinfo": "2 0 0:35 / /cg rw - cgroup2 cgroup2 rw\n",
    "/cg/cgroup.controllers": "cpu memory io\n",
    "/cg/a/cpu.stat": "usage_usec 5\nnr_periods 1\n",
    "/cg/a/memory.current": "100\n",
    "/cg/a/memory.events": "max 1\n",
    "/cg/a/io.pressure": "some avg10=1.00 avg60=0.00 avg300=0.00 total=7\n",
  });
  const host = openHost(m.root);
  const write = (name: string, text: string): void => Deno.writeTextFileSync(`${m.root}/cg/a/${name}`, text);
  assert.equal(host.cgroup("/a")!.limitHits, 1);
  // Averages that fade are no life, but are read.
  write("memory.events", "max 2\n");
  write("io.pressure", "some avg10=0.50 avg60=0.00 avg300=0.00 total=7\n");
  assert.equal(host.cgroup("/a")!.limitHits, 1);
  assert.equal(host.cgroup("/a")!.pressure.io!.some.avg10, 0.005);
  let hits = 2;
  for (
    const [name, text] of [
      ["cpu.stat", "usage_usec 6\nnr_periods 1\n"],
      ["cpu.stat", "usage_usec 6\nnr_periods 2\n"],
      ["memory.current", "101\n"],
      ["io.stat", "8:0 rbytes=1 wbytes=0\n"],
      ["io.pressure", "some avg10=0.50 avg60=0.00 avg300=0.00 total=8\n"],
      ["memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"],
    ]
  ) {
    write("memory.events", `max ${++hits}\n`);
    write(name, text);
    assert.equal(host.cgroup("/a")!.limitHits, hits, name);
  }
});

Deno.test("cgroups() never takes a cgroup without CPU figures as it was", () => {
  using m = machine({
    "/proc/self/mountinfo": "2 0 0:35 / /cg rw - cgroup cgroup rw,memory\n",
    "/cg/a/memory.stat": "total_rss 5\n",
    "/cg/a/memory.usage_in_bytes": "4096\n",
    "/cg/a/memory.failcnt": "1\n",
  });
  const host = openHost(m.root);
  assert.equal(host.cgroup("/a")!.limitHits, 1);
  Deno.writeTextFileSync(`${m.root}/cg/a/memory.failcnt`, "9\n");
  assert.equal(host.cgroup("/a")!.limitHits, 9);
});

Deno.test("cgroups() answers nothing, and no cgroup, on a machine without cgroups", () => {
  using m = machine({ "/proc/self/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n" });
  const host = openHost(m.root);
  assert.equal(host.features().cgroup, "none");
  assert.deepEqual(host.cgroups(), []);
  assert.equal(host.cgroup("/"), null);
});
