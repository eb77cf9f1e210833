/** The running machine, against tools that read it on their own. */
import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { arm64, x64 } from "../sys/arch/mod.ts";
import { openHost } from "./open_host.ts";
import { syscallName, syscallNumber } from "./syscall_name.ts";

const host = openHost();

/** Output of a program, or null when it is not installed or fails. */
function run(command: string, ...args: string[]): string | null {
  try {
    const { success, stdout } = new Deno.Command(command, { args, stderr: "null", env: { LC_ALL: "C" } }).outputSync();
    return success ? new TextDecoder().decode(stdout) : null;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return null;
    throw e;
  }
}

/** A child that sleeps, gone at the end of the block. */
function sleeper(command = "sleep", args = ["1000"]): { readonly pid: number } & AsyncDisposable {
  const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await child.status;
    },
  };
}

/** Looks again, briefly giving way, until something holds; fails after a number of looks. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let look = 0; look < 3000; look++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`never saw: ${what}`);
}

Deno.test("processStat() and processStatus() agree with ps", async () => {
  await using child = sleeper();
  await until(
    "sleep asleep",
    () => host.processStat(child.pid)?.comm === "sleep" && host.processStat(child.pid)?.state === "S",
  );
  const line = run(
    "ps",
    "-o",
    "pid=,ppid=,state=,nlwp=,ni=,pri=,vsz=,rss=,min_flt=,maj_flt=,psr=,comm=",
    "-p",
    `${child.pid}`,
  );
  if (line === null) return skip("no ps");
  const stat = host.processStat(child.pid)!;
  const status = host.processStatus(child.pid)!;
  assert.deepEqual(line.trim().split(/\s+/), [
    `${stat.pid}`,
    `${stat.ppid}`,
    stat.state,
    `${stat.threads}`,
    `${stat.nice}`,
    // ps turns it round: 39 - priority.
    `${39 - stat.priority}`,
    `${stat.virtualBytes / 1024}`,
    `${status.rss! / 1024}`,
    `${stat.minorFaults}`,
    `${stat.majorFaults}`,
    `${stat.processor}`,
    stat.comm,
  ]);
  assert.equal(run("ps", "-o", "wchan:40=", "-p", `${child.pid}`)!.trim(), host.wchan(child.pid) ?? "-");
  assert.match(host.processCommand(child.pid), /^(\S*\/)?sleep 1000$/);
  assert.equal(host.currentSyscall(child.pid), "clock_nanosleep");
});

Deno.test("pids() are those of ps", () => {
  const before = new Set(host.pids());
  const text = run("ps", "-eo", "pid=");
  if (text === null) return skip("no ps");
  const after = new Set(host.pids());
  const seen = new Set(text.trim().split(/\s+/).map(Number));
  for (const pid of before) if (after.has(pid)) assert.ok(seen.has(pid), `${pid}`);
  for (const pid of seen) if (host.processStat(pid) !== null) assert.ok(before.has(pid) || after.has(pid), `${pid}`);
});

Deno.test("processStat() keeps a hostile name set by the process itself", async () => {
  const name = "a) R (\n\\ \x1b[1m";
  await using child = sleeper("sh", [
    "-c",
    `printf '%s' "$1" > /proc/$$/comm; while :; do read x < /dev/zero; done`,
    "sh",
    name,
  ]);
  const wanted = name.slice(0, 15);
  await until("the name", () => host.processStat(child.pid)?.comm === wanted);
  const stat = host.processStat(child.pid)!;
  assert.equal(stat.comm, wanted);
  assert.equal(stat.ppid, Deno.pid);
  assert.equal(host.processStatus(child.pid)!.nsPid.at(-1), child.pid);
});

Deno.test("a process that has died is null everywhere", async () => {
  let pid;
  {
    await using child = sleeper();
    pid = child.pid;
  }
  assert.deepEqual(
    [
      host.processStat(pid),
      host.processStat(pid, pid),
      host.processStatus(pid),
      host.processIo(pid),
      host.processSched(pid),
      host.processSched(pid, pid),
      host.processCommand(pid),
      host.processCgroup(pid),
      host.threads(pid),
      host.threadState(pid, pid),
      host.wchan(pid),
      host.currentSyscall(pid),
      host.maps(pid),
    ],
    [null, null, null, null, null, null, "", null, [], null, null, null, []],
  );
});

Deno.test("processSched() of a process is the sum over its threads", () => {
  const main = host.processSched(Deno.pid, Deno.pid)!;
  const sum = host.threads(Deno.pid).map((tid) => host.processSched(Deno.pid, tid)?.runNs ?? 0).reduce(
    (a, b) => a + b,
    0,
  );
  const whole = host.processSched(Deno.pid)!;
  assert.ok(host.threads(Deno.pid).length > 1);
  assert.ok(main.runNs < sum);
  assert.ok(whole.runNs >= sum);
});

Deno.test("taskRunDelays() has every thread that is there before and after", () => {
  const before = host.threads(Deno.pid);
  const delays = host.taskRunDelays();
  for (const tid of host.threads(Deno.pid)) if (before.includes(tid)) assert.ok(delays.get(tid)! >= 0, `${tid}`);
  assert.ok(delays.has(1));
});

Deno.test("processIo() counts what a process wrote", () => {
  const before = host.processIo(Deno.pid);
  if (before === null) return skip("no task I/O accounting");
  const path = Deno.makeTempFileSync({ prefix: "sonde_host_" });
  try {
    Deno.writeFileSync(path, new Uint8Array(123_456));
    assert.ok(host.processIo(Deno.pid)!.writeChars - before.writeChars >= 123_456);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("maps() has our own executable where exe points", () => {
  const exe = Deno.readLinkSync(host.path("pid_exe", Deno.pid));
  const text = host.maps(Deno.pid).find((m) => m.path === exe && m.permissions.includes("x"));
  assert.ok(text !== undefined && text.end > text.start);
});

Deno.test("memInfo() agrees with free -b", () => {
  const before = host.memInfo();
  const text = run("free", "-b");
  if (text === null) return skip("no free");
  const after = host.memInfo();
  const [total, , free, , , available] = /^Mem:\s+(.*)$/m.exec(text)![1].split(/\s+/).map(Number);
  assert.equal(before.total, total);
  // Other work on the machine may move these between the readings.
  const near = (a: number, b: number, c: number): boolean =>
    Math.min(a, c) - 0.05 * total <= b && b <= Math.max(a, c) + 0.05 * total;
  assert.ok(near(before.free, free, after.free));
  assert.ok(near(before.available, available, after.available));
  assert.equal(Number(/^Swap:\s+(\d+)/m.exec(text)![1]), before.swapTotal);
});

Deno.test("cpuTimes() counters lie around those of vmstat -s", () => {
  const before = host.cpuTimes();
  const text = run("vmstat", "-s");
  if (text === null) return skip("no vmstat");
  const after = host.cpuTimes();
  const value = (name: string): number => Number(new RegExp(`(\\d+) ${name}$`, "m").exec(text)![1]);
  for (
    const [name, from, to] of [
      ["CPU context switches", before.contextSwitches, after.contextSwitches],
      ["interrupts", before.interrupts, after.interrupts],
      ["forks", before.forks, after.forks],
      ["boot time", before.bootTimeS, after.bootTimeS],
      ["idle cpu ticks", before.all.idle / 1e7, after.all.idle / 1e7],
      ["non-nice user cpu ticks", before.all.user / 1e7, after.all.user / 1e7],
      ["stolen cpu ticks", before.all.steal / 1e7, after.all.steal / 1e7],
    ] as const
  ) {
    // User time is shown without the guest's by vmstat; there is none in a guest.
    assert.ok(from - 1 <= value(name) && value(name) <= to + 1, `${name}: ${from} ${value(name)} ${to}`);
  }
});

Deno.test("topology() agrees with nproc and lscpu", () => {
  const t = host.topology();
  const online = run("getconf", "_NPROCESSORS_ONLN");
  const text = run("lscpu", "-J");
  if (online === null || text === null) return skip("no getconf or lscpu");
  assert.equal(t.cpusOnline, Number(online));
  assert.equal(t.cpusOnline, host.cpuTimes().cpus.size);
  type Field = { field: string; data: string; children?: Field[] };
  const flat = (fields: Field[]): Field[] => fields.flatMap((f) => [f, ...flat(f.children ?? [])]);
  const fields = new Map(flat(JSON.parse(text).lscpu).map((f) => [f.field, f.data]));
  if (fields.has("Model name:") && t.model !== "") assert.equal(t.model, fields.get("Model name:"));
  assert.equal(t.arch, fields.get("Architecture:"));
  assert.equal(`${t.threadsPerCore}`, fields.get("Thread(s) per core:"));
  assert.equal(`${t.sockets}`, fields.get("Socket(s):"));
  assert.equal(`${t.cores / t.sockets}`, fields.get("Core(s) per socket:"));
  // It asks CPUID, and does not know every answer.
  const vendor = fields.get("Hypervisor vendor:")?.toLowerCase();
  if (vendor !== undefined) assert.equal(t.hypervisor, vendor);
  const caches = run("lscpu", "-C", "-B", "-J");
  if (caches === null) return;
  for (const cache of JSON.parse(caches).caches) {
    const ours = t.caches.filter((c) => c.level === cache.level && c.kind === cache.type.toLowerCase());
    // Emulated machines contradict themselves about who shares a cache: its size is what must agree.
    assert.ok(ours.length > 0 && ours.every((c) => c.size === Number(cache["one-size"])));
    assert.equal(ours[0].line, cache["coherency-size"]);
  }
});

Deno.test("topology() and disks() list the disks of lsblk", () => {
  const text = run("lsblk", "-bdnro", "NAME,SIZE,ROTA,SCHED");
  if (text === null) return skip("no lsblk");
  const theirs = text.split("\n").filter((line) => line !== "").map((line) => line.split(" "))
    .filter(([name, size]) => size !== "0" && !/^(z?ram|sr|fd)\d/.test(name));
  const ours = host.topology().disks.map((d) => [d.device, `${d.size}`, d.rotational ? "1" : "0", d.scheduler]);
  assert.deepEqual(ours.map(([name]) => name), theirs.map(([name]) => name).sort());
  for (const disk of theirs) assert.deepEqual(ours.find(([name]) => name === disk[0])!.slice(0, 3), disk.slice(0, 3));
  assert.deepEqual(host.disks().map((d) => d.device).sort(), ours.map(([name]) => name));
});

Deno.test("tcpSockets() agrees with ss, also about connections that wait for accept", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const text = run("ss", "-tanH", `( sport = :${port} or dport = :${port} )`);
    if (text === null) return skip("no ss");
    const theirs = text.trim().split("\n").map((line) => line.trim().split(/\s+/).slice(0, 5)).sort();
    const names: Record<string, string> = { LISTEN: "LISTEN", ESTABLISHED: "ESTAB" };
    const ours = host.tcpSockets().filter((s) => s.localPort === port || s.remotePort === port).map((s) => [
      names[s.state],
      `${s.receiveQueue}`,
      // In that place ss shows a listener's backlog.
      s.state === "LISTEN" ? theirs.find(([state]) => state === "LISTEN")![2] : `${s.sendQueue}`,
      `${s.localAddress}:${s.localPort}`,
      `${s.remoteAddress}:${s.remotePort === 0 ? "*" : s.remotePort}`,
    ]).sort();
    assert.deepEqual(ours, theirs);
  } finally {
    client.close();
    listener.close();
  }
});

Deno.test("netDevs() and netCounters() move with traffic over the loopback", async () => {
  const before = host.netDevs().find((d) => d.name === "lo");
  if (before === undefined) return skip("no loopback device");
  const counted = host.netCounters().get("Tcp.PassiveOpens")!;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [server, client] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port }),
  ]);
  await client.write(new Uint8Array(10_000));
  await server.read(new Uint8Array(10_000));
  for (const c of [server, client, listener]) c.close();
  const after = host.netDevs().find((d) => d.name === "lo")!;
  assert.ok(after.txBytes - before.txBytes >= 10_000);
  assert.equal(after.rxBytes, after.txBytes);
  assert.ok(host.netCounters().get("Tcp.PassiveOpens")! > counted);
});

Deno.test("features() knows this process and kernel", () => {
  const f = host.features();
  assert.equal(f.uid, Deno.uid());
  assert.equal(f.release, Deno.osRelease());
  assert.equal(f.btf, (run("ls", "/sys/kernel/btf/vmlinux") ?? "") !== "");
  assert.equal(host.pageSize, Number(run("getconf", "PAGESIZE") ?? "4096"));
  assert.equal(host.ticksPerSecond, Number(run("getconf", "CLK_TCK") ?? "100"));
});

Deno.test("reading everything leaves no descriptor open", () => {
  const count = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  host.kernelLog(1e9);
  const before = count();
  for (const pid of host.pids()) host.processStat(pid);
  host.cgroups();
  host.topology();
  host.kernelLog(1e9);
  host.processSched(Deno.pid);
  assert.equal(count(), before);
});

Deno.test("syscallName() and syscallNumber() agree with the tables that make our own calls", () => {
  for (const [arch, table] of [["x86_64", x64.syscalls], ["aarch64", arm64.syscalls]] as const) {
    for (const [name, number] of Object.entries(table)) {
      assert.equal(syscallName(number, arch), name);
      assert.equal(syscallNumber(name, arch), number);
    }
  }
  assert.equal(syscallName(9999, "x86_64"), "syscall_9999");
  assert.equal(syscallName(0, "riscv64"), "syscall_0");
  assert.equal(syscallNumber("open", "aarch64"), null);
});

Deno.test("kernelLog() does not believe a program that writes like the kernel", async () => {
  const mark = `sonde${Deno.pid}`;
  const forged = `Out of memory: Killed process 1 (${mark}) total-vm:1kB, anon-rss:1kB`;
  if (host.kernelLog(1e9) === null) return skip("the kernel's log cannot be read");
  try {
    // Without the newline the kernel waits for the rest of the line.
    Deno.writeTextFileSync("/dev/kmsg", `<0>${forged}\n`);
  } catch (e) {
    return skip(`the kernel's log cannot be written: ${e}`);
  }
  const dmesg = run("dmesg");
  if (dmesg === null) return skip("no dmesg");
  await until("the line in dmesg", () => run("dmesg")!.includes(mark));
  assert.equal(host.kernelLog(60e9)!.find((e) => e.message.includes(mark)), undefined);
});

Deno.test("an unprivileged user reads what the kernel lets everybody read, and null for the rest", () => {
  if (Deno.uid() !== 0) return skip("not root: nobody to become");
  const cache = Deno.makeTempDirSync({ prefix: "sonde_host_" });
  try {
    Deno.chmodSync(cache, 0o777);
    const script = `import { openHost } from ${JSON.stringify(new URL("./open_host.ts", import.meta.url).href)};
      const h = openHost();
      const { uid, capabilities, psi } = h.features();
      console.log(JSON.stringify([uid, String(capabilities), psi, h.processStat(1)?.pid, h.processStat(1)?.ppid,
        h.processIo(1), h.currentSyscall(1), h.maps(1), h.pids().length > 1, h.cgroups().length > 0]));`;
    const { success, stdout } = new Deno.Command("setpriv", {
      // deno-fmt-ignore
      args: ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
        Deno.execPath(), "eval", "--no-config", "--no-check", script],
      env: { DENO_DIR: cache, HOME: cache },
      stderr: "null",
    }).outputSync();
    if (!success) return skip("setpriv cannot become nobody, who may not reach this folder");
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), [
      65534,
      "0",
      host.features().psi,
      1,
      0,
      null,
      null,
      [],
      true,
      host.cgroups().length > 0,
    ]);
  } finally {
    Deno.removeSync(cache, { recursive: true });
  }
});
