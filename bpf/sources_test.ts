import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { type Frame, recordsOf } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { literal, MAX_IN_FLIGHT, type ProbePoint, type ProbeSpec, type SourceSpec } from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { compileC } from "../tests/compile_c.ts";
import { skip } from "../tests/skip.ts";
import { openCodeReader } from "./decode/code_reader.ts";
import { openBpfEngine } from "./engine.ts";
import { bpfEngine, matchCalls, matchProbes, probeFields } from "./mod.ts";
import * as planner from "./planner.ts";
import { output } from "./testing/run.ts";
import { bin, f, named } from "./testing/specs.ts";

const host = openHost();
const engine = bpfEngine(host);
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);

/** A program with known calls: `outer(n)` calls itself n times, each calls `inner` once, and passes a USDT probe. */
const SOURCE = `
#include <stdlib.h>
#include <setjmp.h>
#define NOINLINE __attribute__((noinline, noclone))
NOINLINE long inner(long a, int b) { __asm__ volatile("" ::: "memory"); return a * 10 + b; }
NOINLINE long outer(long n) {
  long r = inner(n, 3);
  __asm__ volatile("990: nop\\n.pushsection .note.stapsdt,\\"?\\",\\"note\\"\\n.balign 4\\n.4byte 992f-991f, 994f-993f, 3\\n"
    "991: .asciz \\"stapsdt\\"\\n992: .balign 4\\n993: .8byte 990b\\n.8byte _.stapsdt.base\\n.8byte 0\\n"
    ".asciz \\"demo\\"\\n.asciz \\"step\\"\\n.asciz \\"-8@%0 8@$77\\"\\n994: .balign 4\\n.popsection\\n"
    ".ifndef _.stapsdt.base\\n.pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n.weak _.stapsdt.base\\n"
    ".hidden _.stapsdt.base\\n_.stapsdt.base: .space 1\\n.size _.stapsdt.base, 1\\n.popsection\\n.endif\\n" :: "r"(n));
  if (n > 0) r += outer(n - 1);
  __asm__ volatile("" ::: "memory");
  return r;
}
static jmp_buf jump;
NOINLINE void leap(int n) { if (n == 0) longjmp(jump, 1); leap(n - 1); __asm__ volatile("" ::: "memory"); }
int main(int argc, char **argv) {
  long total = 0;
  int rounds = atoi(argv[1]);
  for (int i = 0; i < rounds; i++) { if (!setjmp(jump)) leap(3); total += outer(2); }
  return total == 42;
}`;

let compiled: Promise<string | null> | undefined;
/** The program, compiled once; null without gcc. */
function program(): Promise<string | null> {
  return compiled ??= (async () => {
    const path = `${await Deno.makeTempDir()}/sonde_calls`;
    return await compileC(SOURCE, path, ["-O2", "-fno-optimize-sibling-calls"]) ? path : null;
  })();
}

function spec(
  source: SourceSpec,
  keys: Parameters<typeof named>[0],
  aggregates: Readonly<Record<string, readonly [string, ...ReturnType<typeof f>[]]>>,
  filter?: ReturnType<typeof f>,
): ProbeSpec {
  return {
    source,
    steps: filter ? [{ kind: "filter", expr: filter }] : [],
    output: {
      kind: "aggregate",
      keys: named(keys),
      aggregates: Object.entries(aggregates).map(([name, [fn, ...args]]) => ({ name, fn, args })),
      maxKeys: 1024,
    },
    includeSelf: false,
  };
}

function events(...probes: ProbePoint[]): SourceSpec {
  return { kind: "event", probes };
}

const isCalls = bin("==", f("comm", "string"), literal("sonde_calls"));

Deno.test("functions of a program are counted with their arguments and results", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const a = f("args.0", "int u");
  using entries = engine.open(spec(events({ kind: "uprobe", path, symbol: "inner" }), { a }, { n: ["count"] }));
  using returns = engine.open(
    spec(events({ kind: "uretprobe", path, symbol: "inner" }), { ret: f("args.ret", "int") }, { n: ["count"] }),
  );
  await output(path, ["100"]);
  const sorted = (s: typeof entries): unknown[] =>
    recordsOf(s.finish().batch).map((r) => Object.values(r)).sort((x, y) => Number(x[0]) - Number(y[0]));
  assert.deepEqual(sorted(entries), [[0, 100], [1, 100], [2, 100]]);
  assert.deepEqual(sorted(returns), [[3, 100], [13, 100], [23, 100]]);
});

Deno.test("a function by its address, and behind its beginning", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const nm = await output("nm", [path]);
  const address = /^([0-9a-f]+) T inner$/m.exec(nm?.out ?? "");
  if (!address) return skip("nm is not installed");
  using byAddress = engine.open(
    spec(events({ kind: "uprobe", path, symbol: `0x${address[1]}` }), {}, { n: ["count"] }),
  );
  using byName = engine.open(spec(events({ kind: "uprobe", path, symbol: "inner+0" }), {}, { n: ["count"] }));
  await output(path, ["7"]);
  for (const s of [byAddress, byName]) assert.deepEqual(recordsOf(s.finish().batch), [{ n: 21 }]);
});

Deno.test("several functions by one program are told apart by their probe", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const { points, total } = matchProbes({ kind: "uprobe", path, symbol: "?*er" }, host, 10);
  assert.deepEqual([points.map((p) => "symbol" in p && p.symbol), total], [["inner", "outer"], 2]);
  const probe = f("probe", "string");
  using all = engine.open(spec(events(...points), { probe }, { n: ["count"] }));
  using one = engine.open(
    spec(events(...points), { probe }, { n: ["count"] }, bin("==", probe, literal(`uprobe:${path}:outer`))),
  );
  await output(path, ["10"]);
  const counts = recordsOf(all.finish().batch).map((r) => [r.probe, r.n]).sort();
  assert.deepEqual(counts, [[`uprobe:${path}:inner`, 30], [`uprobe:${path}:outer`, 30]]);
  assert.deepEqual(recordsOf(one.finish().batch), [{ probe: `uprobe:${path}:outer`, n: 30 }]);
});

Deno.test("calls inside calls are told apart, and a longjmp over returns upsets none", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const targets = [{ kind: "user", path, symbol: "outer" }] as const;
  using session = engine.open(
    spec({ kind: "calls", targets, maxInFlight: MAX_IN_FLIGHT }, { n: f("args.0", "int u"), ret: f("ret", "int") }, {
      calls: ["count"],
      longest: ["max", f("duration", "duration")],
      shortest: ["min", f("duration", "duration")],
    }, isCalls),
  );
  await output(path, ["50"]);
  const { batch, quality } = session.finish();
  const rows = recordsOf(batch).sort((x, y) => Number(x.n) - Number(y.n));
  assert.deepEqual(rows.map((r) => [r.n, r.ret, r.calls]), [[0, 3, 50], [1, 16, 50], [2, 39, 50]]);
  // The outer ones contain the inner ones.
  assert.ok(Number(rows[0].shortest) < Number(rows[1].shortest) && Number(rows[1].shortest) < Number(rows[2].shortest));
  assert.deepEqual([quality.unmatched, quality.lost], [{ starts: 0, ends: 0, replaced: 0 }, 0]);
});

Deno.test("a function that longjmp leaves has starts without end, which is no loss", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const targets = [{ kind: "user", path, symbol: "leap" }] as const;
  using session = engine.open(
    spec({ kind: "calls", targets, maxInFlight: MAX_IN_FLIGHT }, {}, { calls: ["count"] }, isCalls),
  );
  await output(path, ["5"]);
  const { batch, quality } = session.finish();
  assert.deepEqual(recordsOf(batch), [{ calls: 0 }]);
  // The second round finds the frames of the first at the same places.
  assert.deepEqual(quality.unmatched, { starts: 4, ends: 0, replaced: 16 });
  assert.equal(quality.lost, 0);
});

Deno.test("calls of system calls: durations, results and errors", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dir = await Deno.makeTempDir();
  const targets = matchCalls({ kind: "syscall", name: "open*" }, host, 10).targets;
  assert.ok(targets.some((t) => t.kind === "syscall" && t.name === "openat"));
  using session = engine.open(
    spec({ kind: "calls", targets, maxInFlight: MAX_IN_FLIGHT }, {
      errno: f("errno", "int"),
      call: f("probe", "string"),
    }, {
      n: ["count"],
      longest: ["max", f("duration", "duration")],
    }, bin("==", f("comm", "string"), literal("sonde_open"))),
  );
  await Deno.copyFile("/bin/cat", `${dir}/sonde_open`);
  for (let i = 0; i < 20; i++) await output(`${dir}/sonde_open`, [`${dir}/none`]);
  const rows = recordsOf(session.finish().batch);
  const missing = rows.filter((r) => r.errno === 2);
  assert.ok(missing.length >= 1 && missing.every((r) => r.call === "syscall:openat"), JSON.stringify(rows));
  assert.ok(missing.reduce((n, r) => n + Number(r.n), 0) >= 20);
  assert.ok(rows.every((r) => Number(r.longest) > 0 && Number(r.errno) >= 0));
});

Deno.test("USDT probes are found by their notes and read where their arguments lie", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const point: ProbePoint = { kind: "usdt", path, symbol: "demo:step" };
  assert.deepEqual(matchProbes({ kind: "usdt", path, symbol: "*:*" }, host, 10).points, [point]);
  assert.ok(probeFields(point, host)?.some((x) => x.name === "args.1"));
  using session = engine.open(
    spec(events(point), { n: f("args.0", "int"), constant: f("args.1", "int u") }, { hits: ["count"] }),
  );
  await output(path, ["8"]);
  const rows = recordsOf(session.finish().batch).sort((x, y) => Number(x.n) - Number(y.n));
  assert.deepEqual(rows, [{ n: 0, constant: 77, hits: 8 }, { n: 1, constant: 77, hits: 8 }, {
    n: 2,
    constant: 77,
    hits: 8,
  }]);
});

Deno.test("samples by the clock have the stacks of what runs, named", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dir = await Deno.makeTempDir();
  const source =
    `__attribute__((noinline)) void hot(volatile long *x) { for (long i = 0; i < 2000000000L; i++) *x += i; }
    int main() { volatile long x = 0; hot(&x); return 0; }`;
  if (!await compileC(source, `${dir}/sonde_hot`, ["-O0", "-fno-omit-frame-pointer"])) {
    return skip("gcc is not installed");
  }
  const child = new Deno.Command(`${dir}/sonde_hot`).spawn();
  try {
    using session = engine.open(
      spec(
        events({ kind: "profile", hz: 499 }),
        { stack: f("ustack", "stack" as never) },
        { n: ["count"] },
        bin(
          "==",
          f("pid", "pid"),
          literal(BigInt(child.pid), "pid"),
        ),
      ),
    );
    await session.wait(400);
    const rows = recordsOf(session.finish().batch);
    const names = rows.map((r) => (r.stack as Frame[]).map((x) => x.function));
    const samples = rows.reduce((n, r) => n + Number(r.n), 0);
    assert.ok(samples >= 20, String(samples));
    const hot = rows.filter((_, i) => names[i].includes("main") && names[i].at(-1) === "hot");
    assert.ok(hot.reduce((n, r) => n + Number(r.n), 0) >= 0.8 * samples, JSON.stringify(names));
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});

Deno.test("kernel stacks begin where the event was, without our own machinery", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  using session = engine.open(
    spec(events({ kind: "raw_tracepoint", name: "sched_switch" }), { stack: f("kstack", "stack" as never) }, {
      n: ["count"],
    }),
  );
  for (let i = 0; i < 5; i++) await output("true", []);
  const { batch, quality } = session.finish();
  const rows = recordsOf(batch);
  assert.ok(rows.length > 0 && quality.events > 0);
  // Two stacks of one hash have one place in the kernel's map.
  const without = rows.filter((r) => r.stack === null).reduce((n, r) => n + Number(r.n), 0);
  assert.equal(without, quality.unwind_failures_by.stack_collision ?? 0);
  for (const stack of rows.flatMap((r) => r.stack === null ? [] : [r.stack as Frame[]])) {
    const leaf = stack.at(-1)!;
    assert.ok(/^(__schedule|schedule|preempt_schedule)/.test(leaf.function), leaf.function);
    assert.ok(stack.every((x) => x.kind === "kernel"));
  }
});

Deno.test("an event whose stack finds no room in the kernel's map counts without one", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  // Room for one stack: all others find their place taken.
  const small: typeof planner.planFor = (...args) => {
    const planned = planner.planFor(...args);
    const maps = planned.plan.maps.map((m) => m.type === "stack_trace" ? { ...m, maxEntries: 1 } : m);
    return { ...planned, plan: { ...planned.plan, maps } };
  };
  using engine = openBpfEngine(host, { planner: { ...planner, planFor: small }, openCode: openCodeReader });
  using session = engine.open(
    spec(events({ kind: "raw_tracepoint", name: "sys_enter" }), { stack: f("ustack", "stack" as never) }, {
      n: ["count"],
    }, bin("==", f("comm", "string"), literal("find", "string"))),
  );
  await output("find", ["/etc", "-maxdepth", "1"]);
  const { batch, quality } = session.finish();
  const rows = recordsOf(batch);
  const without = rows.filter((r) => r.stack === null).reduce((n, r) => n + Number(r.n), 0);
  const counted = rows.reduce((n, r) => n + Number(r.n), 0);
  assert.ok(rows.length === 2 && counted > 20, JSON.stringify(rows));
  assert.equal(counted, quality.events);
  assert.deepEqual(quality.unwind_failures_by, { stack_collision: without });
  assert.equal(quality.lost_by.stack_collision, undefined);
});

Deno.test("an interval fires on one CPU, a page fault where it happens", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  using ticks = engine.open({
    ...spec(events({ kind: "interval", periodNs: 20e6 }), { cpu: f("cpu", "int") }, { n: ["count"] }),
    includeSelf: true,
  });
  using faults = engine.open(
    spec(events({ kind: "software", event: "page-faults", period: 1 }), {}, { n: ["count"] }, isCalls),
  );
  const perf = await output("perf", ["stat", "-x,", "-e", "page-faults", path, "1"]);
  await ticks.wait(500);
  const rows = recordsOf(ticks.finish().batch);
  assert.equal(rows.length, 1);
  assert.ok(Number(rows[0].n) >= 5, JSON.stringify(rows));
  const [{ n }] = recordsOf(faults.finish().batch);
  const theirs = Number(/^(\d+),/m.exec(perf?.err ?? "")?.[1]);
  if (!theirs) return skip("perf is not installed");
  // perf counts from the exec on; the name is new a few faults later.
  assert.ok(Number(n) <= theirs && Number(n) >= theirs * 0.5, `${n} of ${theirs}`);
});

Deno.test("an iterator sees every thread once, and reads it as /proc does", () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const stream: ProbeSpec = {
    source: events({ kind: "iter", target: "task" }),
    steps: [],
    output: {
      kind: "stream",
      fields: named({ pid: f("pid", "pid"), tid: f("tid", "tid"), ppid: f("ppid", "pid"), comm: f("comm", "string") }),
      ringBytes: 1 << 20,
    },
    includeSelf: true,
  };
  const support = engine.supports(stream);
  if (!support.ok) return skip(support.reason);
  /** What /proc says of every thread, kernel workers without their names, to which it adds what they do. */
  const look = (): Map<number, unknown[]> =>
    new Map(
      host.pids().flatMap((pid) =>
        host.threads(pid).flatMap((tid): [number, unknown[]][] => {
          const stat = host.processStat(pid, tid);
          return stat ? [[tid, [pid, stat.ppid, stat.ppid === 2 || pid === 2 ? "" : stat.comm]]] : [];
        })
      ),
    );
  const before = look();
  using session = engine.open(stream);
  const rows = recordsOf(session.finish().batch);
  const after = look();
  assert.equal(new Set(rows.map((r) => r.tid)).size, rows.length);
  const same = rows.filter((r) =>
    JSON.stringify(before.get(Number(r.tid))) === JSON.stringify(after.get(Number(r.tid)))
  );
  for (const r of same) {
    const stat = before.get(Number(r.tid));
    if (stat) assert.deepEqual([r.pid, r.ppid, stat[2] === "" ? "" : r.comm], stat);
  }
  // Threads that were there all the time are all seen, but those of processes that a guard of the machine hides even
  // from root.
  const hidden = (pid: unknown): boolean => {
    try {
      Deno.readLinkSync(`/proc/${pid}/ns/pid`);
      return false;
    } catch (error) {
      return error instanceof Deno.errors.PermissionDenied;
    }
  };
  const stayed = [...before].filter(([tid, [pid]]) => after.has(tid) && !hidden(pid)).map(([tid]) => tid);
  const seen = new Set(rows.map((r) => r.tid));
  assert.ok(stayed.length >= 10);
  assert.deepEqual(stayed.filter((tid) => !seen.has(tid)), []);
});

Deno.test("XDP counts the packets of an interface and lets them through", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  if (!hasCapability(CAP.NET_ADMIN)) return skip("CAP_NET_ADMIN is missing");
  const listener = createSocket("udp4");
  const sender = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => listener.bind(0, "127.0.0.1", resolve));
    using session = engine.open(
      spec(events({ kind: "xdp", interface: "lo" }), { len: f("args.len", "bytes") }, { n: ["count"] }),
    );
    for (let i = 0; i < 25; i++) {
      const arrived = new Promise<void>((resolve) => listener.once("message", () => resolve()));
      sender.send(new Uint8Array(1111), listener.address().port, "127.0.0.1");
      await arrived;
    }
    const rows = recordsOf(session.finish().batch);
    // Ethernet 14, IP 20, UDP 8 bytes of headers.
    assert.deepEqual(rows.filter((r) => r.len === 1153), [{ len: 1153, n: 25 }]);
  } finally {
    listener.close();
    sender.close();
  }
});

Deno.test("a control group is a filter and a key", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mountinfo"))?.[1];
  if (!mount) return skip("cgroup v2 is not mounted");
  const name = `sonde_test_${Deno.pid}`;
  try {
    Deno.mkdirSync(`${mount}/${name}`);
  } catch (error) {
    return skip(`no control group can be made: ${(error as Error).message}`);
  }
  try {
    const cgroup = f("cgroup", "string");
    const source = events({ kind: "tracepoint", category: "syscalls", name: "sys_enter_getppid" });
    using filtered = engine.open(spec(source, { cgroup }, { n: ["count"] }, bin("==", cgroup, literal(`/${name}`))));
    using keyed = engine.open(spec(source, { cgroup }, { n: ["count"] }));
    const script =
      `import os\nfor i in range(33): os.getppid()\nopen("${mount}/${name}/cgroup.procs", "w").write(str(os.getpid()))
for i in range(44): os.getppid()`;
    const ran = await output("python3", ["-c", script]);
    if (!ran || ran.code !== 0) return skip("python3 cannot move itself into a control group");
    assert.deepEqual(recordsOf(filtered.finish().batch), [{ cgroup: `/${name}`, n: 44 }]);
    const rows = recordsOf(keyed.finish().batch);
    assert.equal(rows.find((r) => r.cgroup === `/${name}`)?.n, 44);
    assert.ok(rows.filter((r) => r.cgroup !== `/${name}`).reduce((n, r) => n + Number(r.n), 0) >= 33);
  } finally {
    Deno.removeSync(`${mount}/${name}`);
  }
});

Deno.test("the perf buffer gives the rows of the ring buffer, in the order of time", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const perf = bpfEngine(host, "perf");
  const path = await program();
  if (path === null) return skip("gcc is not installed");
  const stream: ProbeSpec = {
    source: events({ kind: "uprobe", path, symbol: "outer" }),
    steps: [],
    output: {
      kind: "stream",
      fields: named({ time: f("time", "time"), n: f("args.0", "int u"), comm: f("comm", "string") }),
      ringBytes: 1 << 16,
    },
    includeSelf: false,
  };
  using a = engine.open(stream);
  using b = perf.open(stream);
  await output(path, ["200"]);
  const rows = (s: typeof a): unknown[] => recordsOf(s.finish().batch).map((r) => [r.n, r.comm]);
  const [mine, theirs] = [rows(a), rows(b)];
  assert.equal(mine.length, 600);
  assert.deepEqual(theirs, mine);
});

Deno.test("a perf buffer that is not read loses events, and counts them", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const stream: ProbeSpec = {
    source: events({ kind: "raw_tracepoint", name: "sys_enter" }),
    steps: [],
    output: {
      kind: "stream",
      fields: named({ id: f("args.id", "int"), comm: f("comm", "string") }),
      ringBytes: 1 << 16,
    },
    includeSelf: false,
  };
  const countAll = spec(events({ kind: "raw_tracepoint", name: "sys_enter" }), {}, { n: ["count"] });
  using count = engine.open(countAll);
  using session = bpfEngine(host, "perf").open(stream);
  await output("dd", ["if=/dev/zero", "of=/dev/null", "bs=1", "count=100000"]);
  const { batch, quality } = session.finish();
  const [{ n }] = recordsOf(count.finish().batch);
  assert.ok(quality.lost > 100_000 && batch.length > 100, `${batch.length} + ${quality.lost}`);
  assert.deepEqual(quality.lost_by, { ring: quality.lost });
  assert.ok(batch.length + quality.lost <= Number(n) && batch.length + quality.lost >= 200_000);
});
