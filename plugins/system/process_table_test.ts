import assert from "node:assert/strict";
import { recordsOf, type Table } from "../../core/data/mod.ts";
import { createSondeApi } from "../../cli/sonde_api.ts";
import { processList } from "./process_table.ts";

const signal = new AbortController().signal;
const api = createSondeApi();

Deno.test("list_processes: pids, parents and resident memory are those of ps", async () => {
  // Once it has said so it only waits: nothing about it changes between the two looks.
  const child = new Deno.Command("sh", { args: ["-c", "echo ready; read x"], stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const { processes } = await processList(api, { durationNs: 1e7, sortBy: "pid", topN: Infinity, signal });
  const row = recordsOf(processes as Table).find((r) => r.pid === child.pid);
  const ps = new TextDecoder().decode(
    new Deno.Command("ps", { args: ["-o", "ppid=,rss=,comm=,nlwp=", "-p", String(child.pid)] }).outputSync().stdout,
  ).trim().split(/\s+/);
  assert.deepEqual([row?.ppid, Number(row?.rss) / 1024, row?.comm, row?.threads], [
    Number(ps[0]),
    Number(ps[1]),
    ps[2],
    Number(ps[3]),
  ]);
  assert.match(String(row?.command), /sh -c echo ready; read x$/);
  await child.stdin.close();
  reader.releaseLock();
  await child.stdout.cancel();
  await child.status;
});

Deno.test("list_processes: a comm with parentheses, newlines and escape sequences arrives whole", async () => {
  const child = new Deno.Command("sh", {
    args: ["-c", 'printf "a) R 1\\n\\033[31m" > /proc/$$/comm; echo ready; read x'],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const { processes } = await processList(api, { durationNs: 1e6, sortBy: "cpu", topN: 1, pid: child.pid, signal });
  assert.equal(recordsOf(processes as Table)[0].comm, "a) R 1\n\x1b[31m");
  await child.stdin.close();
  reader.releaseLock();
  await child.stdout.cancel();
  await child.status;
});

Deno.test("list_processes: sonde itself is in the summary, not among the rows", async () => {
  const { processes, summary } = await processList(api, { durationNs: 1e7, sortBy: "pid", topN: Infinity, signal });
  assert.ok(!recordsOf(processes as Table).some((r) => r.pid === Deno.pid));
  assert.ok(Number(recordsOf(summary as Table)[0].own_cpu) >= 0);
});

Deno.test("list_processes: CPU of children that nothing saw alive is found with the parent that reaped them", async () => {
  const child = new Deno.Command("sh", {
    args: ["-c", "while :; do /bin/true; done"],
    stdin: "null",
    stdout: "null",
  }).spawn();
  try {
    const { processes, summary } = await processList(api, { durationNs: 1e9, sortBy: "cpu", topN: 100, signal });
    const row = recordsOf(processes as Table).find((r) => r.pid === child.pid);
    assert.ok(Number(row?.children_cpu) > 0, "children_cpu");
    assert.ok(Number(row?.children_faults) > 0, "children_faults");
    assert.ok(Number(recordsOf(summary as Table)[0].forks) > 0, "forks");
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
});
