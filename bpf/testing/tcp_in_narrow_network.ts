/**
 * Run in a network namespace of its own: makes a loopback device that drops what comes too fast, sends 300,000 bytes, and
 * prints what the kernel and `tcp_flow` say of retransmissions. Not a test itself: it needs a namespace.
 *
 * @module
 */
import { recordsOf } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { startTcpFlow } from "../programs/tcp_flow.ts";
import { output } from "./run.ts";
import { finish, listen, send } from "./tcp_traffic.ts";

await need("ip", ["link", "set", "lo", "mtu", "1500", "up"]);
await need("tc", ["qdisc", "add", "dev", "lo", "root", "tbf", "rate", "8mbit", "burst", "3000", "limit", "9000"]);

const host = openHost();
using server = listen("127.0.0.1", 0);
using flow = startTcpFlow({ host });
const before = host.netCounters().get("Tcp.RetransSegs")!;
const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
await send(connection, 300_000);
await finish(connection);
let rows = recordsOf(flow.read());
while (rows.length < 2 || rows.some((row) => row.closed !== 1)) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  rows = recordsOf(flow.read());
}
const kernel = host.netCounters().get("Tcp.RetransSegs")! - before;
const ours = rows.reduce((n, row) => n + Number(row.retransmits), 0);
console.log(JSON.stringify({ kernel, ours, sent: rows.find((row) => row.side === "client")!.sent }));
Deno.exit(0);

async function need(command: string, args: string[]): Promise<void> {
  const done = await output(command, args);
  if (done?.code === 0) return;
  console.log(`SKIP ${command} ${args.join(" ")}: ${done ? done.err.trim() : "not installed"}`);
  Deno.exit(0);
}
