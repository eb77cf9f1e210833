import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import { skip } from "../../tests/skip.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { output } from "../testing/run.ts";
import { finish, listen, send } from "../testing/tcp_traffic.ts";
import type { RunningAnalyzer } from "./analyzer.ts";
import { startTcpLatency, type TcpLatencyOptions } from "./tcp_latency.ts";

const host = openHost();

type Row = Readonly<Record<string, unknown>>;

function start(options: Partial<TcpLatencyOptions> = {}): RunningAnalyzer {
  return startTcpLatency({ host, pid: 0, includeSelf: true, ...options });
}

/** Rows of one port, the client's first. */
async function rowsOf(running: RunningAnalyzer, table: string, port: number): Promise<Row[]> {
  const rows = (await running.read()).tables[table].filter((row) => row.port === port);
  return rows.sort((a, b) => String(a.side) < String(b.side) ? -1 : 1);
}

/** Reads until all connections to a port have closed on the sides that are looked at: the kernel ends them after the program. */
async function closedRows(running: RunningAnalyzer, port: number, closed: number, side = /./): Promise<Row[]> {
  for (let look = 0;; look++) {
    const rows = (await rowsOf(running, "peers", port)).filter((row) => side.test(String(row.side)));
    if (rows.length > 0 && rows.every((row) => Number(row.closed) >= closed)) return rows;
    assert.ok(look < 3000, `not closed: ${JSON.stringify(rows)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

for (const [hostname, peer] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::ffff:127.0.0.1", "127.0.0.1"]]) {
  Deno.test(`what was sent to ${hostname} and came back is counted to the byte, on both sides`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    using server = listen(hostname.startsWith("::ffff") ? "::" : hostname, 4321);
    using running = start();
    for (const bytes of [1_000_000, 1]) {
      const connection = await Deno.connect({ hostname, port: server.port });
      await send(connection, bytes);
      assert.equal(await finish(connection), 4321);
    }
    const [client, own, ...more] = await closedRows(running, server.port, 2);
    const common = { peer, local: peer, port: server.port, connections: 2, opened: 2, closed: 2, failed: 0 };
    // The server's process is known because it has read.
    const process = { pid: Deno.pid, comm: "deno" };
    same(client, { ...common, ...process, side: "client", sent: 1_000_001, received: 8642 });
    same(own, { ...common, ...process, side: "server", sent: 8642, received: 1_000_001, connect: null });
    assert.deepEqual(more, []);
    assert.ok(Number(client.connect) > 0 && Number(client.lifetime) > 0);
    for (const row of [client, own]) {
      ascending(row.rtt_p50, row.rtt_p99, row.rtt_max);
      ascending(row.min_rtt, row.rtt_max);
      ascending(row.rtt, row.rtt_max);
      assert.ok(Number(row.rtts) >= 2);
    }
    const [connects] = await rowsOf(running, "connects", server.port);
    same(connects, { ...process, peer, local: peer, attempts: 2, opened: 2, failed: 0, connect: client.connect });
    ascending(connects.connect_p50, connects.connect_p99, connects.connect_max);
    assert.deepEqual((await running.read()).quality.lost_by, {});
  });
}

Deno.test("of a connection that was there before, only what it carries meanwhile counts; ss agrees", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 0);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await send(connection, 5000);
  try {
    using running = start();
    if (running.variant === "events") return skip("the kernel has no iterator over TCP sockets");
    await send(connection, 12_345);
    const arrived = async (): Promise<boolean> => {
      const [client, own] = await rowsOf(running, "peers", server.port);
      // The kernel has it before the process has read it.
      const isRead = running.variant !== "walking" || own?.pid !== null;
      return own?.received === 12_345 && client.sent === 12_345 && isRead;
    };
    while (!await arrived()) await new Promise((resolve) => setTimeout(resolve, 2));
    running.stop();
    const [client, own] = await rowsOf(running, "peers", server.port);
    same(client, { side: "client", connections: 1, opened: 0, closed: 0, sent: 12_345, received: 0, lifetime: null });
    // It began before, so the side was learned from the ports that are listened on, and its process by its reading, or
    // ours by its writing.
    same(own, { side: "server", connections: 1, opened: 0, sent: 0, received: 12_345 });
    if (running.variant === "walking") same(own, { pid: Deno.pid });
    same(client, { pid: running.variant === "walking" ? Deno.pid : null });
    const ss = await ssOf(server.port);
    if (ss === null) return;
    assert.match(ss, new RegExp(`bytes_acked:${5000 + 12_345 + 1} `));
    assert.equal(Number(client.min_rtt), Math.round(figure(ss, "minrtt") * 1e6));
  } finally {
    connection.close();
  }
});

Deno.test("the round trip of a connection that was idle all the time is that of ss", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 0);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  try {
    await send(connection, 5000);
    let ss = await ssOf(server.port);
    while (ss?.includes("unacked:")) ss = await ssOf(server.port);
    if (ss === null) return;
    using running = start();
    if (running.variant === "events") return skip("the kernel has no iterator over TCP sockets");
    running.stop();
    const [client] = await rowsOf(running, "peers", server.port);
    // srtt_us is in eighths of a microsecond; ss writes three digits of milliseconds, we whole microseconds.
    const us = figure(ss, "rtt") * 1000;
    assert.ok(Math.abs(Number(client.rtt) / 1000 - us) <= 1, `${client.rtt} ns, ss: ${us} us`);
    same(client, { rtts: 1, rtt_p50: client.rtt, rtt_max: client.rtt, segments: 0, connections: 1 });
  } finally {
    connection.close();
  }
});

Deno.test("a refused attempt is a failure of the peer's port, by the process that tried", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const { port } = listenAndClose();
  using running = start();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
  const [client] = await rowsOf(running, "peers", port);
  const who = { peer: "127.0.0.1", pid: Deno.pid };
  same(client, { ...who, side: "client", connections: 0, opened: 0, closed: 0, failed: 1, rtt: null });
  const [connects] = await rowsOf(running, "connects", port);
  same(connects, { ...who, attempts: 1, opened: 0, failed: 1, refused: 1, timed_out: 0, connect: null });
});

Deno.test("only the connections of the process that is asked for count; sonde's own only when asked for", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 10);
  const child = new Deno.Command("bash", {
    args: ["-c", `read; exec 3<>/dev/tcp/127.0.0.1/${server.port}; echo hello >&3`],
    stdin: "piped",
  }).spawn();
  using theirs = startTcpLatency({ host, pid: child.pid });
  using others = startTcpLatency({ host, pid: 0 });
  await finish(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("\n"));
  await writer.close();
  await child.status;
  for (const running of [theirs, others]) {
    const [client] = await closedRows(running, server.port, 1, /client/);
    same(client, { pid: child.pid, comm: "bash", connections: 1, closed: 1, sent: 6 });
    const connects = await rowsOf(running, "connects", server.port);
    assert.deepEqual(connects.map((r) => [r.pid, r.attempts]), [[child.pid, 1]]);
  }
  assert.deepEqual((await rowsOf(theirs, "peers", server.port)).map((r) => r.side), ["client"]);
});

Deno.test("connections that nobody has accepted wait in the queue, as many as ss says", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const open: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 3; i++) open.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    using running = start();
    if (running.variant === "events") return skip("the kernel has no iterator over TCP sockets");
    const [row] = await rowsOf(running, "listeners", port);
    const ss = await output("ss", ["-ltnH", "sport", "=", `:${port}`]);
    if (ss === null) return skip("ss is not installed");
    const [, waiting, room] = ss.out.trim().split(/\s+/).map(Number);
    same(row, { local: "127.0.0.1", waiting: 3 });
    if (room === 0) return skip("this kernel tells ss nothing of queues (no tcp_diag)");
    assert.deepEqual([waiting, room], [row.waiting, row.room]);
  } finally {
    open.forEach((c) => c.close());
    listener.close();
  }
});

Deno.test("without the iterator the figures say what they lack", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 10);
  const old = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  using running = start({ variant: "events" });
  await finish(old);
  await finish(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  const rows = await closedRows(running, server.port, 1);
  const client = rows.find((row) => row.side === "client" && Number(row.opened) > 0)!;
  assert.ok(Number(client.received) >= 10);
  const { quality, tables } = await running.read();
  assert.match(quality.notes[0], /^What connections have carried that are open still/);
  assert.equal(tables.listeners, undefined);
});

Deno.test("more connections than there is room for are counted as lost, and nothing is left open", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 1);
  const descriptors = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const open = [];
  const before = descriptors();
  {
    using running = start({ maxEntries: 1 });
    for (let i = 0; i < 4; i++) open.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    assert.ok((await running.read()).quality.lost_by.connections_full > 0);
  }
  // Both ends of ours. That ours is open does not say that the other one has been accepted.
  while (server.accepted() < open.length) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(descriptors(), before + 2 * open.length);
  for (const connection of open) await finish(connection);
});

Deno.test("in a network that drops, the figures are those of the kernel's counters, of ss and of bpftrace", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const script = new URL("../../tests/analyzers/tcp_in_narrow_network.ts", import.meta.url).pathname;
  const found = await output("unshare", ["-n", Deno.execPath(), "run", "-A", "--quiet", script]);
  if (found === null) return skip("unshare is not installed");
  if (found.out.startsWith("SKIP ")) return skip(found.out.slice(5).trim());
  assert.equal(found.code, 0, found.err);
  const { kernel, ss, open, tables, bpftrace, port, lost } = JSON.parse(found.out);
  const peers = tables.peers as Row[], connects = tables.connects as Row[], again = tables.retransmits as Row[];
  const client = peers.find((row) => row.port === port && row.side === "client")!;
  const sum = (rows: readonly Row[], name: string): number => rows.reduce((n, row) => n + Number(row[name]), 0);
  assert.equal(lost, 0);

  assert.ok(Number(client.retransmits) > 10);
  // Other network namespaces are counted too, and may have been busy: those that this one has not.
  const here = (row: Row): boolean => row.port === port || row.peer === "127.77.0.9" || row.peer === "10.99.0.1";
  assert.equal(sum(peers.filter(here), "retransmits"), kernel["Tcp.RetransSegs"]);
  assert.equal(sum(again.filter(here), "segments"), kernel["Tcp.RetransSegs"]);
  assert.equal(sum(connects.filter(here), "attempts"), kernel["Tcp.ActiveOpens"]);
  assert.equal(sum(peers.filter((r) => here(r) && r.side === "server"), "opened"), kernel["Tcp.PassiveOpens"]);
  assert.equal(client.sent, 300_000);

  const unanswered = again.find((row) => row.peer === "10.99.0.1")!;
  same(unanswered, { kind: "syn", state: "syn sent", comm: "bash", segments: 1, port: 80 });
  same(connects.find((row) => row.peer === "10.99.0.1")!, { comm: "bash", attempts: 1, failed: 1, refused: 0 });

  // While it was open, all acknowledged, ss looked at the same connection.
  const then = (open as Row[]).find((row) => row.port === port && row.side === "client")!;
  if (ss.includes("data_segs_out")) {
    assert.equal(then.segments, figure(ss, "data_segs_out"));
    assert.equal(then.retransmits, Number(/retrans:\d+\/(\d+)/.exec(ss)![1]));
    assert.equal(then.min_rtt, Math.round(figure(ss, "minrtt") * 1e6));
  }
  if (bpftrace === null) return;
  assert.equal(sum(again.filter((r) => r.port === port), "events"), bpftrace["@again"]);
  // bpftrace sees each segment that arrives; the last one's acknowledgement only we see, at the end.
  assert.ok(Number(client.rtt_max) >= bpftrace["@max"] * 1000);
  assert.ok(Math.abs(Number(client.rtts) - bpftrace["@rtts"]) <= 0.2 * bpftrace["@rtts"], `${client.rtts}`);
});

/** What ss tells of the client's end of connections to a port; null, with the reason printed, when it tells nothing. */
async function ssOf(port: number): Promise<string | null> {
  const ss = await output("ss", ["-tinH", "dport", "=", `:${port}`]);
  const why = ss === null
    ? "ss is not installed"
    : ss.out.includes("bytes_acked")
    ? ""
    : "this kernel tells ss nothing of connections (no tcp_diag)";
  if (why) skip(why);
  return why ? null : ss!.out;
}

function figure(ss: string, name: string): number {
  return Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(ss)![1]);
}

function listenAndClose(): { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return { port };
}

function same(row: Row, expected: Row): void {
  for (const [name, value] of Object.entries(expected)) assert.equal(row[name], value, name);
}

function ascending(...values: readonly unknown[]): void {
  values.reduce((a, b) => {
    assert.ok(Number(a) <= Number(b), `${values}`);
    return b;
  });
}
