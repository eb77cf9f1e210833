import assert from "node:assert/strict";
import type { Quality } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { kill } from "../../core/sys/mod.ts";
import { isStopped, schedstat, twoLoops, until } from "../../tests/analyzers/two_loops.ts";
import { inQuietWindow } from "../../tests/analyzers/quiet_window.ts";
import { skip } from "../../tests/skip.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { output } from "../testing/run.ts";
import { startSchedLatency } from "./sched_latency.ts";

const SIGCONT = 18, SIGSTOP = 19, SIGKILL = 9;
const host = openHost();
/** Of a wait that went on at a border of the window. */
const LONGEST_NS = 100e6;

type Rows = readonly Readonly<Record<string, unknown>>[];

const sum = (rows: Rows, column: string): number => rows.reduce((n, row) => n + Number(row[column]), 0);

/** Switches that the kernel did not tell of; all other losses are failures. */
function missedSwitches({ lost_by }: Quality): number {
  const { missed_switch = 0, ...others } = lost_by;
  assert.deepEqual(others, {});
  return missed_switch;
}

/** Whether each wait was counted; some may lack where switches were missed, and none else. */
function sameWaits(waits: unknown, runs: number, missed: number): boolean {
  if (missed === 0) assert.equal(waits, runs);
  else assert.ok(Number(waits) <= runs && Number(waits) >= runs - missed, `${waits} of ${runs}, ${missed} missed`);
  return waits === runs;
}

for (const variant of ["typed", "raw"] as const) {
  Deno.test(`two loops on one CPU: the kernel's own delays, and each runs while the other waits (${variant})`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    await inQuietWindow(async () => {
      await using loops = await twoLoops();
      const { pids } = loops;
      using measurement = startSchedLatency({ host, pid: 0, variant });
      assert.equal(measurement.variant, variant);
      const before = pids.map(schedstat);
      await loops.run(50);
      const after = pids.map(schedstat);
      measurement.stop();
      const { tables: { delays, cpus, kinds, behind }, quality } = await measurement.read();
      const missed = missedSwitches(quality);
      for (const table of [cpus, kinds]) assert.equal(sum(table, "waits"), quality.events);
      assert.ok(quality.cost.probe_ns > 0);
      const rowsOfLoops = pids.map((pid) => delays.find((r) => r.pid === pid)!);
      const all = pids.map((_, i) => sameWaits(rowsOfLoops[i].waits, after[i].runs - before[i].runs, missed));
      if (!all.every(Boolean)) return true;
      pids.forEach((pid, i) => {
        const row = rowsOfLoops[i];
        assert.equal(row.comm, "sh");
        assert.equal(row.tid, null);
        // The scheduler's clock stands still while it works, ours does not: in an emulated machine up to 6 % of a wait.
        near(row.delay, after[i].delay - before[i].delay, 0.1);
        assert.ok(Number(row.preemptions) > 0 && Number(row.preemptions) < Number(row.waits) + 1);
        assert.ok(Number(row.p50) <= Number(row.p99) && Number(row.p99) <= Number(row.max));
        // Who ran is not known where switches are missing, be it those of others.
        if (missed > 0) return;
        // Every nanosecond is charged to somebody, or said to be unknown.
        const rows = behind.filter((r) => r.pid === pid);
        assert.equal(rows.reduce((ns, r) => ns + Number(r.delay), Number(row.unknown)), row.delay);
        // A loop always wants to run: it waits whenever the other one runs.
        const other = rows.find((r) => r.runner === pids[1 - i])!;
        assert.equal(other.runner_comm, "sh");
        near(other.delay, after[1 - i].cpu - before[1 - i].cpu, 0.1);
      });
      if (missed > 0) console.log("switches were missed: who ran meanwhile was not compared");
      return false;
    });
  });
}

for (const variant of ["typed", "raw"] as const) {
  Deno.test(`a program that sleeps and is woken up: every wakeup is a wait, as the kernel counts (${variant})`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    await inQuietWindow(async () => {
      const child = new Deno.Command("sh", { args: ["-c", "kill -STOP $$; exec cat"], stdin: "piped", stdout: "piped" })
        .spawn();
      const { pid } = child;
      await until(() => isStopped(pid));
      const writer = child.stdin.getWriter();
      const reader = child.stdout.getReader();
      try {
        using measurement = startSchedLatency({ host, variant, pid });
        const before = schedstat(pid);
        kill(pid, SIGCONT);
        for (let i = 0; i < 100; i++) {
          await until(() => host.threadState(pid, pid) === "S");
          await writer.write(new Uint8Array(1));
          await reader.read();
        }
        kill(pid, SIGSTOP);
        await until(() => isStopped(pid));
        measurement.stop();
        const { tables: { delays, cpus, kinds }, quality } = await measurement.read();
        const missed = missedSwitches(quality);
        const [row, ...others] = delays;
        assert.deepEqual(others, []);
        assert.equal(row.tid, pid);
        const all = sameWaits(row.waits, schedstat(pid).runs - before.runs, missed);
        // Nothing of other processes is in the figures of the CPUs.
        assert.equal(sum(cpus, "waits"), row.waits);
        assert.equal(sum(cpus, "delay"), row.delay);
        assert.equal(sum(kinds, "delay"), row.delay);
        assert.equal(sum(kinds.filter((k) => k.kind === "preempted"), "waits"), row.preemptions);
        assert.ok(Number(row.waits) - Number(row.preemptions) >= 100 - missed);
        return !all;
      } finally {
        kill(pid, SIGKILL);
        await writer.close().catch(() => {}); // the pipe may be broken: its reader was killed
        await reader.cancel();
        await child.status;
      }
    });
  });
}

Deno.test("one process alone can be asked for; what was stopped stays as it was", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  await using loops = await twoLoops();
  const { pids } = loops;
  using one = startSchedLatency({ host, pid: pids[0] });
  await loops.run(20);
  one.stop();
  const { tables } = await one.read();
  assert.deepEqual(tables.delays.map((row) => [row.pid, row.tid]), [[pids[0], pids[0]]]);
  assert.ok(tables.behind.some((row) => row.runner === pids[1]));
  const [{ waits, delay }] = tables.delays;
  assert.deepEqual(tables.cpus.map((row) => [row.cpu, row.waits, row.delay]), [[0, waits, delay]]);
  assert.deepEqual((await one.read()).tables, tables);
});

Deno.test("each CPU's waits and delay are those that the kernel counts for its run queue", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const cpus = host.schedCpus;
  if (cpus().length === 0) return skip("this kernel has no /proc/schedstat (CONFIG_SCHEDSTATS)");
  await inQuietWindow(async () => {
    await using loops = await twoLoops();
    const outside = cpus();
    using measurement = startSchedLatency({ host, pid: 0 });
    const inside = cpus();
    await loops.run(50);
    const insideEnd = cpus();
    measurement.stop();
    const outsideEnd = cpus();
    const { tables, quality } = await measurement.read();
    const missed = missedSwitches(quality);
    if (missed > 0) return true;
    inside.forEach(({ cpu, slices, waitNs }, i) => {
      const row = tables.cpus.find((r) => r.cpu === cpu)!;
      // What went on when the window began has an end of which the beginning was not seen.
      const least = insideEnd[i].slices - slices - quality.unmatched.ends;
      const most = outsideEnd[i].slices - outside[i].slices;
      assert.ok(Number(row.waits) >= least && Number(row.waits) <= most, `${row.waits} of ${least} to ${most}`);
      if (cpu !== 0) return;
      const leastNs = 0.9 * (insideEnd[i].waitNs - waitNs) - quality.unmatched.ends * LONGEST_NS;
      const mostNs = 1.1 * (outsideEnd[i].waitNs - outside[i].waitNs) + LONGEST_NS;
      assert.ok(Number(row.delay) >= leastNs && Number(row.delay) <= mostNs, `${row.delay} of ${leastNs} to ${mostNs}`);
    });
    return false;
  });
});

Deno.test("a process that became another program has the name of that, whichever CPU counted it", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  // Which CPU's count comes last is up to a hash: of several, one would be wrong.
  const last = navigator.hardwareConcurrency - 1;
  const args = ["-c", `${last}`, "sh", "-c", "read x; read x; exec taskset -c 0 cat"];
  const children = Array.from(
    { length: 6 },
    () => new Deno.Command("taskset", { args, stdin: "piped", stdout: "piped" }).spawn(),
  );
  const isAsleep = ({ pid }: Deno.ChildProcess, comm: string): boolean =>
    host.processStat(pid)?.comm === comm && host.threadState(pid, pid) === "S";
  using measurement = startSchedLatency({ host, pid: 0 });
  for (const child of children) {
    const writer = child.stdin.getWriter();
    const write = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
    await until(() => isAsleep(child, "sh"));
    await write("\n\n");
    await until(() => isAsleep(child, "cat"));
    await write("x\n");
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    await writer.close();
    await child.status;
  }
  measurement.stop();
  const { tables: { delays } } = await measurement.read();
  assert.deepEqual(children.map(({ pid }) => delays.find((row) => row.pid === pid)?.comm), Array(6).fill("cat"));
});

Deno.test("more tasks than there is room for are counted as lost", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using small = startSchedLatency({ host, pid: 0, maxEntries: 1 });
  for (let i = 0; i < 3; i++) await new Deno.Command("sh", { args: ["-c", "true; true"] }).output();
  small.stop();
  const { quality } = await small.read();
  assert.ok(quality.lost_by.map_full > 0, JSON.stringify(quality));
});

Deno.test("without capabilities the error names them, and says nothing of locked memory", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const code = `
    import { startSchedLatency } from ${url("sched_latency.ts")};
    import { openHost } from ${url("../../core/host/mod.ts")};
    try {
      startSchedLatency({ host: openHost(), pid: 0 });
    } catch (error) {
      console.log(error.name, error.message, error.cause.log);
    }`;
  const root = new URL("../../", import.meta.url).pathname;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const deno = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--config", `${root}deno.json`, file];
    const run = await output("setpriv", ["--bounding-set=-all", "--inh-caps=-all", ...deno]);
    if (run === null || run.code !== 0) return skip("setpriv cannot drop capabilities here");
    assert.match(run.out, /^UnsupportedError bpf\(2\) is not permitted: CAP_BPF and CAP_PERFMON are missing/);
    assert.doesNotMatch(run.out, /ulimit|MEMLOCK/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a start and an end leave no descriptor behind", () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const descriptors = (): number => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  startSchedLatency({ host, pid: 0 })[Symbol.dispose]();
  const before = descriptors();
  for (const variant of ["typed", "raw"] as const) startSchedLatency({ host, pid: 0, variant })[Symbol.dispose]();
  assert.equal(descriptors(), before);
});

function near(value: unknown, expected: number, tolerance: number): void {
  const off = Math.abs(Number(value) - expected);
  assert.ok(off <= expected * tolerance, `${value} is not within ${tolerance * 100} % of ${expected}`);
}
