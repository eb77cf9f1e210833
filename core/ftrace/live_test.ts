import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { UnsupportedError } from "../data/mod.ts";
import { openHost } from "../host/mod.ts";
import { parseBufferStats } from "./buffer_stats.ts";
import { readControl, readControlOrNull, writeControl } from "./control_file.ts";
import { defineProbes } from "./define_probes.ts";
import { removeLeftovers } from "./leftovers.ts";
import { ownerName } from "./owner_name.ts";
import { COMMON, openRecordReader } from "./record_reader.ts";
import { thisOwner } from "./this_owner.ts";
import { openTraceInstance, type TraceInstance } from "./trace_instance.ts";
import { openTraceReader } from "./trace_reader.ts";

const host = openHost();
const root = host.path("tracefs");

function instance(): TraceInstance | null {
  try {
    return openTraceInstance(host);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    skip(error.message);
    return null;
  }
}

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Runs something that forks and switches on all CPUs. */
async function load(shells = 3): Promise<void> {
  await Promise.all(
    Array.from(
      { length: shells },
      () => new Deno.Command("/bin/sh", { args: ["-c", "for i in 1 2 3 4 5 6 7 8; do /bin/true; done"] }).output(),
    ),
  );
}

Deno.test("the binary pages say what the text of the same buffer says: events, threads, arguments, times, order", async () => {
  using traced = instance();
  if (!traced) return;
  const { path } = traced;
  using reader = openTraceReader(path, root);
  const switched = openRecordReader(root, "sched/sched_switch");
  const forked = openRecordReader(root, "sched/sched_process_fork");
  const [prev, next, priority] = ["prev_pid", "next_pid", "next_prio"].map((f) => switched.field(f));
  const [parent, child] = ["parent_pid", "child_pid"].map((f) => forked.field(f));
  writeControl(`${path}/set_event`, "sched:sched_switch\nsched:sched_process_fork\n", "clear");
  writeControl(`${path}/tracing_on`, "1");
  await load();
  writeControl(`${path}/tracing_on`, "0");
  // The text leaves the events in the buffer.
  const text = readControl(`${path}/trace`).split("\n").filter((l) => /: sched_(switch|process_fork): /.test(l));
  const { entries } = reader.stats();
  assert.equal(entries, text.length);
  const told: string[] = [];
  const said = text.map((line) => {
    const m = /-(\d+)\s+\[(\d+)\]\s+\S+\s+(\d+)\.(\d{6}): (\w+): (.*)$/.exec(line)!;
    const field = (name: string): string => new RegExp(`\\b${name}=(-?\\d+)`).exec(m[6])![1];
    const values = m[5] === "sched_switch"
      ? ["prev_pid", "next_pid", "next_prio"].map(field)
      : [field("pid"), field("child_pid")];
    return [m[5], m[2], m[1], `${m[3]}${m[4]}`, ...values].join(" ").replace(/ 0+(?=\d)/g, " ");
  });
  const times: bigint[] = [];
  const handed = reader.drain((page, at, length, timeNs, cpu) => {
    const id = page.getUint16(at + COMMON.type, true);
    const isSwitch = id === switched.id;
    assert.ok(isSwitch ? length >= switched.size : id === forked.id && length >= forked.size);
    const ns = reader.originNs + BigInt(timeNs);
    times.push(ns);
    const values = isSwitch
      ? [prev(page, at), next(page, at), priority(page, at)]
      : [parent(page, at), child(page, at)];
    const tid = page.getInt32(at + COMMON.pid, true);
    // The text rounds to microseconds.
    const us = (ns + 500n) / 1000n;
    told.push([isSwitch ? "sched_switch" : "sched_process_fork", cpu, tid, us, ...values].join(" "));
  }, true);
  assert.equal(handed, entries);
  assert.deepEqual(told, said);
  assert.ok(times.every((t, i) => i === 0 || t >= times[i - 1]));
  assert.ok(said.filter((s) => s.startsWith("sched_process_fork")).length >= 3);
  assert.equal(reader.stats().read, entries);
});

Deno.test("events read while they are written come once each, in order; what was overwritten is counted", async () => {
  using traced = instance();
  if (!traced) return;
  const { path } = traced;
  using reader = openTraceReader(path, root);
  writeControl(`${path}/set_event`, "raw_syscalls:sys_enter\n", "clear");
  writeControl(`${path}/buffer_size_kb`, "8");
  writeControl(`${path}/tracing_on`, "1");
  let handed = 0;
  let last = -Infinity;
  const sink = (_page: DataView, _at: number, _length: number, timeNs: number): void => {
    assert.ok(timeNs >= last);
    last = timeNs;
    handed++;
  };
  for (let i = 0; i < 3; i++) {
    await load(1);
    reader.drain(sink);
  }
  writeControl(`${path}/tracing_on`, "0");
  reader.drain(sink, true);
  const { read, overrun, entries } = reader.stats();
  assert.equal(handed, read);
  assert.equal(entries, 0);
  assert.equal(reader.broken, 0);
  // 8 KiB hold 170 of them; a shell makes thousands.
  assert.ok(overrun > 0, "nothing was overwritten");
});

Deno.test("an instance is named after us, closes what it opened, and is gone afterwards, when it throws too", () => {
  const before = descriptors();
  const paths: string[] = [];
  for (let i = 0; i < 3; i++) {
    try {
      using traced = instance();
      if (!traced) return;
      paths.push(traced.path);
      assert.ok(traced.path.includes(`/sonde_${Deno.pid}_${host.processStat(Deno.pid)!.startTicks}`));
      using _reader = openTraceReader(traced.path, root);
      throw new RangeError("on purpose");
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  assert.deepEqual(paths.map((p) => readControlOrNull(`${p}/tracing_on`)), [null, null, null]);
  assert.equal(descriptors(), before);
});

Deno.test("what a killed run left is removed at the next start; what lives, and what is of others, stays", () => {
  using traced = instance();
  if (!traced) return;
  const owner = thisOwner(host);
  const gone = [
    // No process has this number, and init did not start then.
    ownerName({ ...owner, pid: 4_194_304 }, "i1"),
    ownerName({ ...owner, pid: 1, startTicks: 1 }, "i7"),
  ];
  const stays = [ownerName(owner, "kept"), ownerName({ ...owner, pid: 4_194_304, namespace: 12 }), "sonde_other"];
  const all = [...gone, ...stays].map((name) => `${root}/instances/${name}`);
  const probe = ownerName({ ...owner, pid: 4_194_304 }, "p1");
  for (const path of all) Deno.mkdirSync(path);
  try {
    // In use by an instance that was left as well.
    const uprobes = readControlOrNull(`${root}/uprobe_events`) !== null;
    if (uprobes) {
      writeControl(`${root}/uprobe_events`, `p:${probe}/e0 ${Deno.execPath()}:0x1000\n`);
      writeControl(`${all[0]}/set_event`, `${probe}:e0\n`);
    }
    using mine = uprobes
      ? defineProbes(host, [{ kind: "uprobe", returns: false, place: `${Deno.execPath()}:0x1000`, fetch: [] }])
      : null;
    removeLeftovers(host);
    const left = [...Deno.readDirSync(`${root}/instances`)].map((e) => e.name);
    assert.deepEqual(stays.filter((name) => !left.includes(name)), []);
    assert.deepEqual(gone.filter((name) => left.includes(name)), []);
    const events = readControlOrNull(`${root}/uprobe_events`) ?? "";
    assert.ok(!events.includes(probe));
    if (mine) assert.match(events, new RegExp(`sonde_${Deno.pid}_`));
  } finally {
    for (const path of all) if (readControlOrNull(`${path}/tracing_on`) !== null) Deno.removeSync(path);
  }
  assert.ok(!(readControlOrNull(`${root}/uprobe_events`) ?? "").includes(`sonde_${Deno.pid}_`));
});

Deno.test("counts of a buffer are those that the kernel tells", () => {
  using traced = instance();
  if (!traced) return;
  const stats = parseBufferStats(readControl(`${traced.path}/per_cpu/cpu0/stats`));
  assert.deepEqual(stats, { entries: 0, overrun: 0, commitOverrun: 0, dropped: 0, read: 0 });
});
