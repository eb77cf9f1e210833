import assert from "node:assert/strict";
import { recordsOf, UnsupportedError } from "../core/data/mod.ts";
import { openHost, syscallName } from "../core/host/mod.ts";
import { literal, type ProbeSpec } from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { bpfEngine } from "./mod.ts";
import { isInKernel, type ObjectId, output } from "./testing/run.ts";
import { aggregate, bin, f, stream, text } from "./testing/specs.ts";

const engine = bpfEngine(openHost());
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
const comm = f("comm", "string");

/** Open descriptors of this process. */
function openFds(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** BPF objects that this process holds. */
function heldObjects(): ObjectId[] {
  return [...Deno.readDirSync("/proc/self/fdinfo")].flatMap(({ name }): ObjectId[] => {
    let text = "";
    try {
      text = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
    } catch {
      // the descriptor that lists the folder is closed by now
    }
    const m = /^(map|prog|link)_id:\s*(\d+)$/m.exec(text);
    return m ? [[m[1] as ObjectId[0], m[2]]] : [];
  });
}

/** Copies of programs under names of their own: what other people's programs do does not count. */
async function alias(program: string, name: string): Promise<string> {
  const dir = await Deno.makeTempDir();
  const found = await output("sh", ["-c", `command -v ${program}`]);
  assert.ok(found && found.code === 0, `${program} is not installed`);
  await Deno.copyFile(await Deno.realPath(found.out.trim()), `${dir}/${name}`);
  return `${dir}/${name}`;
}

Deno.test("a spec runs end to end: filter pid != 0, count() by comm, with Quality", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const spec = aggregate(["raw_tracepoint:sys_enter"], { comm }, { count: ["count"] }, {
    filter: bin("!=", f("pid", "pid"), literal(0n, "pid")),
  });
  assert.deepEqual(engine.supports(spec), { ok: true, accuracy: "exact" });
  using session = engine.open(spec);
  await output("true", []);
  const { batch, quality } = session.finish();
  assert.deepEqual(batch.fields.map((x) => [x.name, x.type, x.unit]), [["comm", "string", null], [
    "count",
    "int",
    "count",
  ]]);
  const rows = recordsOf(batch);
  assert.ok(rows.some((r) => r.comm === "true"), JSON.stringify(rows));
  assert.equal(quality.events, rows.reduce((n, r) => n + Number(r.count), 0));
  assert.ok(quality.duration_ns > 0 && quality.cost.cpu_ns > 0);
});

Deno.test("counts by system call are those of strace -c", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dd = await alias("dd", "sonde_dd_strace");
  const spec = aggregate(["raw_tracepoint:sys_enter"], { id: f("args.id", "int") }, { n: ["count"] }, {
    filter: bin("==", comm, literal("sonde_dd_strace".slice(0, 15))),
  });
  using session = engine.open(spec);
  const strace = await output("strace", ["-c", dd, "if=/dev/zero", "of=/dev/null", "bs=7", "count=1234"]);
  if (strace === null) return skip("strace is not installed");
  const theirs = new Map<string, number>();
  for (const line of strace.err.split("\n")) {
    const m = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line);
    if (m && m[2] !== "total") theirs.set(m[2], Number(m[1]));
  }
  assert.ok((theirs.get("read") ?? 0) >= 1234, strace.err);
  const mine = new Map(recordsOf(session.finish().batch).map((r) => [syscallName(Number(r.id)), Number(r.n)]));
  // The name changes inside execve; exit_group never returns, so strace does not count it.
  theirs.delete("execve");
  mine.delete("exit_group");
  assert.deepEqual([...mine].sort(), [...theirs].sort());
});

Deno.test("count, sum, min, max and avg of an argument are those of bpftrace in the same window", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dd = await alias("dd", "sonde_dd_bt");
  const script = `tracepoint:syscalls:sys_enter_read /comm == "sonde_dd_bt"/ {
    @n[comm] = count(); @s[comm] = sum(args->count); @lo[comm] = min(args->count); @hi[comm] = max(args->count);
    @a[comm] = avg(args->count) } interval:ms:20 { printf("tick\\n"); }`;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("bpftrace", { args: ["-f", "json", "-e", script], stdout: "piped", stderr: "null" })
      .spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("bpftrace is not installed");
    throw error;
  }
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  // It prints from its loop, which begins when all is attached.
  while (!printed.includes("tick")) {
    const { value, done } = await lines.read();
    if (done) return skip("bpftrace cannot attach here");
    printed += value;
  }
  const count = f("args.count", "int u");
  const spec = aggregate(["tracepoint:syscalls:sys_enter_read"], { comm }, {
    n: ["count"],
    s: ["sum", count],
    lo: ["min", count],
    hi: ["max", count],
    a: ["avg", count],
  }, { filter: bin("==", comm, literal("sonde_dd_bt")) });
  using session = engine.open(spec);
  for (const bs of ["1", "300", "4096"]) await output(dd, ["if=/dev/zero", "of=/dev/null", `bs=${bs}`, "count=50"]);
  const { batch, quality } = session.finish();
  child.kill("SIGINT");
  for (let r = await lines.read(); !r.done; r = await lines.read()) printed += r.value;
  await child.status;
  const theirs: Record<string, number> = {};
  for (const line of printed.split("\n")) {
    if (!line.includes('"@')) continue;
    for (const [name, byComm] of Object.entries(JSON.parse(line).data)) {
      theirs[name.slice(1)] = (byComm as Record<string, number>).sonde_dd_bt;
    }
  }
  const [mine] = recordsOf(batch);
  assert.equal(quality.lost, 0);
  assert.deepEqual(
    { n: mine.n, s: mine.s, lo: mine.lo, hi: mine.hi, a: Math.trunc(Number(mine.a)) },
    { n: theirs.n, s: theirs.s, lo: theirs.lo, hi: theirs.hi, a: theirs.a },
  );
});

Deno.test("fields read from the raw tracepoint are those of the tracepoint's own record", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const sh = await alias("bash", "sonde_switch");
  const ofUs = (side: string): ReturnType<typeof bin> =>
    bin("==", f(`args.${side}_comm`, "string"), literal("sonde_switch"));
  const fields = {
    prev_comm: f("args.prev_comm", "string"),
    prev_pid: f("args.prev_pid", "tid"),
    prev_prio: f("args.prev_prio", "int"),
    next_comm: f("args.next_comm", "string"),
    next_pid: f("args.next_pid", "tid"),
    next_prio: f("args.next_prio", "int"),
  };
  const filter = bin("or", ofUs("prev"), ofUs("next"));
  const lowered = stream(["tracepoint:sched:sched_switch"], fields, { filter, includeSelf: true });
  const recorded = stream(["tracepoint:sched:sched_switch"], { ...fields, prev_state: f("args.prev_state", "int") }, {
    filter,
    includeSelf: true,
  });
  assert.match(engine.disassemble!(lowered)!, /on raw_tracepoint:sched_switch/);
  const support = engine.supports(recorded);
  if (!support.ok) return skip(support.reason);
  assert.match(engine.disassemble!(recorded)!, /on tracepoint:sched:sched_switch/);
  using a = engine.open(lowered);
  using b = engine.open(recorded);
  await output(sh, ["-c", "for i in 1 2 3 4 5; do read -t 0.01 < /dev/zero; sleep 0.002; done"]);
  const key = (rows: Record<string, unknown>[]): string[] =>
    rows.map((r) => JSON.stringify(Object.keys(fields).map((k) => r[k]))).sort();
  const mine = key(recordsOf(a.finish().batch));
  const theirs = key(recordsOf(b.finish().batch));
  assert.ok(mine.length > 5, `${mine.length} switches`);
  assert.deepEqual(mine, theirs);
});

Deno.test("exec, exit and fork stream with arguments, names, codes and times", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const sh = await alias("dash", "sonde_sh");
  const common = { time: f("time", "time"), pid: f("pid", "pid"), ppid: f("ppid", "pid"), comm };
  // The parent may be any thread of a process: its first one bears the name that ps shows.
  const parent = f("task.real_parent.group_leader.comm", "string");
  const exec = stream(["tracepoint:sched:sched_process_exec"], {
    ...common,
    parent_comm: parent,
    filename: f("args.filename", "string"),
    args: text("argv"),
  });
  const live = bin("==", f("task.signal.live.counter", "int"), literal(0n));
  const lifetime = bin("-", f("ktime", "duration"), f("task.group_leader.start_time", "duration"));
  const exit = stream(["tracepoint:sched:sched_process_exit"], {
    ...common,
    parent_comm: parent,
    code: bin(">>", f("task.exit_code", "int"), literal(8n)),
    lifetime,
    cpu: bin("+", f("task.utime", "duration"), f("task.stime", "duration")),
  }, { filter: live });
  const fork = stream(["tracepoint:sched:sched_process_fork"], {
    ...common,
    child_pid: f("args.child_pid", "tid"),
  }, { includeSelf: true });
  using execs = engine.open(exec);
  using exits = engine.open(exit);
  using forks = engine.open(fork);
  const before = Date.now();
  const script = `/bin/echo 'two words' "" last >/dev/null; exit 7`;
  const shell = new Deno.Command(sh, { args: ["-c", script], stdout: "null" }).spawn();
  assert.equal((await shell.status).code, 7);
  const after = Date.now();
  const execRows = recordsOf(execs.finish().batch);
  const exitRows = recordsOf(exits.finish().batch);
  const forkRows = recordsOf(forks.finish().batch);

  const started = execRows.find((r) => r.pid === shell.pid)!;
  assert.equal(started.filename, sh);
  assert.equal(started.args, `${sh} -c ${script}`);
  assert.equal(started.comm, "sonde_sh");
  assert.equal(started.ppid, Deno.pid);
  assert.equal(started.parent_comm, Deno.readTextFileSync("/proc/self/comm").trimEnd());
  const time = Number(started.time) / 1e6;
  assert.ok(time >= before - 1 && time <= after + 1, `${before} <= ${time} <= ${after}`);

  const echo = execRows.find((r) => r.ppid === shell.pid)!;
  assert.equal(echo.args, "/bin/echo two words  last");
  assert.equal(echo.parent_comm, "sonde_sh");

  const ended = exitRows.find((r) => r.pid === shell.pid)!;
  assert.equal(ended.code, 7);
  assert.ok(Number(ended.lifetime) > 0 && Number(ended.lifetime) <= (after - before + 2) * 1e6, String(ended.lifetime));
  assert.ok(Number(ended.cpu) >= 0 && Number(ended.cpu) <= Number(ended.lifetime) + 1e7);
  assert.ok(
    forkRows.some((r) => r.pid === Deno.pid && r.child_pid === shell.pid),
    forkRows.map((r) => r.child_pid).join(),
  );
  assert.ok(forkRows.some((r) => r.pid === shell.pid && r.child_pid === echo.pid));
});

Deno.test("arguments longer than the limit are cut and counted", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const long = "x".repeat(10_000);
  const exec = stream(["tracepoint:sched:sched_process_exec"], { pid: f("pid", "pid"), args: text("argv") });
  using session = engine.open(exec);
  const child = new Deno.Command("/bin/true", { args: [long] }).spawn();
  await child.status;
  const { batch, quality } = session.finish();
  const row = recordsOf(batch).find((r) => r.pid === child.pid)!;
  assert.equal(row.args, `/bin/true ${long}`.slice(0, 4096));
  assert.ok(quality.truncated >= 1);
});

Deno.test("texts of the process are read, compared and grouped in the kernel", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const cat = await alias("cat", "sonde_cat");
  const dir = await Deno.makeTempDir();
  const names = ["a", "b", "ü and spaces", `long-${"n".repeat(200)}`];
  for (const name of names) await Deno.writeTextFile(`${dir}/${name}`, "");
  const filename = text("str", f("args.filename", "address"));
  const inDir = bin("like", filename, literal(`${dir}/%`));
  const keys = { comm, filename };
  const spec = aggregate(["tracepoint:syscalls:sys_enter_openat"], keys, { n: ["count"] }, { filter: inDir });
  const rows = stream(["tracepoint:syscalls:sys_enter_openat"], { ...keys, flags: f("args.flags", "int") }, {
    filter: inDir,
  });
  const one = aggregate(["tracepoint:syscalls:sys_enter_openat"], {}, { n: ["count"] }, {
    filter: bin("==", filename, literal(`${dir}/a`)),
  });
  using counted = engine.open(spec);
  using streamed = engine.open(rows);
  using single = engine.open(one);
  await output(cat, names.map((n) => `${dir}/${n}`));
  await output(cat, [`${dir}/a`]);
  const want = names.map((n, i) => ({ comm: "sonde_cat", filename: `${dir}/${n}`, n: i === 0 ? 2 : 1 }));
  const byName = (x: { filename?: unknown }, y: { filename?: unknown }): number =>
    String(x.filename) < String(y.filename) ? -1 : 1;
  assert.deepEqual(recordsOf(counted.finish().batch).sort(byName), want.sort(byName));
  const events = recordsOf(streamed.finish().batch);
  assert.deepEqual(events.map((r) => r.filename), [...names, "a"].map((n) => `${dir}/${n}`));
  assert.ok(events.every((r) => r.flags === 0));
  assert.deepEqual(recordsOf(single.finish().batch), [{ n: 2 }]);
});

Deno.test("keys beyond the limit are counted as lost; kept and lost make up all events", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dd = await alias("dd", "sonde_dd_keys");
  const filter = bin("==", comm, literal("sonde_dd_keys"));
  const all = aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }, { filter });
  const few = aggregate(["raw_tracepoint:sys_enter"], { id: f("args.id", "int") }, { n: ["count"] }, {
    filter,
    maxKeys: 2,
  });
  using a = engine.open(all);
  using b = engine.open(few);
  await output(dd, ["if=/dev/zero", "of=/dev/null", "bs=1", "count=100"]);
  const kept = b.finish();
  const total = a.finish();
  assert.equal(kept.batch.length, 2);
  assert.ok(kept.quality.lost_by.map_full > 0);
  assert.equal(kept.quality.events + kept.quality.lost, total.quality.events);
});

Deno.test("a ring that is not read loses events, and counts them", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dd = await alias("dd", "sonde_dd_ring");
  const filter = bin("==", comm, literal("sonde_dd_ring"));
  using all = engine.open(aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }, { filter }));
  using some = engine.open(
    stream(["raw_tracepoint:sys_enter"], { time: f("time", "time"), comm }, { filter, ringBytes: 65_536 }),
  );
  await output(dd, ["if=/dev/zero", "of=/dev/null", "bs=1", "count=5000"]);
  const { quality, batch } = some.finish();
  const total = all.finish().quality.events;
  assert.equal(batch.length, quality.events);
  assert.ok(quality.lost_by.ring > 0);
  assert.equal(quality.events + quality.lost, total);
});

Deno.test("wait() ends when rows have come, drain() hands them over once", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const filter = bin("==", comm, literal("true"));
  using session = engine.open(stream(["raw_tracepoint:sys_enter"], { comm, probe: f("probe", "string") }, { filter }));
  assert.equal(session.drain().length, 0);
  const waited = session.wait(60_000);
  await output("/bin/true", []);
  await waited;
  const first = session.drain();
  assert.ok(first.length > 0);
  assert.deepEqual(recordsOf(first)[0], { comm: "true", probe: "raw_tracepoint:sys_enter" });
  const rest = session.finish();
  assert.equal(rest.quality.events, first.length + rest.batch.length);
});

Deno.test("wait() ends with the session, whatever its timeout", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  for (
    const spec of [
      aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }),
      stream(["raw_tracepoint:sys_enter"], {}, {
        filter: bin("==", comm, literal("nobody has this")),
      }),
    ]
  ) {
    using session = engine.open(spec);
    const waited = session.wait(3_600_000);
    session.finish();
    await waited;
  }
});

Deno.test("sonde's own process is left out unless asked for", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const own = bin("==", f("pid", "pid"), literal(BigInt(Deno.pid), "pid"));
  const count = (includeSelf: boolean): number => {
    using s = engine.open(aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }, { filter: own, includeSelf }));
    Deno.statSync("/");
    return Number(recordsOf(s.finish().batch)[0].n);
  };
  assert.equal(count(false), 0);
  assert.ok(count(true) > 0);
});

Deno.test("a global aggregate over no events is one row: 0 and nulls", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const id = f("args.id", "int");
  using s = engine.open(aggregate(["raw_tracepoint:sys_enter"], {}, {
    n: ["count"],
    sum: ["sum", id],
    lo: ["min", id],
    avg: ["avg", id],
  }, { filter: bin("==", comm, literal("nobody has this")) }));
  assert.deepEqual(recordsOf(s.finish().batch), [{ n: 0, sum: null, lo: null, avg: null }]);
});

Deno.test("a pair gives a row with the duration between its sides, and counts what has no partner", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const sleep = await alias("sleep", "sonde_sleep");
  const spec: ProbeSpec = {
    source: {
      kind: "pair",
      starts: [{ kind: "raw_tracepoint", name: "sys_enter" }],
      ends: [{ kind: "raw_tracepoint", name: "sys_exit" }],
      startKey: [f("tid", "tid")],
      endKey: [f("tid", "tid")],
      cancels: [],
      cancelKey: [],
      maxInFlight: 16_384,
    },
    steps: [{ kind: "filter", expr: bin("==", f("start.comm", "string"), literal("sonde_sleep")) }],
    output: {
      kind: "stream",
      fields: [
        { name: "id", expr: f("start.args.id", "int") },
        { name: "comm", expr: f("start.comm", "string") },
        { name: "ret", expr: f("end.args.ret", "int") },
        { name: "duration", expr: f("duration", "duration") },
      ],
      ringBytes: 1 << 20,
    },
    includeSelf: true,
  };
  assert.deepEqual(engine.supports(spec), { ok: true, accuracy: "exact" });
  using session = engine.open(spec);
  await output(sleep, ["0.02"]);
  const { batch, quality } = session.finish();
  const slept = recordsOf(batch).filter((r) => syscallName(Number(r.id)) === "clock_nanosleep");
  assert.equal(slept.length, 1);
  assert.equal(slept[0].ret, 0);
  assert.ok(Number(slept[0].duration) >= 20e6, String(slept[0].duration));
  // exit_group never returns: its start stays open; so do those of threads that wait at the end.
  assert.ok(quality.unmatched.starts > 0);
  assert.equal(quality.lost, 0);
});

Deno.test("values that may be missing are null: as keys, as fields, in aggregates", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  // Kernel threads have no memory map.
  const start = f("args.next.mm.arg_start", "address");
  using keyed = engine.open(aggregate(["raw_tracepoint:sched_switch"], { start }, {
    all: ["count"],
    some: ["count", start],
  }, { includeSelf: true }));
  using streamed = engine.open(
    stream(["raw_tracepoint:sched_switch"], { start, pid: f("args.next.pid", "tid") }, { includeSelf: true }),
  );
  await output("sleep", ["0.05"]);
  const keys = recordsOf(keyed.finish().batch);
  const none = keys.find((r) => r.start === null)!;
  assert.ok(Number(none.all) > 0);
  assert.equal(none.some, 0);
  assert.ok(keys.some((r) => r.start !== null && r.all === r.some));
  const rows = recordsOf(streamed.finish().batch);
  // The idle task is a kernel thread.
  assert.ok(rows.filter((r) => r.pid === 0).every((r) => r.start === null));
  assert.ok(rows.some((r) => r.start === null) && rows.some((r) => r.start !== null));
});

Deno.test("supports() says precisely what the kernel cannot do", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const reason = (spec: ProbeSpec): string => {
    const s = engine.supports(spec);
    return s.ok ? "" : s.reason;
  };
  const enter = ["raw_tracepoint:sys_enter"];
  const id = f("args.id", "int");
  assert.match(reason(aggregate(enter, { comm }, { q: ["stddev", id] })), /stddev\(\) is not aggregated in the kernel/);
  assert.match(reason(stream(enter, { x: bin("/", id, literal(2n)) })), /args.id \/ 2 is a fraction/);
  assert.match(reason(stream(enter, { x: f("args.nonsense", "int") })), /has no field "args.nonsense"/);
  assert.match(reason(stream(["tracepoint:no:such"], { comm })), /there is no tracepoint:no:such on this machine/);
  assert.match(reason(stream(enter, {}, { filter: bin("~", comm, literal("^x")) })), /regular expressions/);
  assert.match(reason(stream(enter, { x: f("task.no_such_member", "int") })), /has no member "no_such_member"/);
  assert.throws(() => engine.open(stream(["raw_tracepoint:no_such_thing"], { comm })), (error) => {
    assert.ok(error instanceof UnsupportedError);
    assert.match(error.message, /raw_tracepoint:no_such_thing: The kernel knows nothing of that name/);
    return true;
  });
});

Deno.test("nothing stays open: descriptors, programs and maps", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const spec = stream(["raw_tracepoint:sys_enter", "tracepoint:sched:sched_process_exec"], {
    comm,
    args: text("argv"),
  });
  engine.supports(spec);
  const before = openFds();
  assert.deepEqual(heldObjects(), []);
  const held: ObjectId[] = [];
  for (const finished of [false, true, true]) {
    using session = engine.open(spec);
    held.push(...heldObjects());
    if (finished) session.finish();
  }
  assert.throws(() => engine.open(stream(["raw_tracepoint:sys_enter", "raw_tracepoint:no_such"], { comm })));
  // Each time a ring, counters, a scratch map, two programs with a link each (older kernels do not tell of links).
  assert.ok(held.length >= 3 * 5, held.join(" "));
  assert.deepEqual(heldObjects(), []);
  assert.equal(openFds(), before);
  for (const object of held) {
    // The kernel frees what nobody holds in its own time, after a grace period.
    let found = await isInKernel(object);
    for (let tries = 0; found && tries < 200; tries++) found = await isInKernel(object);
    if (found === null) return skip("bpftool is not installed");
    assert.equal(found, false, object.join(" "));
  }
});

Deno.test("where BPF is not permitted the reason names the missing capabilities", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const code = `
    import { openHost } from "${import.meta.resolve("../core/host/mod.ts")}";
    import { bpfEngine } from "${import.meta.resolve("./mod.ts")}";
    import { aggregate, f } from "${import.meta.resolve("./testing/specs.ts")}";
    const s = aggregate(["raw_tracepoint:sys_enter"], { comm: f("comm", "string") }, { n: ["count"] });
    console.log(JSON.stringify(bpfEngine(openHost()).supports(s)));`;
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/main.ts`, code);
  for (
    const [dropped, reason] of [
      ["-bpf,-perfmon,-sys_admin", /bpf\(2\) is not permitted: CAP_BPF and CAP_PERFMON are missing/],
      ["-perfmon,-sys_admin", /bpf\(2\) is not permitted: CAP_PERFMON is missing/],
    ] as const
  ) {
    const config = import.meta.dirname + "/../deno.json";
    const args = [`--bounding-set=${dropped}`, Deno.execPath(), "run", "-A", "--config", config, `${dir}/main.ts`];
    const run = await output("setpriv", args);
    if (run === null) return skip("setpriv is not installed");
    const answer = JSON.parse(run.out);
    assert.equal(answer.ok, false, run.err);
    assert.match(answer.reason, reason);
    assert.match(answer.remedy, /CAP_BPF and CAP_PERFMON/);
  }
});

Deno.test("in a pid namespace, pid, tid and ppid are those that ps shows there", async () => {
  if (!privileged || !hasCapability(CAP.SYS_ADMIN)) return skip("CAP_SYS_ADMIN is missing");
  const code = `
    import { openHost } from "${import.meta.resolve("../core/host/mod.ts")}";
    import { recordsOf } from "${import.meta.resolve("../core/data/mod.ts")}";
    import { literal } from "${import.meta.resolve("../core/query/mod.ts")}";
    import { bpfEngine } from "${import.meta.resolve("./mod.ts")}";
    import { aggregate, bin, f, stream } from "${import.meta.resolve("./testing/specs.ts")}";
    const engine = bpfEngine(openHost());
    const ids = { pid: f("pid", "pid"), tid: f("tid", "tid"), ppid: f("ppid", "pid"), comm: f("comm", "string") };
    const execs = engine.open(stream(["tracepoint:sched:sched_process_exec"], ids));
    const own = engine.open(aggregate(["raw_tracepoint:sys_enter"], {}, { n: ["count"] }, {
      filter: bin("==", f("pid", "pid"), literal(BigInt(Deno.pid), "pid")),
    }));
    const outside = engine.open(aggregate(["raw_tracepoint:sys_enter"], { pid: f("pid", "pid") }, { n: ["count"] }));
    const child = new Deno.Command("/bin/true").spawn();
    await child.status;
    Deno.writeTextFileSync(Deno.args[0], "ready");
    while (Deno.readTextFileSync(Deno.args[0]) !== "done") await new Promise((r) => setTimeout(r, 5));
    const rows = recordsOf(execs.finish().batch);
    console.log(JSON.stringify({ self: Deno.pid, child: child.pid, rows, own: recordsOf(own.finish().batch),
      outside: recordsOf(outside.finish().batch) }));`;
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/main.ts`, code);
  await Deno.writeTextFile(`${dir}/state`, "");
  const config = import.meta.dirname + "/../deno.json";
  const run = ["run", "-A", "--config", config, `${dir}/main.ts`, `${dir}/state`];
  const inside = new Deno.Command("unshare", {
    args: ["--pid", "--fork", "--mount-proc", Deno.execPath(), ...run],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const result = inside.output();
  let ended = false;
  result.then(() => ended = true);
  while (!ended && await Deno.readTextFile(`${dir}/state`) !== "ready") await new Promise((r) => setTimeout(r, 5));
  await output("/bin/true", []);
  await Deno.writeTextFile(`${dir}/state`, "done");
  const { stdout, stderr } = await result;
  const text = new TextDecoder().decode(stdout);
  if (text === "") return skip(`unshare failed: ${new TextDecoder().decode(stderr).split("\n")[0]}`);
  const answer = JSON.parse(text);
  assert.equal(answer.self, 1);
  const child = answer.rows.find((r: { pid: number }) => r.pid === answer.child);
  assert.deepEqual(child, { pid: answer.child, tid: answer.child, ppid: 1, comm: "true" });
  // What runs outside has no number in there.
  assert.ok(answer.rows.some((r: { pid: number | null }) => r.pid === null));
  assert.ok(answer.outside.some((r: { pid: number | null }) => r.pid === null));
  assert.deepEqual(answer.own, [{ n: 0 }]);
});
