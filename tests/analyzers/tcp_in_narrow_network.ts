/**
 * Run in a network namespace of its own: makes a loopback device that drops what comes too fast, sends 300,000 bytes,
 * tries a port where nobody is and an address where nobody answers, and prints what the kernel, ss, bpftrace and
 * `tcp_latency` say of it. Not a test itself: it needs a namespace.
 *
 * @module
 */
import { openHost } from "../../core/host/mod.ts";
import { bpftraceMaps, bpftraceRun } from "../bpftrace_oracle.ts";
import { startTcpLatency } from "../../bpf/programs/tcp_latency.ts";
import { output } from "../../bpf/testing/run.ts";
import { finish, listen, send } from "../../bpf/testing/tcp_traffic.ts";

await need("ip", ["link", "set", "lo", "mtu", "1500", "up"]);
// What is sent there comes back, is nobody's, and is dropped.
await need("ip", ["route", "add", "10.99.0.0/16", "dev", "lo"]);
await need("tc", ["qdisc", "add", "dev", "lo", "root", "tbf", "rate", "8mbit", "burst", "3000", "limit", "9000"]);

const host = openHost();
const COUNTERS = ["Tcp.RetransSegs", "Tcp.ActiveOpens", "Tcp.PassiveOpens", "Tcp.AttemptFails"];
const look = (): number[] => COUNTERS.map((name) => host.netCounters().get(name)!);
using server = listen("127.0.0.1", 0);
let measured: Record<string, unknown> = {};
const work = async (): Promise<void> => {
  measured = await measure();
};
const theirs = await bpftraceRun(
  `tracepoint:tcp:tcp_retransmit_skb /args->dport == ${server.port}/ { @again = count(); }
   tracepoint:tcp:tcp_probe /args->dport == ${server.port} && args->srtt > 0/ { @rtts = count(); @max = max(args->srtt); }`,
  { json: true, work },
);
if (theirs === null) await work();
const bpftrace = theirs && bpftraceMaps(theirs.stdout);
console.log(JSON.stringify({ ...measured, bpftrace, port: server.port }));
Deno.exit(0);

async function measure(): Promise<Record<string, unknown>> {
  using running = startTcpLatency({ host, pid: 0, includeSelf: true });
  const before = look();
  // One SYN, and one more after a second.
  const unanswered = output("timeout", ["1.5", "bash", "-c", "exec 3<>/dev/tcp/10.99.0.1/80"]);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await send(connection, 300_000);
  // Until all of it is acknowledged: then the kernel's figures stand still, and ss has those that we read.
  let ss = "";
  do {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ss = (await output("ss", ["-tinH", "dport", "=", `:${server.port}`]))?.out ?? "";
  } while (/ESTAB +\d+ +[1-9]/.test(ss) || /unacked:/.test(ss));
  const { peers: open } = (await running.read()).tables;
  await finish(connection);
  await Deno.connect({ hostname: "127.77.0.9", port: 1 }).catch(() => {});
  await unanswered;
  for (;;) {
    const ours = (await running.read()).tables.peers.filter((r) => r.port === server.port);
    if (ours.length === 2 && ours.every((r) => r.closed === 1)) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  running.stop();
  const kernel = Object.fromEntries(look().map((n, i) => [COUNTERS[i], n - before[i]]));
  const { tables, quality } = await running.read();
  return { kernel, ss, open, tables, lost: quality.lost };
}

async function need(command: string, args: string[]): Promise<void> {
  const done = await output(command, args);
  if (done?.code === 0) return;
  console.log(`SKIP ${command} ${args.join(" ")}: ${done ? done.err.trim() : "not installed"}`);
  Deno.exit(0);
}
