import assert from "node:assert/strict";
import { bpfEngine } from "../../../bpf/mod.ts";
import { output } from "../../../bpf/testing/run.ts";
import { aggregate, bin, f, point, stream, text } from "../../../bpf/testing/specs.ts";
import { amounts, buildWorkload, KID, TOUCH, WORK } from "../../../tests/known_workload.ts";
import { skip } from "../../../tests/skip.ts";
import { type Cell, recordsOf, rowsOf, UnsupportedError } from "../../data/mod.ts";
import { isKernelBefore, openHost, syscallNumber } from "../../host/mod.ts";
import { type Expr, literal, MAX_IN_FLIGHT, type ProbePoint, type ProbeSpec } from "../../query/mod.ts";
import { CAP, hasCapability } from "../../sys/mod.ts";
import { perfEngine } from "../mod.ts";

const host = openHost();
const perf = perfEngine(host);
const bpf = bpfEngine(host);
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
const comm = f("comm", "string");
const id = f("args.id", "int");
const enter = ["raw_tracepoint:sys_enter"];
/** Only what the workload does. */
const ours = named(comm);

function named(field: Expr): Expr {
  return { op: "in", arg: field, list: [literal(WORK), literal(KID)], t: { type: "bool", unit: null } };
}

function openFds(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Rows that compare: their order is no promise between engines. */
function sorted(rows: readonly Cell[][]): string[] {
  return rows.map((r) => JSON.stringify(r, (_, v) => typeof v === "bigint" ? String(v) : v)).sort();
}

/** Runs a spec with both engines over one run of a program. */
async function both(spec: ProbeSpec, command: string, args: string[]): Promise<{ bpf: string[]; perf: string[] }> {
  assert.deepEqual(perf.supports(spec), { ok: true, accuracy: "exact" });
  using a = bpf.open(spec);
  using b = perf.open(spec);
  const run = await output(command, args);
  assert.equal(run?.code, 0, run?.err);
  const [q, p] = [a.finish(), b.finish()];
  assert.equal(q.quality.lost, 0);
  assert.equal(p.quality.lost, 0);
  assert.equal(p.quality.events, q.quality.events);
  assert.deepEqual(p.batch.fields.map((x) => [x.name, x.type]), q.batch.fields.map((x) => [x.name, x.type]));
  return { bpf: sorted(rowsOf(q.batch)), perf: sorted(rowsOf(p.batch)) };
}

/** A pair of probe points that a thread passes one after the other. */
function pair(
  starts: ProbePoint[],
  ends: ProbePoint[],
  o: Partial<ProbeSpec> & { maxInFlight?: number } = {},
): ProbeSpec {
  return {
    source: {
      kind: "pair",
      starts,
      ends,
      startKey: [f("tid", "tid")],
      endKey: [f("tid", "tid")],
      cancels: [],
      cancelKey: [],
      maxInFlight: o.maxInFlight ?? MAX_IN_FLIGHT,
    },
    steps: o.steps ?? [],
    output: o.output!,
    includeSelf: true,
  };
}

Deno.test("perf and bpf count, add and bucket the same system calls by the same names", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const todo = amounts({ getppid: 5000, open: 700, missing: 30, sleep: 5, fork: 40 });
  const spec = aggregate(enter, { comm }, {
    n: ["count"],
    sum: ["sum", id],
    lo: ["min", id],
    hi: ["max", id],
    mean: ["avg", id],
    p50: ["p50", id],
    h: ["hist", id],
  }, { filter: ours });
  const answer = await both(spec, work.path, todo);
  assert.equal(answer.perf.length, 2);
  assert.deepEqual(answer.perf, answer.bpf);
});

Deno.test("system calls by number are those that strace counts", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const todo = amounts({ getppid: 300, open: 70, missing: 30, sleep: 3, fork: 10, rare: 5 });
  const counts = `${work.path}.counts`;
  const strace = await output("strace", ["-f", "-c", "-U", "name,calls,errors", "-o", counts, work.path, ...todo]);
  if (strace === null) return skip("strace is not installed");
  const spec = aggregate(enter, { id }, { n: ["count"] }, { filter: ours });
  using session = perf.open(spec);
  await output(work.path, todo);
  const seen = new Map(recordsOf(session.finish().batch).map((r) => [Number(r.id), Number(r.n)]));
  for (const name of ["getppid", "nanosleep", "sched_rr_get_interval", "openat", "close", "wait4", "prctl", "clone"]) {
    const told = new RegExp(`^${name} +(\\d+)`, "m").exec(await Deno.readTextFile(counts));
    assert.equal(seen.get(syscallNumber(name)!), Number(told?.[1]), name);
  }
});

Deno.test("arguments of system calls have the width and sign that bpf gives them", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const spec = stream(["tracepoint:syscalls:sys_enter_openat"], {
    pid: f("pid", "pid"),
    tid: f("tid", "tid"),
    comm,
    dfd: f("args.dfd", "int"),
    flags: f("args.flags", "int"),
    mode: f("args.mode", "int u"),
    path: f("args.filename", "address"),
    probe: f("probe", "string"),
    cpu: f("cpu", "int"),
  }, { filter: ours });
  const answer = await both(spec, work.path, amounts({ open: 50, missing: 20 }));
  assert.ok(answer.perf.length >= 70);
  assert.ok(answer.perf.every((row) => row.includes(",-100,")), "AT_FDCWD is negative");
  assert.deepEqual(answer.perf, answer.bpf);
});

Deno.test("texts inside records: names of sched_switch, the path of sched_process_exec, forks", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const prev = f("args.prev_comm", "string");
  const switches = aggregate(["tracepoint:sched:sched_switch"], { prev, next: f("args.next_comm", "string") }, {
    n: ["count"],
    prio: ["max", f("args.prev_prio", "int")],
    state: ["max", f("args.prev_state", "int")],
  }, { filter: named(prev), includeSelf: true });
  const a = await both(switches, work.path, amounts({ sleep: 12, fork: 5 }));
  assert.ok(a.perf.length > 0);
  assert.deepEqual(a.perf, a.bpf);

  const path = f("args.filename", "string");
  const execs = stream(["tracepoint:sched:sched_process_exec"], { path, comm, pid: f("args.pid", "tid") }, {
    filter: bin("==", path, literal(work.path)),
  });
  const b = await both(execs, work.path, amounts({}));
  assert.equal(b.perf.length, 1);
  assert.deepEqual(b.perf, b.bpf);

  const forks = stream(["tracepoint:sched:sched_process_fork"], {
    comm,
    parent: f("args.parent_comm", "string"),
    tid: f("args.child_pid", "tid"),
  }, { filter: ours });
  const c = await both(forks, work.path, amounts({ fork: 30 }));
  assert.equal(c.perf.length, 30);
  assert.deepEqual(c.perf, c.bpf);
});

Deno.test("name and number are those of the record, for every task that switches away: idle, renamed, forked, dying", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const spec = aggregate(
    ["tracepoint:sched:sched_switch"],
    {
      named: bin("==", comm, f("args.prev_comm", "string")),
      numbered: bin("==", f("tid", "tid"), f("args.prev_pid", "tid")),
      idle: bin("==", f("pid", "pid"), literal(0n, "pid")),
    },
    { n: ["count"] },
    { includeSelf: true },
  );
  using session = perf.open(spec);
  await output(work.path, amounts({ sleep: 20, fork: 50, touch: 10 }));
  await output("sh", ["-c", "for i in 1 2 3 4 5; do ls / > /dev/null; done"]);
  const { batch, quality } = session.finish();
  const rows = recordsOf(batch);
  assert.deepEqual(rows.filter((r) => r.named !== 1 || r.numbered !== 1), [], quality.notes.join());
  // A machine that is busy throughout has no idle task to see.
  assert.ok(rows.some((r) => r.idle === 0));
});

Deno.test("a task that was reaped before it ran for the last time still has its numbers", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const last = bin("and", ours, bin("!=", bin("&", f("args.prev_state", "int"), literal(0x30n)), literal(0n)));
  const spec = stream(["tracepoint:sched:sched_switch"], {
    pid: f("pid", "pid"),
    tid: f("tid", "tid"),
    prev: f("args.prev_pid", "tid"),
    comm,
  }, { filter: last });
  const { perf: rows, bpf: same } = await both(spec, work.path, amounts({ fork: 60 }));
  assert.equal(rows.length, 61);
  assert.deepEqual(rows, same);
});

Deno.test("times are those of the clocks, and agree with bpf's to a fraction of a millisecond", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const spec = stream(["tracepoint:syscalls:sys_enter_sched_rr_get_interval"], {
    time: f("time", "time"),
    ktime: f("ktime", "duration"),
  }, { filter: ours });
  using a = bpf.open(spec);
  using b = perf.open(spec);
  await output(work.path, amounts({ rare: 100 }));
  const theirs = recordsOf(a.finish().batch);
  const mine = recordsOf(b.finish().batch);
  assert.equal(mine.length, 100);
  assert.equal(theirs.length, 100);
  mine.forEach((row, i) => {
    // One event, seen by two handlers; a virtual CPU may be taken away between them.
    assert.ok(Math.abs(Number(row.ktime) - Number(theirs[i].ktime)) < 50e6);
    assert.ok(Math.abs(Number(BigInt(row.time as bigint) - BigInt(theirs[i].time as bigint))) < 50e6);
    if (i > 0) assert.ok(Number(row.ktime) > Number(mine[i - 1].ktime), "in the order of time");
  });
});

Deno.test("pairs: durations of sleeps, the same number as bpf sees, and what has no partner", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const sides = [[point("raw_tracepoint:sys_enter")], [point("raw_tracepoint:sys_exit")]] as const;
  const sleeps = bin("==", f("start.args.id", "int"), literal(BigInt(syscallNumber("nanosleep")!)));
  const spec = pair([...sides[0]], [...sides[1]], {
    steps: [{ kind: "filter", expr: bin("and", sleeps, bin("==", f("start.comm", "string"), literal(WORK))) }],
    output: {
      kind: "stream",
      fields: [
        { name: "comm", expr: f("end.comm", "string") },
        { name: "ret", expr: f("end.args.ret", "int") },
        { name: "duration", expr: f("duration", "duration") },
      ],
      ringBytes: 1 << 20,
    },
  });
  using a = bpf.open(spec);
  using b = perf.open(spec);
  await output(work.path, amounts({ sleep: 20, getppid: 1000 }));
  const [theirs, mine] = [a.finish(), b.finish()];
  const rows = recordsOf(mine.batch);
  assert.equal(rows.length, 20);
  assert.equal(theirs.batch.length, 20);
  for (const [i, r] of rows.entries()) {
    assert.deepEqual([r.comm, r.ret], [WORK, 0]);
    assert.ok(Number(r.duration) >= 2e6, String(r.duration));
    // Both measure the same sleep, each from its own handler to its own handler.
    assert.ok(Math.abs(Number(r.duration) - Number(recordsOf(theirs.batch)[i].duration)) < 50e6);
  }
  // exit_group never returns, and threads wait in system calls at the end.
  assert.ok(mine.quality.unmatched.starts > 0);
  assert.equal(mine.quality.lost, 0);
});

Deno.test("pairs: fork to exit joins different tracepoints by different keys, as bpf does", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const spec: ProbeSpec = {
    source: {
      kind: "pair",
      starts: [point("tracepoint:sched:sched_process_fork")],
      ends: [point("tracepoint:sched:sched_process_exit")],
      startKey: [f("args.child_pid", "tid")],
      endKey: [f("args.pid", "tid")],
      cancels: [],
      cancelKey: [],
      maxInFlight: MAX_IN_FLIGHT,
    },
    steps: [{ kind: "filter", expr: bin("==", f("start.args.parent_comm", "string"), literal(WORK)) }],
    output: {
      kind: "stream",
      fields: [
        { name: "tid", expr: f("start.args.child_pid", "tid") },
        { name: "ended", expr: f("end.args.comm", "string") },
        { name: "parent", expr: f("start.pid", "pid") },
      ],
      ringBytes: 1 << 20,
    },
    includeSelf: true,
  };
  const answer = await both(spec, work.path, amounts({ sleep: 3, fork: 30 }));
  assert.equal(answer.perf.length, 30);
  assert.deepEqual(answer.perf, answer.bpf);
});

Deno.test("pairs: a mark between fork and exit tells what was executed, as bpf does; null where nothing was", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const shell = `${await Deno.makeTempDir()}/sonde_marks`;
  await Deno.symlink(await Deno.realPath("/bin/sh"), shell);
  const spec: ProbeSpec = {
    source: {
      kind: "pair",
      starts: [point("tracepoint:sched:sched_process_fork")],
      ends: [point("tracepoint:sched:sched_process_exit")],
      startKey: [f("args.child_pid", "tid")],
      endKey: [f("args.pid", "tid")],
      cancels: [],
      cancelKey: [],
      marks: [point("tracepoint:sched:sched_process_exec")],
      markKey: [f("args.pid", "tid")],
      maxInFlight: MAX_IN_FLIGHT,
    },
    steps: [{ kind: "filter", expr: bin("==", f("start.args.parent_comm", "string"), literal("sonde_marks")) }],
    output: {
      kind: "stream",
      fields: [
        { name: "comm", expr: f("mark.comm", "string") },
        { name: "itself", expr: bin("==", f("mark.tid", "tid"), f("start.args.child_pid", "tid")) },
        { name: "same", expr: bin("==", f("mark.args.pid", "tid"), f("end.tid", "tid")) },
      ],
      ringBytes: 1 << 20,
    },
    includeSelf: true,
  };
  // The last of two counts: env becomes true.
  const answer = await both(spec, shell, ["-c", "/bin/true; (exit 0); /usr/bin/env /bin/true; (:)"]);
  const executed = ["true", 1, 1], none = [null, null, null];
  assert.deepEqual(answer.perf, sorted([executed, none, executed, none]));
  assert.deepEqual(answer.bpf, answer.perf);
  const filtered: ProbeSpec = {
    ...spec,
    steps: [...spec.steps, { kind: "filter", expr: bin("==", f("mark.comm", "string"), literal("true")) }],
  };
  const two = await both(filtered, shell, ["-c", "/bin/true; (exit 0)"]);
  assert.deepEqual([two.bpf, two.perf], [sorted([executed]), sorted([executed])]);
  await Deno.remove(shell.replace(/\/\w+$/, ""), { recursive: true });
});

Deno.test("a mark whose fields nobody names is not attached; one that is not there is told", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const spec = (mark: string, field: string): ProbeSpec => {
    const source = pair([point("tracepoint:sched:sched_switch")], [point("tracepoint:sched:sched_switch")], {
      output: { kind: "stream", fields: [{ name: "x", expr: f(field, "pid") }], ringBytes: 1 << 16 },
    });
    return {
      ...source,
      source: { ...source.source, marks: [point(mark)], markKey: [f("args.pid", "tid")] } as ProbeSpec["source"],
    };
  };
  for (const engine of [bpf, perf]) {
    assert.equal(engine.supports(spec("tracepoint:no:such", "start.pid")).ok, true);
    assert.equal(engine.supports(spec("tracepoint:no:such", "mark.pid")).ok, false);
    assert.equal(engine.supports(spec("tracepoint:sched:sched_waking", "mark.pid")).ok, true);
  }
  const programs = (field: string): number =>
    bpf.describe!(spec("tracepoint:sched:sched_waking", field)).filter((line) => line.startsWith("program ")).length;
  assert.deepEqual([programs("start.pid"), programs("mark.pid")], [2, 3]);
});

Deno.test("calls of system calls: results, error numbers, arguments at entry", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const spec: ProbeSpec = {
    source: {
      kind: "calls",
      targets: [{ kind: "syscall", name: "openat" }, { kind: "syscall", name: "nanosleep" }],
      maxInFlight: MAX_IN_FLIGHT,
    },
    steps: [{ kind: "filter", expr: ours }],
    output: {
      kind: "aggregate",
      keys: [{ name: "probe", expr: f("probe", "string") }, { name: "errno", expr: f("errno", "int") }],
      aggregates: [
        { name: "n", fn: "count", args: [] },
        { name: "shortest", fn: "min", args: [f("duration", "duration")] },
        { name: "lowest", fn: "min", args: [f("ret", "int")] },
      ],
      maxKeys: 100,
    },
    includeSelf: false,
  };
  using session = perf.open(spec);
  await output(work.path, amounts({ missing: 25, sleep: 7 }));
  const { batch, quality } = session.finish();
  const rows = recordsOf(batch);
  const ENOENT = 2;
  const failed = rows.find((r) => r.probe === "syscall:openat" && r.errno === ENOENT)!;
  assert.deepEqual([failed.n, failed.lowest], [25, -ENOENT]);
  const slept = rows.find((r) => r.probe === "syscall:nanosleep")!;
  assert.deepEqual([slept.n, slept.errno, slept.lowest], [7, null, 0]);
  assert.ok(Number(slept.shortest) >= 2e6);
  assert.equal(quality.lost, 0);
});

Deno.test("a ring that is too small loses only what it counts", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const rare = ["tracepoint:syscalls:sys_enter_sched_rr_get_interval"];
  const produced = 50_000;
  using all = bpf.open(aggregate(rare, {}, { n: ["count"] }));
  using session = perf.open(stream(rare, { comm }, { ringBytes: 4096 }));
  // Nothing here reads the ring while this waits.
  const { success } = new Deno.Command(work.path, { args: amounts({ rare: produced }) }).outputSync();
  assert.ok(success);
  const { batch, quality } = session.finish();
  assert.ok(quality.lost > 0);
  assert.equal(quality.lost_by.ring, quality.lost);
  if (isKernelBefore(host, 6, 0)) return skip("before Linux 6.0 the last losses are not told");
  // Should anybody else have made this call, bpf saw it too.
  const total = batch.length + quality.lost;
  const counted = Number(recordsOf(all.finish().batch)[0].n);
  assert.ok(produced <= total && total <= counted, `${produced} made, ${total} told of, ${counted} counted`);
  assert.equal(quality.events, batch.length);
});

Deno.test("keys beyond the limit, and starts beyond theirs, are lost and counted", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  using keyed = perf.open(aggregate(enter, { id }, { n: ["count"] }, { filter: ours, maxKeys: 1 }));
  using paired = perf.open(pair([point("raw_tracepoint:sys_enter")], [point("raw_tracepoint:sys_exit")], {
    maxInFlight: 0,
    output: { kind: "aggregate", keys: [], aggregates: [{ name: "n", fn: "count", args: [] }], maxKeys: 1 },
  }));
  await output(work.path, amounts({ getppid: 100 }));
  const k = keyed.finish();
  assert.equal(k.batch.length, 1);
  assert.ok(k.quality.lost_by.map_full >= 100);
  const p = paired.finish();
  assert.equal(Number(recordsOf(p.batch)[0].n), 0);
  assert.ok(p.quality.lost_by.map_full >= 100);
  assert.ok(p.quality.unmatched.ends >= 100);
});

Deno.test("a stream's rows come while it runs, each once and in the order of time", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  using session = perf.open(
    // Rings that hold all of it, however seldom this process is given a CPU.
    stream(["raw_tracepoint:sys_enter"], { id, at: f("ktime", "duration") }, { filter: ours, ringBytes: 16 << 20 }),
  );
  const run = output(work.path, amounts({ getppid: 20_000, sleep: 20 }));
  let running = true;
  run.then(() => running = false);
  const times: number[] = [];
  let rows = 0;
  const take = (batch: ReturnType<typeof session.drain>): void => {
    for (const r of recordsOf(batch)) {
      times.push(Number(r.at));
      if (Number(r.id) === syscallNumber("getppid")) rows++;
    }
  };
  while (running) {
    await session.wait(100);
    take(session.drain());
  }
  take(session.finish().batch);
  assert.equal(rows, 20_000);
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
});

Deno.test("wait() ends with the session, whatever its timeout", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const nobody = bin("==", comm, literal("nobody has this"));
  for (const spec of [aggregate(enter, {}, { n: ["count"] }), stream(enter, {}, { filter: nobody })]) {
    using session = perf.open(spec);
    const waited = session.wait(3_600_000);
    session.finish();
    await waited;
  }
});

Deno.test("sonde's own process is left out unless asked for", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const own = bin("==", f("pid", "pid"), literal(BigInt(Deno.pid), "pid"));
  const count = (includeSelf: boolean): number => {
    using s = perf.open(aggregate(enter, {}, { n: ["count"] }, { filter: own, includeSelf }));
    Deno.statSync("/");
    return Number(recordsOf(s.finish().batch)[0].n);
  };
  assert.equal(count(false), 0);
  assert.ok(count(true) > 0);
});

Deno.test("page faults are counted as the kernel counts them; clocks tick as often as they can and no more", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const count = (probe: ProbePoint, filter?: Expr): ProbeSpec => ({
    ...aggregate(enter, { cpu: f("cpu", "int") }, { n: ["count"] }, { filter }),
    source: { kind: "event", probes: [probe] },
  });
  const touched = bin("==", comm, literal(TOUCH));
  const faults = count({ kind: "software", event: "page-faults", period: 1 }, touched);
  assert.deepEqual(perf.supports(faults), { ok: true, accuracy: "sampled" });
  using faulting = perf.open(faults);
  using ticking = perf.open(count({ kind: "interval", periodNs: 5e6 }));
  using sampling = perf.open(count({ kind: "profile", hz: 199 }));
  const run = await output(work.path, amounts({ touch: 500, sleep: 50 }));
  const total = (session: typeof faulting): { n: number; cpus: number; seconds: number } => {
    const { batch, quality } = session.finish();
    const rows = recordsOf(batch);
    return { n: rows.reduce((n, r) => n + Number(r.n), 0), cpus: rows.length, seconds: quality.duration_ns / 1e9 };
  };
  const pages = total(faulting);
  // The kernel's own counter also saw what happened between its two looks and the two changes of name.
  assert.ok(pages.n >= 500 && pages.n <= Number(run?.out), `${pages.n} of ${run?.out}`);
  const ticks = total(ticking);
  assert.equal(ticks.cpus, 1);
  assert.ok(ticks.n > 0 && ticks.n <= ticks.seconds / 0.005 + 1, JSON.stringify(ticks));
  const samples = total(sampling);
  assert.ok(samples.n > 0 && samples.n <= samples.cpus * (samples.seconds * 199 + 1), JSON.stringify(samples));
});

Deno.test("stacks are named, root first: user frames, then the kernel's", async () => {
  if (!privileged || !hasCapability(CAP.SYSLOG)) return skip("CAP_BPF, CAP_PERFMON or CAP_SYSLOG is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const stacks = { stack: f("stack", "stack"), kstack: f("kstack", "stack"), ustack: f("ustack", "stack") };
  const spec = aggregate(["tracepoint:sched:sched_switch"], stacks, { n: ["count"] }, {
    filter: bin("==", comm, literal(WORK)),
  });
  using session = perf.open(spec);
  await output(work.path, amounts({ sleep: 15 }));
  const { batch, quality } = session.finish();
  const names = (cell: unknown): string[] => (cell as { function: string }[]).map((x) => x.function);
  const slept = recordsOf(batch).filter((r) => names(r.kstack).some((n) => n.includes("nanosleep")));
  // One for each sleep, and more where it was preempted on its way.
  assert.ok(slept.reduce((n, r) => n + Number(r.n), 0) >= 15, quality.notes.join());
  for (const r of slept) {
    assert.deepEqual(names(r.stack), [...names(r.ustack), ...names(r.kstack)]);
    assert.ok(names(r.kstack)[0].startsWith("entry_"), names(r.kstack).join());
    // The C library has no frame pointers: who called it is not seen.
    assert.equal(names(r.ustack).at(-1), "syscall", names(r.ustack).join());
  }

  const faults: ProbeSpec = {
    ...aggregate(enter, { ustack: f("ustack", "stack") }, { n: ["count"] }, {
      filter: bin("==", comm, literal(TOUCH)),
    }),
    source: { kind: "event", probes: [{ kind: "software", event: "page-faults", period: 1 }] },
  };
  using faulting = perf.open(faults);
  await output(work.path, amounts({ touch: 200 }));
  const rows = recordsOf(faulting.finish().batch).filter((r) => names(r.ustack).at(-1) === "main");
  assert.ok(rows.reduce((n, r) => n + Number(r.n), 0) >= 200);
  assert.ok(rows.every((r) => (r.ustack as { module: string }[]).at(-1)!.module === work.path));
});

Deno.test("supports() says precisely what perf events cannot do", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const reason = (spec: ProbeSpec): string => {
    const s = perf.supports(spec);
    return s.ok ? "" : s.reason;
  };
  const on = (p: ProbePoint): ProbeSpec => ({ ...stream(enter, { comm }), source: { kind: "event", probes: [p] } });
  const open = ["tracepoint:syscalls:sys_enter_openat"];
  assert.match(reason(stream(open, { p: text("str", f("args.filename", "address")) })), /reads memory of the process/);
  assert.match(reason(stream(open, { p: text("argv") })), /argv\(\) reads memory/);
  assert.match(reason(stream(open, { p: f("args.nonsense", "int") })), /has no field "args.nonsense"/);
  assert.match(reason(stream(enter, { p: f("args.regs", "address") })), /has no field "args.regs"/);
  for (const name of ["ppid", "uid", "cgroup", "task.tgid"]) {
    assert.match(reason(stream(enter, { p: f(name, "int") })), new RegExp(`does not tell "${name}"`));
  }
  assert.match(reason(stream(["tracepoint:no:such"], { comm })), /there is no tracepoint:no:such on this machine/);
  assert.match(reason(stream(["tracepoint:../..:x"], { comm })), /there is no tracepoint/);
  assert.match(reason(stream(["raw_tracepoint:sched_switch"], { comm })), /kernel memory/);
  assert.match(reason(on({ kind: "kprobe", symbol: "vfs_read" })), /do not serve kprobe: probes/);
  assert.match(reason(on({ kind: "software", event: "nonsense", period: 1 })), /no software event "nonsense"/);
  if (!host.features().pmu) {
    const cycles = on({ kind: "hardware", event: "cpu-cycles", period: 1_000_000 });
    assert.match(reason(cycles), /cannot count it: hardware:cpu-cycles/);
    assert.throws(() => perf.open(cycles), UnsupportedError);
  }
  const kernel = { kind: "calls", targets: [{ kind: "kernel", symbol: "vfs_read" }], maxInFlight: 1 } as const;
  assert.match(reason({ ...stream(enter, {}), source: kernel }), /do not serve kprobe: probes/);
  assert.throws(() => perf.open(stream(["tracepoint:no:such"], { comm })), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /Perf events cannot run it: there is no tracepoint:no:such/);
    return true;
  });
});

Deno.test("nothing stays open: descriptors and rings", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const rings = (): number => Deno.readTextFileSync("/proc/self/maps").split("anon_inode:[perf_event]").length - 1;
  const spec = stream([...enter, "tracepoint:sched:sched_process_exec"], { comm, at: f("time", "time") });
  perf.supports(spec);
  const before = openFds();
  for (const finished of [false, true, true]) {
    using session = perf.open(spec);
    assert.ok(rings() > 0);
    if (finished) session.finish();
  }
  assert.throws(() =>
    perf.open({
      ...spec,
      source: { kind: "event", probes: [point(enter[0]), { kind: "profile", hz: 10_000_000 }] },
    })
  );
  assert.equal(openFds(), before);
  assert.equal(rings(), 0);
});

/** Runs code with fewer privileges and answers what it printed as JSON; null when setpriv is not there. */
async function unprivileged(args: readonly string[], code: string): Promise<Record<string, unknown> | null> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.chmod(dir, 0o755);
    await Deno.writeTextFile(`${dir}/main.ts`, code);
    const config = import.meta.resolve("../../../deno.json").slice("file://".length);
    const deno = [Deno.execPath(), "run", "-A", "--no-check", "--config", config, `${dir}/main.ts`];
    const run = await output("setpriv", [...args, "env", `DENO_DIR=${dir}`, ...deno]);
    return run && JSON.parse(run.out || JSON.stringify({ error: run.err }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ASK = `
  import { openHost } from "${import.meta.resolve("../../host/mod.ts")}";
  import { recordsOf } from "${import.meta.resolve("../../data/mod.ts")}";
  import { perfEngine } from "${import.meta.resolve("../mod.ts")}";
  import { aggregate, f } from "${import.meta.resolve("../../../bpf/testing/specs.ts")}";
  const spec = aggregate(["raw_tracepoint:sys_enter"], { comm: f("comm", "string") }, { n: ["count"] }, { includeSelf: true });
  const engine = perfEngine(openHost());
  const support = engine.supports(spec);
  let rows = [];
  if (support.ok) {
    using session = engine.open(spec);
    Deno.statSync("/");
    rows = recordsOf(session.finish().batch);
  }
  console.log(JSON.stringify({ ...support, rows }));`;

Deno.test("without CAP_PERFMON the reason names it, and the sysctl that asks for it", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const paranoid = host.features().perfEventParanoid ?? 2;
  if (paranoid < 0) return skip(`perf_event_paranoid is ${paranoid}: everybody may`);
  const answer = await unprivileged(["--bounding-set=-perfmon,-sys_admin"], ASK);
  if (answer === null) return skip("setpriv is not installed");
  assert.equal(answer.ok, false, JSON.stringify(answer));
  assert.match(String(answer.reason), new RegExp(`CAP_PERFMON is missing; perf_event_paranoid is ${paranoid}`));
  assert.match(String(answer.remedy), /CAP_PERFMON and, for tracefs, CAP_DAC_READ_SEARCH/);
});

Deno.test("CAP_PERFMON and CAP_DAC_READ_SEARCH are all it takes", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const caps = "-all,+perfmon,+dac_read_search";
  const grant = ["--reuid=65534", "--regid=65534", "--clear-groups", `--inh-caps=${caps}`, `--ambient-caps=${caps}`];
  const answer = await unprivileged([...grant, `--bounding-set=${caps}`], ASK);
  if (answer === null) return skip("setpriv is not installed");
  assert.equal(answer.ok, true, JSON.stringify(answer));
  assert.ok((answer.rows as { comm: string; n: number }[]).some((r) => r.comm === "deno" && r.n > 0));
});

Deno.test("in a pid namespace numbers are those seen there, and a note tells of tasks outside", async () => {
  if (!privileged || !hasCapability(CAP.SYS_ADMIN)) return skip("CAP_SYS_ADMIN is missing");
  const code = `
    import { openHost } from "${import.meta.resolve("../../host/mod.ts")}";
    import { recordsOf } from "${import.meta.resolve("../../data/mod.ts")}";
    import { perfEngine } from "${import.meta.resolve("../mod.ts")}";
    import { f, stream } from "${import.meta.resolve("../../../bpf/testing/specs.ts")}";
    const ids = { pid: f("pid", "pid"), tid: f("tid", "tid"), comm: f("comm", "string") };
    using session = perfEngine(openHost()).open(stream(["tracepoint:sched:sched_process_exec"], ids));
    const child = new Deno.Command("/bin/true").spawn();
    await child.status;
    Deno.writeTextFileSync(Deno.args[0], "ready");
    while (Deno.readTextFileSync(Deno.args[0]) !== "done") await new Promise((r) => setTimeout(r, 5));
    const { batch, quality } = session.finish();
    console.log(JSON.stringify({ child: child.pid, rows: recordsOf(batch), notes: quality.notes }));`;
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/main.ts`, code);
  await Deno.writeTextFile(`${dir}/state`, "");
  const config = import.meta.resolve("../../../deno.json").slice("file://".length);
  const run = ["run", "-A", "--no-check", "--config", config, `${dir}/main.ts`, `${dir}/state`];
  const result = output("unshare", ["--pid", "--fork", "--mount-proc", Deno.execPath(), ...run]);
  let ended = false;
  result.then(() => ended = true);
  while (!ended && await Deno.readTextFile(`${dir}/state`) !== "ready") await new Promise((r) => setTimeout(r, 5));
  await output("/bin/true", []);
  await Deno.writeTextFile(`${dir}/state`, "done");
  const got = await result;
  await Deno.remove(dir, { recursive: true });
  if (!got?.out) return skip(`unshare failed: ${got?.err.split("\n")[0]}`);
  const answer = JSON.parse(got.out);
  const inside = answer.rows.filter((r: { comm: string | null }) => r.comm !== null);
  assert.deepEqual(inside, [{ pid: answer.child, tid: answer.child, comm: "true" }]);
  const outside = answer.rows.filter((r: { comm: string | null }) => r.comm === null);
  assert.ok(outside.length > 0 && outside.every((r: { pid: number | null }) => r.pid === null));
  assert.match(answer.notes.join(), /events have no comm \(null\): their tasks are in other pid namespaces/);
});

Deno.test("the perf engine and bpftrace see the same switches of a process", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  await using work = await buildWorkload();
  if (!work) return skip("gcc is not installed");
  const todo = [work.path, ...amounts({ sleep: 25 })].join(" ");
  const program =
    `tracepoint:sched:sched_switch /args->prev_comm == "${WORK}" && args->prev_state != 0/ { @n = count(); }`;
  const prev = f("args.prev_comm", "string");
  const spec = aggregate(["tracepoint:sched:sched_switch"], {}, { n: ["count"] }, {
    filter: bin("and", bin("==", prev, literal(WORK)), bin("!=", f("args.prev_state", "int"), literal(0n))),
    includeSelf: true,
  });
  using session = perf.open(spec);
  const run = await output("bpftrace", ["-e", program, "-c", todo]);
  if (run === null) return skip("bpftrace is not installed");
  const told = /@n: (\d+)/.exec(run.out)?.[1];
  assert.ok(told, run.err);
  assert.equal(String(recordsOf(session.finish().batch)[0].n), told);
});
