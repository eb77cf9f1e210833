import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openHost } from "./open_host.ts";
import type { Host } from "./host.ts";

const FIXTURES = new URL("./fixtures/", import.meta.url).pathname;
const V2 = openHost(`${FIXTURES}debian_6_12_v2`);
const HYBRID = openHost(`${FIXTURES}debian_6_1_hybrid`);

Deno.test("a recorded machine: CPU, memory, load and kernel figures", () => {
  const t = V2.cpuTimes();
  assert.equal(t.cpus.size, 2);
  assert.equal(t.all.user, [...t.cpus.values()].reduce((sum, c) => sum + c.user, 0));
  assert.equal(V2.memInfo().total, V2.memInfo().all.get("MemTotal"));
  assert.ok(V2.memInfo().available <= V2.memInfo().total);
  assert.ok(V2.loadAvg()!.threads > 2);
  assert.equal(V2.vmstat().get("workingset_refault_file"), 20638);
  assert.ok(V2.runDelayNs()! > 1e9);
  assert.ok(V2.pressure("cpu")!.some.totalNs > 0);
  assert.equal(V2.pressure("irq"), null);
  assert.deepEqual(V2.numa().map((n) => [n.node, n.cpus]), [[0, "0-1"]]);
  assert.ok(V2.buddyInfo().some((z) => z.zone === "DMA32"));
});

Deno.test("a recorded machine: interrupts, softirqs and the network", () => {
  assert.ok(V2.interrupts().get("LOC")!.length === 2);
  assert.deepEqual([...V2.softirqs().keys()].slice(0, 3), ["HI", "TIMER", "NET_TX"]);
  assert.deepEqual(V2.netDevs().map((d) => d.name), ["lo"]);
  assert.ok(V2.netCounters().has("Tcp.RetransSegs") && V2.netCounters().has("TcpExt.ListenOverflows"));
  assert.deepEqual(V2.softnet().map((c) => c.cpu), [0, 1]);
  assert.deepEqual(V2.tcpSockets(), []);
});

Deno.test("a recorded machine: its loop disk with a backing file is a disk", () => {
  const [disk, ...others] = V2.disks();
  assert.deepEqual([disk.device, others.length], ["loop0", 0]);
  assert.ok(disk.readBytes >= 126080000);
  assert.deepEqual(V2.topology().disks.map((d) => [d.device, d.size]), [["loop0", 100 << 20]]);
});

Deno.test("a recorded machine: processes, one with a hostile name, one blocked, one running", () => {
  assert.deepEqual(V2.pids(), [2, 210, 211, 218]);
  const hostile = V2.processStat(218)!;
  assert.equal(hostile.comm, "a) R (\\\n\x1b[31m");
  assert.equal(hostile.state, "S");
  assert.equal(V2.processCommand(218), "/root/a) R (\\\n\x1b[31m 1000");
  assert.equal(V2.currentSyscall(218), "clock_nanosleep");
  assert.equal(V2.processCgroup(218), "/system.slice/idle.service");
  assert.equal(V2.currentSyscall(211), "wait4");
  assert.equal(V2.wchan(211), "do_wait");
  assert.equal(V2.processStat(2)!.kernelThread, true);
  assert.equal(V2.processStatus(2)!.rss, null);
  assert.equal(V2.processCommand(2), "");
  const busy = V2.processStat(210)!;
  assert.deepEqual([busy.comm, busy.state, V2.threads(210), V2.threadState(210, 210)], ["sh", "R", [210], "R"]);
  assert.deepEqual(V2.processSched(210), V2.processSched(210, 210));
  assert.ok(V2.processSched(210)!.waitNs > 0);
  assert.ok(V2.processIo(211)!.readSyscalls > 0);
  assert.deepEqual(V2.processStatus(210)!.nsPid, [210]);
});

Deno.test("a recorded machine: shape and features", () => {
  const t = V2.topology();
  assert.deepEqual(
    [t.cpusOnline, t.cpusPossible, t.sockets, t.threadsPerCore, t.arch],
    [2, 2, t.sockets, 1, "x86_64"],
  );
  assert.ok(t.caches.length > 0 && t.caches.every((c) => c.size > 0 && c.line > 0));
  const f = V2.features();
  assert.match(f.release, /^6\.12\./);
  assert.deepEqual([f.psi, f.pmu, f.tracefs, f.uid], [true, false, "/sys/kernel/tracing", 0]);
  assert.match(HYBRID.features().release, /^6\.1\./);
});

Deno.test("a recorded machine: the kernel's log tells of the OOM kill, if it is young enough", () => {
  const log = V2.kernelLog(60e9)!;
  const kill = log.find((e) => e.kind === "oom_kill")!;
  assert.deepEqual([kill.pid, kill.comm], [212, "sh"]);
  assert.ok(kill.ageNs > 0 && kill.ageNs < 30e9);
  assert.equal(V2.kernelLog(1)!.length, 0);
});

/** Calls every reader. */
function readAll(host: Host): unknown[] {
  const pids = host.pids();
  return [
    host.cpuTimes(),
    host.loadAvg(),
    host.memInfo(),
    host.vmstat(),
    host.disks(),
    host.blockDevices(),
    host.netDevs(),
    host.netCounters(),
    host.softnet(),
    host.tcpSockets(),
    host.pressure("cpu"),
    host.pressure("memory"),
    host.pressure("io"),
    host.pressure("irq"),
    host.interrupts(),
    host.softirqs(),
    host.runDelayNs(),
    host.taskRunDelays(),
    host.numa(),
    host.buddyInfo(),
    pids,
    ...[...pids, 7].flatMap((pid) => [
      host.processStat(pid),
      host.processStat(pid, pid),
      host.processStatus(pid),
      host.processIo(pid),
      host.processSched(pid),
      host.processSched(pid, pid),
      host.processCommand(pid),
      host.processCgroup(pid),
      host.processCgroups(pid),
      host.maps(pid),
      host.threads(pid),
      host.threadState(pid, pid),
      host.wchan(pid),
      host.currentSyscall(pid),
    ]),
    host.cgroups(),
    host.cgroup("/"),
    host.kernelLog(1e18),
    host.topology(),
    host.ticksPerSecond,
    host.pageSize,
    host.features(),
    host.path("tracefs"),
  ];
}

Deno.test("an empty machine gives nothing, and nothing throws", () => {
  const root = Deno.makeTempDirSync({ prefix: "sonde_host_" });
  try {
    const host = openHost(root);
    readAll(host);
    assert.deepEqual([host.pids(), host.processStat(1), host.loadAvg(), host.kernelLog(1e9)], [[], null, null, null]);
    assert.deepEqual([host.ticksPerSecond, host.pageSize], [100, 4096]);
    assert.equal(host.cpuTimes().all.user, 0);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

/** Files of a recorded machine, relative to it. */
function filesOf(root: string, below = ""): string[] {
  return [...Deno.readDirSync(root + below)].flatMap((e) =>
    e.isDirectory ? filesOf(root, `${below}/${e.name}`) : [`${below}/${e.name}`]
  );
}

Deno.test("files that are empty, cut short, or full of noise never make a reader throw", () => {
  const source = `${FIXTURES}debian_6_12_v2`;
  const noise = new Uint8Array(3000).map((_, i) => (i * 7919 + (i >> 3) * 31) & 0xff);
  const damages: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
    () => new Uint8Array(),
    (bytes) => bytes.subarray(0, bytes.length >> 1),
    (bytes) => bytes.subarray(0, 10),
    () => noise,
    (bytes) => bytes.map((b, i) => i % 5 === 0 ? noise[i % noise.length] : b),
  ];
  for (const damage of damages) {
    const root = Deno.makeTempDirSync({ prefix: "sonde_host_" });
    try {
      for (const file of filesOf(source)) {
        Deno.mkdirSync(dirname(root + file), { recursive: true });
        // With damaged mounts there would be no cgroups to read.
        const bytes = Deno.readFileSync(source + file);
        Deno.writeFileSync(root + file, file.endsWith("/mountinfo") ? bytes : damage(bytes));
      }
      readAll(openHost(root));
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  }
});

Deno.test("path() stays under the root and refuses what it does not know", () => {
  const host = openHost("/some/tree/");
  assert.equal(host.path("kallsyms"), "/some/tree/proc/kallsyms");
  assert.equal(host.path("pid_maps", 12), "/some/tree/proc/12/maps");
  assert.equal(host.path("pid_ns_pid", 12), "/some/tree/proc/12/ns/pid");
  assert.equal(host.path("pid_exe"), "/some/tree/proc/self/exe");
  assert.equal(host.path("tracefs"), "/some/tree/sys/kernel/tracing");
  assert.equal(openHost().path("cpu_online"), "/sys/devices/system/cpu/online");
  assert.throws(() => host.path("passwd" as "kallsyms"), RangeError);
});

Deno.test("openHost() takes a file for the kernel's own type information, and nothing else changes", () => {
  const host = openHost("/", { btf: "/tmp/other.btf" });
  assert.equal(host.path("btf_vmlinux"), "/tmp/other.btf");
  assert.equal(host.features().btf, true);
  assert.equal(host.path("kallsyms"), openHost().path("kallsyms"));
});
