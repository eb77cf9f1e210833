import assert from "node:assert/strict";
import { type Host, openHost, parseMaps } from "../host/mod.ts";
import type { MmapRecord } from "../perf/mod.ts";
import { createProcessTable } from "./process_table.ts";

/** A machine with one process, 100, that maps /bin/old. */
function fakeHost(): { host: Host; reads: number[] } {
  const reads: number[] = [];
  const host: Host = {
    ...openHost("/nonexistent"),
    maps: (pid) => {
      reads.push(pid);
      return pid === 100 ? parseMaps("1000-2000 r-xp 00000000 08:01 7 /bin/old\n") : [];
    },
    path: (what, pid) => `/nonexistent/${what}/${pid}`,
  };
  return { host, reads };
}

const mmap = (pid: number, start: number, length: number, path: string): MmapRecord => ({
  type: "mmap",
  pid,
  tid: pid,
  start,
  length,
  offset: 0,
  major: 8,
  minor: 1,
  inode: path.length,
  buildId: "",
  path,
});
const comm = (pid: number, name: string, exec = false, tid = pid) =>
  ({ type: "comm", pid, tid, comm: name, exec }) as const;
const fork = (pid: number, parentPid: number, tid = pid, parentTid = parentPid) =>
  ({ type: "fork", pid, parentPid, tid, parentTid }) as const;

Deno.test("a process found running is read from the machine once, when its first sample comes", () => {
  const { host, reads } = fakeHost();
  const table = createProcessTable(host);
  assert.deepEqual(reads, []);
  const { space } = table.task(100, 100);
  table.task(100, 101);
  assert.deepEqual(reads, [100]);
  assert.deepEqual(table.spaces[space].mappings.map((m) => m.path), ["/bin/old"]);
});

Deno.test("an exec begins a new space and a new name; earlier samples keep theirs", () => {
  const table = createProcessTable(fakeHost().host);
  table.comm(comm(100, "before"));
  const before = { ...table.task(100, 100) };
  table.comm(comm(100, "after", true));
  table.mmap(mmap(100, 0x5000, 0x1000, "/bin/new"));
  const after = table.task(100, 100);
  assert.notEqual(after.space, before.space);
  assert.deepEqual(table.spaces[before.space].mappings.map((m) => m.path), ["/bin/old"]);
  assert.deepEqual(table.spaces[after.space].mappings.map((m) => m.path), ["/bin/new"]);
  assert.deepEqual([before.label, after.label].map((l) => table.labels[l].comm), ["before", "after"]);
});

Deno.test("a child has its parent's memory and name until it calls exec, though it was never read", () => {
  const { host } = fakeHost();
  const table = createProcessTable(host);
  table.comm(comm(100, "shell"));
  table.fork(fork(200, 100));
  table.fork(fork(300, 200));
  const { space, label } = table.task(300, 300);
  assert.deepEqual(table.spaces[space].mappings.map((m) => m.path), ["/bin/old"]);
  assert.deepEqual(table.labels[label], { pid: 300, comm: "shell", thread: "" });
  table.comm(comm(200, "ls", true));
  assert.deepEqual(table.spaces[table.task(200, 200).space].mappings, []);
});

Deno.test("what a child maps is not its parent's", () => {
  const table = createProcessTable(fakeHost().host);
  table.task(100, 100);
  table.fork(fork(200, 100));
  table.mmap(mmap(200, 0x8000, 0x1000, "/lib/x"));
  assert.equal(table.spaces[table.task(200, 200).space].mappings.length, 2);
  assert.equal(table.spaces[table.task(100, 100).space].mappings.length, 1);
});

Deno.test("an address that changes its meaning begins a new space only when samples saw the old one", () => {
  const table = createProcessTable(fakeHost().host);
  const first = table.task(100, 100).space;
  table.mmap(mmap(100, 0x9000, 0x1000, "/lib/plugin"));
  assert.equal(table.task(100, 100).space, first);
  table.mmap(mmap(100, 0x9000, 0x1000, "/lib/other"));
  const second = table.task(100, 100).space;
  assert.notEqual(second, first);
  assert.deepEqual(table.spaces[first].mappings.map((m) => m.path), ["/bin/old", "/lib/plugin"]);
  assert.deepEqual(table.spaces[second].mappings.map((m) => m.path), ["/bin/old", "/lib/other"]);
});

Deno.test("a thread's own name is a label; a process number that is used again is a new process", () => {
  const table = createProcessTable(fakeHost().host);
  table.comm(comm(100, "server"));
  table.fork(fork(100, 100, 101, 100));
  assert.equal(table.task(100, 101).label, table.task(100, 100).label);
  table.comm(comm(100, "worker", false, 101));
  assert.deepEqual(table.labels[table.task(100, 101).label], { pid: 100, comm: "server", thread: "worker" });
  table.comm(comm(100, "renamed"));
  assert.deepEqual(table.labels[table.task(100, 101).label], { pid: 100, comm: "renamed", thread: "worker" });

  table.fork(fork(200, 100));
  table.comm(comm(200, "first", true));
  const first = table.task(200, 200).label;
  table.fork(fork(200, 100));
  assert.equal(table.labels[first].comm, "first");
  assert.equal(table.labels[table.task(200, 200).label].comm, "renamed");
});

Deno.test("tasks without a number here say why", () => {
  const table = createProcessTable(fakeHost().host);
  assert.equal(table.labels[table.task(0, 0).label].comm, "[other pid namespace]");
  assert.equal(table.labels[table.task(-1, -1).label].comm, "[exiting]");
});
