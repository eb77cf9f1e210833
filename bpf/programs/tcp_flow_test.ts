import assert from "node:assert/strict";
import { recordsOf, type Table } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { skip } from "../../tests/skip.ts";
import { libbpfObstacle } from "../testing/libbpf_obstacle.ts";
import { output } from "../testing/run.ts";
import { finish, listen, send } from "../testing/tcp_traffic.ts";
import { startTcpFlow, type TcpFlow } from "./tcp_flow.ts";

const host = openHost();

/** Reads until all connections to a port have closed on both sides: the kernel ends them after the program. */
async function readClosed(flow: TcpFlow, port: number, closed: number): Promise<Table> {
  for (;;) {
    const table = flow.read();
    const rows = recordsOf(table).filter((row) => row.port === port);
    if (rows.length > 0 && rows.every((row) => Number(row.closed) >= closed)) return table;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function rowsOf(table: Table, port: number): Record<string, unknown>[] {
  return recordsOf(table).filter((row) => row.port === port).sort((a, b) => String(a.side) < String(b.side) ? -1 : 1);
}

for (const [hostname, peer] of [["127.0.0.1", "127.0.0.1"], ["::1", "::1"], ["::ffff:127.0.0.1", "127.0.0.1"]]) {
  Deno.test(`what was sent to ${hostname} and came back is counted to the byte, on both sides`, async () => {
    const why = libbpfObstacle();
    if (why) return skip(why);
    using server = listen(hostname.startsWith("::ffff") ? "::" : hostname, 4321);
    using flow = startTcpFlow({ host });
    for (const bytes of [1_000_000, 1]) {
      const connection = await Deno.connect({ hostname, port: server.port });
      await send(connection, bytes);
      assert.equal(await finish(connection), 4321);
    }
    const table = await readClosed(flow, server.port, 2);
    const [client, ...more] = rowsOf(table, server.port);
    const [own] = more;
    const common = { peer, port: server.port, connections: 2, opened: 2, closed: 2, failed: 0 };
    same(client, { ...common, side: "client", sent: 1_000_001, received: 8642 });
    same(own, { ...common, side: "server", sent: 8642, received: 1_000_001, connect: null });
    assert.equal(more.length, 1);
    assert.ok(Number(client.connect) > 0 && Number(client.lifetime) > Number(client.connect));
    assert.ok(Number(client.min_rtt) > 0 && Number(client.min_rtt) <= Number(client.rtt));
    assert.deepEqual(table.quality.lost_by, {});
  });
}

Deno.test("of a connection that was there before, only what it carries meanwhile counts; ss agrees", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 0);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await send(connection, 5000);
  try {
    using flow = startTcpFlow({ host });
    if (flow.variant !== "walking") return skip("the kernel has no iterator over TCP sockets");
    await send(connection, 12_345);
    const arrived = (): boolean => {
      const [client, own] = rowsOf(flow.read(), server.port);
      return own?.received === 12_345 && client.sent === 12_345;
    };
    while (!arrived()) await new Promise((resolve) => setTimeout(resolve, 2));
    flow.stop();
    const [client, own] = rowsOf(flow.read(), server.port);
    same(client, { side: "client", connections: 1, opened: 0, closed: 0, sent: 12_345, received: 0, lifetime: null });
    // It began before, so the side was learned from the ports that are listened on.
    same(own, { side: "server", connections: 1, opened: 0, closed: 0, sent: 0, received: 12_345 });
    const ss = await output("ss", ["-tinH", "dport", "=", `:${server.port}`]);
    if (ss === null) return skip("ss is not installed");
    if (!ss.out.includes("bytes_acked")) return skip("this kernel tells ss nothing of connections (no tcp_diag)");
    assert.match(ss.out, new RegExp(`bytes_acked:${5000 + 12_345 + 1} `));
    const ms = (name: string): number => Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(ss.out)![1]);
    assert.equal(Number(client.min_rtt), Math.round(ms("minrtt") * 1e6));
  } finally {
    connection.close();
  }
});

Deno.test("a refused attempt is a failure of the peer's port", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const { port } = listenAndClose();
  using flow = startTcpFlow({ host });
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
  const [client] = rowsOf(flow.read(), port);
  same(client, { peer: "127.0.0.1", side: "client", connections: 0, opened: 0, closed: 0, failed: 1, rtt: null });
});

Deno.test("peers are put together by a prefix of their address", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("0.0.0.0", 1);
  using flow = startTcpFlow({ host, prefix4: 13 });
  for (const hostname of ["127.1.2.3", "127.7.255.1", "127.8.0.1"]) {
    await finish(await Deno.connect({ hostname, port: server.port }));
  }
  const clients = rowsOf(await readClosed(flow, server.port, 1), server.port).filter((row) => row.side === "client");
  const found = clients.map((row) => [row.peer, row.connections]).sort();
  assert.deepEqual(found, [["127.0.0.0/13", 2], ["127.8.0.0/13", 1]]);
});

Deno.test("without the iterator the figures say what they lack", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 10);
  const old = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  using flow = startTcpFlow({ host, variant: "events" });
  await finish(old);
  await finish(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  const table = await readClosed(flow, server.port, 1);
  same(rowsOf(table, server.port)[0], { side: "client", connections: 1, received: 10 });
  assert.match(table.quality.notes[0], /^Connections that were open before/);
  // Both ends of the old one.
  assert.ok(table.quality.unmatched.ends >= 2);
});

Deno.test("more connections than there is room for are counted as lost", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  using server = listen("127.0.0.1", 1);
  using flow = startTcpFlow({ host, maxConnections: 1, maxPeers: 1 });
  const open = [];
  for (let i = 0; i < 3; i++) open.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  assert.ok(flow.read().quality.lost_by.connections_full > 0);
  for (const connection of open) await finish(connection);
});

Deno.test("retransmissions are those of the kernel's own counter, in a network that drops", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const script = new URL("../testing/tcp_in_narrow_network.ts", import.meta.url).pathname;
  const found = await output("unshare", ["-n", Deno.execPath(), "run", "-A", "--quiet", script]);
  if (found === null) return skip("unshare is not installed");
  if (found.out.startsWith("SKIP ")) return skip(found.out.slice(5).trim());
  assert.equal(found.code, 0, found.err);
  const { kernel, ours, sent } = JSON.parse(found.out) as Record<string, number>;
  assert.ok(kernel > 0);
  assert.equal(ours, kernel);
  assert.equal(sent, 300_000);
});

function listenAndClose(): { port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return { port };
}

function same(row: Record<string, unknown>, expected: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(expected)) assert.equal(row[name], value, name);
}
