/**
 * Reading and parsing `/proc/PID/stat` of 1,000 processes: goal 25 ms.
 *
 *     deno bench -A core/host/stat_bench.ts
 */
import { openHost } from "./open_host.ts";
import { parsePidStat } from "./parse_pid_stat.ts";

const COUNT = 1000;
const host = openHost();

/** One shell is the parent of all. They end by themselves if this process is killed. */
const parent = new Deno.Command("sh", {
  args: [
    "-c",
    `i=0; pids=; while [ $i -lt ${COUNT} ]; do sleep 120 & pids="$pids $!"; i=$((i+1)); done; echo $pids; wait`,
  ],
  stdout: "piped",
}).spawn();

let line = "";
const decoder = new TextDecoder();
for await (const chunk of parent.stdout) {
  line += decoder.decode(chunk, { stream: true });
  if (line.endsWith("\n")) break;
}
const pids = line.trim().split(" ").map(Number);

Deno.bench({
  name: `processStat() of ${COUNT} processes`,
  fn: () => {
    for (const pid of pids) host.processStat(pid);
  },
});

Deno.bench({
  name: "pids() among them",
  fn: () => {
    host.pids();
  },
});

const record = Deno.readFileSync("/proc/self/stat");
Deno.bench({
  name: `parsePidStat() ${COUNT} times`,
  fn: () => {
    for (let i = 0; i < COUNT; i++) parsePidStat(record, record.length, { ticksPerSecond: 100, pageSize: 4096 });
  },
});

Deno.bench({
  name: `processSched(pid, pid) of ${COUNT} processes`,
  fn: () => {
    for (const pid of pids) host.processSched(pid, pid);
  },
});

Deno.bench({
  name: `processSched(pid) of ${COUNT} processes`,
  fn: () => {
    for (const pid of pids) host.processSched(pid);
  },
});

Deno.bench({
  name: `processStatus() of ${COUNT} processes`,
  fn: () => {
    for (const pid of pids) host.processStatus(pid);
  },
});

Deno.bench({
  name: `processIo() of ${COUNT} processes`,
  fn: () => {
    for (const pid of pids) host.processIo(pid);
  },
});

// A bench file has no other end hook.
globalThis.addEventListener("unload", () => {
  for (const pid of pids) Deno.kill(pid);
});
