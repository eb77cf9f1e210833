import assert from "node:assert/strict";
import { type Cell, recordsOf } from "../core/data/mod.ts";
import { perfEngine } from "../core/engine/mod.ts";
import { openHost } from "../core/host/mod.ts";
import {
  adaptLiteral,
  callType,
  type Expr,
  isProblem,
  literal,
  MAX_IN_FLIGHT,
  type ProbeSpec,
  type SourceSpec,
  valueType,
} from "../core/query/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { compileC } from "../tests/compile_c.ts";
import { skip } from "../tests/skip.ts";
import { bpfEngine, probeField, probeFields } from "./mod.ts";
import { output } from "./testing/run.ts";
import { aggregate, bin, f, named, point, stream } from "./testing/specs.ts";
import { finish, listen, send } from "./testing/tcp_traffic.ts";

const host = openHost();
const engine = bpfEngine(host);
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
const SET_STATE = "tracepoint:sock:inet_sock_set_state";
/** include/net/tcp_states.h */
const TCP_ESTABLISHED = 1, TCP_CLOSE = 7;

function call(fn: string, ...args: Expr[]): Expr {
  const t = callType(fn, args.map((a) => a.t));
  assert.ok(!isProblem(t), isProblem(t) ? t.error : "");
  return { op: "call", fn, args, t };
}

const address = (text: string): Expr => adaptLiteral(literal(text), valueType("ip"));
const rowsOf = (batch: Parameters<typeof recordsOf>[0]): Cell[][] =>
  recordsOf(batch).map((r) => Object.values(r) as Cell[]);

/** One connection to a server of ours, which answers `answer` bytes to `bytes`. @returns the two ports */
async function talk(hostname: string, bytes: number, answer: number): Promise<{ client: number; server: number }> {
  using server = listen(hostname, answer);
  const connection = await Deno.connect({ hostname, port: server.port });
  const client = (connection.localAddr as Deno.NetAddr).port;
  await send(connection, bytes);
  assert.equal(await finish(connection), answer);
  return { client, server: server.port };
}

/** Whether this machine has IPv6 on its loopback. */
function hasIPv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("addresses in a tracepoint's record are those that sockets were connected to, in bpf and perf alike", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  if (!probeFields(point(SET_STATE), host)) return skip("there is no tracepoint sock:inet_sock_set_state");
  if (!hasIPv6()) return skip("there is no IPv6 here");
  const dport = f("args.dport", "int u");
  const spec = stream([SET_STATE], {
    saddr6: f("args.saddr_v6", "ip"),
    daddr: f("args.daddr", "ip"),
    daddr6: f("args.daddr_v6", "ip"),
    dport,
  }, {
    filter: bin("==", f("args.newstate", "int"), literal(TCP_ESTABLISHED)),
    includeSelf: true,
  });
  for (const e of [engine, perfEngine(host)]) {
    assert.deepEqual(e.supports(spec), { ok: true, accuracy: "exact" });
    using session = e.open(spec);
    const four = await talk("127.0.0.1", 100, 10);
    const six = await talk("::1", 100, 10);
    const { batch, quality } = session.finish();
    assert.deepEqual([quality.lost, batch.fields.map((x) => x.type)], [0, ["ip", "ip", "ip", "int"]]);
    const of = (port: number): Cell[][] => rowsOf(batch).filter((r) => Number(r[3]) === port).map((r) => r.slice(0, 3));
    // An IPv4 address stands in both fields, of IPv6 sockets the kernel leaves what it likes in the one of IPv4.
    for (const port of Object.values(four)) assert.deepEqual(of(port), [["127.0.0.1", "127.0.0.1", "127.0.0.1"]]);
    for (const port of Object.values(six)) assert.deepEqual(of(port).map((r) => [r[0], r[2]]), [["::1", "::1"]]);
  }
});

Deno.test("addresses are keys in the kernel, and compared there by their bytes, in any spelling", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  if (!probeFields(point(SET_STATE), host)) return skip("there is no tracepoint sock:inet_sock_set_state");
  const daddr = f("args.daddr_v6", "ip");
  const established = bin("==", f("args.newstate", "int"), literal(TCP_ESTABLISHED));
  const count = (filter: Expr): ReturnType<typeof engine.open> =>
    engine.open(
      aggregate([SET_STATE], { daddr, port: f("args.dport", "int u") }, { n: ["count"], some: ["count", daddr] }, {
        filter: bin("and", established, filter),
        includeSelf: true,
      }),
    );
  using same = count(bin("==", daddr, address("::ffff:127.0.0.1")));
  using among = count({
    op: "in",
    arg: daddr,
    list: [address("10.0.0.1"), address("127.0.0.1")],
    t: valueType("bool"),
  });
  using other = count(bin("!=", daddr, address("127.0.0.1")));
  using odd = count(bin("==", daddr, literal("127.0.0.01")));
  const { client, server } = await talk("127.0.0.1", 1, 1);
  const mine = (s: typeof same): Cell[][] =>
    rowsOf(s.finish().batch).filter((r) => [client, server].includes(Number(r[1])))
      .sort((a, b) => Number(a[1]) - Number(b[1]));
  const both = [client, server].sort((a, b) => a - b).map((port) => ["127.0.0.1", port, 1, 1]);
  assert.deepEqual(mine(same), both);
  assert.deepEqual(mine(among), both);
  assert.deepEqual(mine(other), []);
  assert.deepEqual(mine(odd), []);
});

Deno.test("socket addresses in a record: of either family", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const probe = "tracepoint:tcp:tcp_probe";
  if (probeField(point(probe), "args.saddr", host) === null) return skip("there is no tracepoint tcp:tcp_probe");
  if (!hasIPv6()) return skip("there is no IPv6 here");
  const keys = { saddr: f("args.saddr", "ip"), daddr: f("args.daddr", "ip"), port: f("args.dport", "int u") };
  for (const e of [engine, perfEngine(host)]) {
    using session = e.open(aggregate([probe], keys, { n: ["count"] }, { includeSelf: true }));
    const four = await talk("127.0.0.1", 1000, 10);
    const six = await talk("::1", 1000, 10);
    const rows = rowsOf(session.finish().batch);
    const of = (port: number): Cell[][] => rows.filter((r) => Number(r[2]) === port).map((r) => r.slice(0, 2));
    assert.deepEqual(of(four.server), [["127.0.0.1", "127.0.0.1"]]);
    assert.deepEqual(of(six.server), [["::1", "::1"]]);
  }
});

Deno.test("members of a socket: its addresses, its port in network order, and as struct tcp_sock what it carried", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const raw = point("raw_tracepoint:inet_sock_set_state");
  const typed = probeField(raw, "args.sk.(tcp_sock).bytes_acked", host);
  if (typed === null || typeof typed === "string") return skip(`the kernel's types have no such member: ${typed}`);
  const common = "args.sk.__sk_common";
  const fields = {
    daddr: call("ip", f(`${common}.skc_daddr`, "int u")),
    daddr6: f(`${common}.skc_v6_daddr`, "ip"),
    dport: call("ntohs", f(`${common}.skc_dport`, "int u")),
    acked: f("args.sk.(tcp_sock).bytes_acked", "int u"),
    received: f("args.sk.(tcp_sock).bytes_received", "int u"),
    newstate: f("args.newstate", "int"),
  };
  using session = engine.open(stream(["raw_tracepoint:inet_sock_set_state"], fields, { includeSelf: true }));
  const { server } = await talk("127.0.0.1", 5000, 777);
  const six = hasIPv6() ? await talk("::1", 3000, 55) : null;
  const closed = rowsOf(session.finish().batch).filter((r) => Number(r[5]) === TCP_CLOSE);
  // The first and the last of the numbers are the SYN and the FIN (RFC 9293, 3.4).
  const [four] = closed.filter((r) => Number(r[2]) === server);
  assert.deepEqual([four[0], four[3], four[4]], ["127.0.0.1", 5002, 778]);
  if (!six) return skip("the other half: there is no IPv6 here");
  const [row] = closed.filter((r) => Number(r[2]) === six.server);
  assert.deepEqual([row[1], row[3], row[4]], ["::1", 3002, 56]);
});

Deno.test("ksym() is the kernel's symbol at the address, also where several addresses have one", async () => {
  if (!privileged || !hasCapability(CAP.SYSLOG)) return skip("CAP_BPF, CAP_PERFMON or CAP_SYSLOG is missing");
  const probe = "tracepoint:timer:hrtimer_start";
  if (!probeFields(point(probe), host)) return skip("there is no tracepoint timer:hrtimer_start");
  const at = f("args.function", "address");
  const keys = { at, name: call("ksym", at), inside: call("ksym", bin("+", at, literal(1))) };
  using session = engine.open(aggregate([probe], keys, { n: ["count"], named: ["count", call("ksym", at)] }));
  using byName = engine.open(
    aggregate([probe], {
      name: call("ksym", call("if", bin("==", f("cpu", "int"), literal(0)), at, bin("+", at, literal(1)))),
    }, {
      n: ["count"],
    }),
  );
  // A sleep sets such a timer: hrtimer_wakeup.
  await output("sleep", ["0.01"]);
  const rows = recordsOf(session.finish().batch);
  const symbols = await Deno.readTextFile(host.path("kallsyms"));
  const first = rows.find((r) => r.name === "hrtimer_wakeup");
  assert.ok(first && Number(first.n) >= 1, JSON.stringify(rows, (_, v) => typeof v === "bigint" ? `${v}` : v));
  for (const { at, name, inside, n, named } of rows) {
    const line = `${BigInt.asUintN(64, BigInt(at as bigint)).toString(16)} `;
    const names = symbols.split("\n").filter((l) => l.startsWith(line)).map((l) => l.split(/\s/)[2]);
    assert.ok(names.includes(String(name)), `${name} is none of ${names}`);
    assert.deepEqual([inside, named], [name, n]);
  }
  const names = recordsOf(byName.finish().batch).map((r) => r.name);
  assert.equal(new Set(names).size, names.length, "addresses in one function are one key");
});

const THREADS = `
#include <pthread.h>
#include <stdio.h>
void *worker_one(void *x) { return x; }
void *worker_two(void *x) { return x; }
__attribute__((noinline, noclone)) void begin(void *(*f)(void *), const char *label) {
  pthread_t t;
  pthread_create(&t, 0, f, (void *)label);
  pthread_join(t, 0);
}
int main(void) {
  /* On the stack: a page of constants that nobody has read yet cannot be read by a program either. */
  char one[] = "one", two[] = "two";
  begin(worker_one, one);
  begin(worker_two, two);
  begin(worker_one, one);
  getchar();
  return 0;
}`;

Deno.test("usym() is the program's function at the address, and str() of a register is the text it points to", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dir = await Deno.makeTempDir();
  const path = `${dir}/sonde_threads`;
  if (!await compileC(THREADS, path, ["-O1", "-lpthread"])) return skip("gcc is not installed");
  const register = (i: number): Expr => ({ ...f(`args.${i}`, "int u"), t: { ...valueType("int", true), bare: true } });
  const spec: ProbeSpec = {
    source: { kind: "event", probes: [{ kind: "uprobe", path, symbol: "begin" }] },
    steps: [],
    output: {
      kind: "aggregate",
      keys: named({
        f: call("usym", register(0), f("pid", "pid")),
        label: call("str", register(1)),
        none: call("usym", literal(16), f("pid", "pid")),
      }),
      aggregates: [{ name: "n", fn: "count", args: [] }],
      maxKeys: 100,
    },
    includeSelf: false,
  };
  using session = engine.open(spec);
  const child = new Deno.Command(path, { stdin: "piped", stdout: "null" }).spawn();
  // When it waits for input it has run everything, and its mappings are still there to name its code by.
  await untilItWaits(child.pid);
  const rows = rowsOf(session.finish().batch).sort((a, b) => String(a[0]) < String(b[0]) ? -1 : 1);
  await child.stdin.close();
  await child.status;
  await Deno.remove(dir, { recursive: true });
  assert.deepEqual(rows, [["worker_one", "one", "0x10", 2], ["worker_two", "two", "0x10", 1]]);
});

const SAYERS = `
#include <stdlib.h>
#include <string.h>
__attribute__((noinline, noclone)) void say(const char *text) { __asm__ volatile("" : : "r"(text) : "memory"); }
int main(int argc, char **argv) {
  char text[200];
  memset(text, argv[1][0], sizeof text);
  text[sizeof text - 1] = 0;
  for (int i = atoi(argv[2]); i > 0; i--) say(text);
  return 0;
}`;

Deno.test("threads that take a CPU from one another in a probe do not write over one another's texts", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const dir = await Deno.makeTempDir();
  const path = `${dir}/sonde_sayers`;
  if (!await compileC(SAYERS, path, ["-O1"])) return skip("gcc is not installed");
  const register: Expr = { ...f("args.0", "int u"), t: { ...valueType("int", true), bare: true } };
  const said = call("str", register);
  using session = engine.open({
    source: { kind: "event", probes: [{ kind: "uprobe", path, symbol: "say" }] },
    steps: [],
    output: {
      kind: "aggregate",
      keys: named({ pid: f("pid", "pid"), said }),
      aggregates: [{ name: "n", fn: "count", args: [] }],
      maxKeys: 100,
    },
    includeSelf: false,
  });
  const CALLS = 20_000;
  const children = ["a", "b", "c", "d"].map((letter) => ({
    letter,
    child: new Deno.Command("taskset", { args: ["-c", "0", path, letter, String(CALLS)] }).spawn(),
  }));
  for (const { child } of children) assert.ok((await child.status).success);
  const { batch, quality } = session.finish();
  await Deno.remove(dir, { recursive: true });
  const rows = recordsOf(batch);
  for (const { letter, child } of children) {
    assert.deepEqual(rows.filter((r) => r.pid === child.pid).map((r) => r.said), [letter.repeat(199)]);
  }
  assert.equal(rows.reduce((n, r) => n + Number(r.n), 0) + quality.lost, 4 * CALLS);
});

/** Until the process is in the system call read(2). */
async function untilItWaits(pid: number): Promise<void> {
  for (;;) {
    const text = await Deno.readTextFile(`/proc/${pid}/syscall`);
    // On x86-64 the number 0, on aarch64 63.
    if (/^(0|63) 0x0 /.test(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("task.* of calls is taken at the entry, and each side of a span has its own", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  if (typeof probeField(point("raw_tracepoint:sys_enter"), "task.comm", host) === "string") {
    return skip("the kernel has no type information");
  }
  const run = async (source: SourceSpec, keys: Readonly<Record<string, Expr>>, filter: Expr): Promise<Cell[][]> => {
    using session = engine.open({
      source,
      steps: [{ kind: "filter", expr: filter }],
      output: {
        kind: "aggregate",
        keys: named(keys),
        aggregates: [{ name: "n", fn: "count", args: [] }],
        maxKeys: 100,
      },
      includeSelf: false,
    });
    // `env` gives its process another name between two calls of the one process.
    await output("env", ["sleep", "0"]);
    return rowsOf(session.finish().batch);
  };
  const calls = await run(
    { kind: "calls", targets: [{ kind: "syscall", name: "execve" }], maxInFlight: MAX_IN_FLIGHT },
    { was: f("task.comm", "string"), parent: f("task.real_parent.group_leader.comm", "string"), ret: f("ret", "int") },
    bin("and", bin("==", f("task.comm", "string"), literal("env")), bin("==", f("ret", "int"), literal(0))),
  );
  const own = (await Deno.readTextFile("/proc/self/comm")).trim();
  assert.deepEqual(calls, [["env", own, 0, 1]]);
  const span = await run(
    {
      kind: "pair",
      starts: [point("tracepoint:syscalls:sys_enter_execve")],
      ends: [point("tracepoint:syscalls:sys_exit_execve")],
      startKey: [f("tid", "tid")],
      endKey: [f("tid", "tid")],
      cancels: [],
      cancelKey: [],
      maxInFlight: MAX_IN_FLIGHT,
    },
    { was: f("start.task.comm", "string"), is: f("end.task.comm", "string") },
    bin(
      "and",
      bin("==", f("start.task.comm", "string"), literal("env")),
      bin("==", f("end.args.ret", "int"), literal(0)),
    ),
  );
  assert.deepEqual(span, [["env", "sleep", 1]]);
});

Deno.test("a cast leads through addresses of which only the number is known", async () => {
  if (!privileged) return skip("CAP_BPF or CAP_PERFMON is missing");
  const probe = "raw_tracepoint:sched_process_exec";
  const typed = probeField(point(probe), "args.0.(task_struct).pid", host);
  if (typed === null || typeof typed === "string") return skip("the kernel has no type information");
  const keys = {
    same: bin("==", f("args.0.(task_struct).pid", "tid"), f("ktid", "tid")),
    comm: f("args.0.(task_struct).comm", "string"),
  };
  using session = engine.open(aggregate([probe], keys, { n: ["count"] }, {
    filter: bin("==", f("args.0.(task_struct).real_parent.tgid", "tid"), f("args.p.real_parent.tgid", "tid")),
  }));
  await output("true", []);
  const rows = recordsOf(session.finish().batch);
  assert.ok(rows.some((r) => r.comm === "true"), JSON.stringify(rows));
  assert.ok(rows.every((r) => r.same === true || r.same === 1), JSON.stringify(rows));
});
