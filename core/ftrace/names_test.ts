import assert from "node:assert/strict";
import { UsageError } from "../data/mod.ts";
import { parseBufferStats } from "./buffer_stats.ts";
import { createCallSums } from "./call_times.ts";
import { parseTraceableFunctions } from "./kernel_function_names.ts";
import { checkPatterns, globOf, unmatched } from "./match_functions.ts";
import { ownerName, parseOwnerName } from "./owner_name.ts";
import { mark, parseTopSuffix, topSuffix, valuesOf } from "./top_settings.ts";

Deno.test("ownerName() and parseOwnerName() are inverse; names of others are none of ours", () => {
  const owners = [
    { pid: 12, startTicks: 345, namespace: null },
    { pid: 4_194_303, startTicks: 99_999_999_999, namespace: 4_026_531_836 },
  ];
  for (const owner of owners) {
    for (const suffix of ["", "i1", "top_9f46453a_0_0_0"]) {
      assert.deepEqual(parseOwnerName(ownerName(owner, suffix)), { ...owner, suffix });
    }
  }
  for (const name of ["sonde", "sonde_1", "sonde_x_2", "sonde_1_2_", "foo_1_2", "sonde_1_2/..", "xsonde_1_2"]) {
    assert.equal(parseOwnerName(name), null, name);
  }
});

Deno.test("the marks of the shared tracer tell what we set, in any order, from what we did not", () => {
  const settings = {
    set_ftrace_filter: ["vfs_read", "vfs_write"],
    set_graph_function: ["vfs_read"],
    set_ftrace_pid: [],
    max_graph_depth: ["3"],
  };
  const before = { tracing_on: 1, buffer_size_kb: 1408, trace_clock: 6 };
  const name = ownerName({ pid: 1, startTicks: 2, namespace: null }, topSuffix(settings, before));
  const { marks, before: read } = parseTopSuffix(name)!;
  assert.deepEqual(read, before);
  const now = valuesOf("set_ftrace_filter", "vfs_write [mod]\nvfs_read:unlimited\n#### x ####\n");
  assert.equal(mark(now), marks.set_ftrace_filter);
  assert.notEqual(mark(["vfs_read"]), marks.set_ftrace_filter);
  assert.equal(marks.set_ftrace_pid, mark(valuesOf("set_ftrace_pid", "no pid\n")));
  assert.equal(mark(valuesOf("max_graph_depth", "0\n")), "0");
  for (const suffix of ["i1", "top_0_0_0_0", "top_0_0_0_0_1_x_0"]) {
    assert.equal(parseTopSuffix(ownerName({ pid: 1, startTicks: 2, namespace: null }, suffix)), null);
  }
});

Deno.test("parseTraceableFunctions() reads names and modules", () => {
  assert.deepEqual(parseTraceableFunctions("vfs_read\next4_readdir [ext4]\n__ftrace_invalid_address___64\n\n"), [
    { name: "vfs_read", module: null },
    { name: "ext4_readdir", module: "ext4" },
  ]);
});

Deno.test("globOf() takes * and ?, and is never slow", () => {
  const yes: [string, string][] = [["vfs_*", "vfs_read"], ["*", ""], ["v?s*d", "vfs_read"], ["a*b*c", "aXbYbZc"]];
  const no: [string, string][] = [["vfs_*", "xvfs_read"], ["vfs", "vfs_read"], ["?", ""], ["a*b*c", "acb"]];
  for (const [pattern, name] of yes) assert.equal(globOf(pattern)(name), true, `${pattern} ${name}`);
  for (const [pattern, name] of no) assert.equal(globOf(pattern)(name), false, `${pattern} ${name}`);
  assert.equal(globOf("*a".repeat(200))("a".repeat(199)), false);
});

Deno.test("patterns that match nothing are answered with near names; commands to the filter are refused", () => {
  const all = ["vfs_read", "vfs_readv", "do_sys_openat2", "schedule"].map((name) => ({ name, module: null }));
  assert.equal(unmatched(["vfs_*", "schedule"], all), null);
  assert.match(unmatched(["vfs_raed"], all)!.hint, /vfs_read/);
  assert.match(unmatched(["openat"], all)!.hint, /do_sys_openat2/);
  for (const bad of ["vfs_read:traceoff", "!vfs_read", "a b", "", "vfs_[rw]ead", "a\nb"]) {
    assert.throws(() => checkPatterns([bad]), UsageError, JSON.stringify(bad));
  }
});

Deno.test("parseBufferStats() reads counts; what is absent is 0", () => {
  const text =
    "entries: 7\noverrun: 3\ncommit overrun: 2\nbytes: 100\noldest event ts:  1.5\ndropped events: 1\nread events: 9\n";
  assert.deepEqual(parseBufferStats(text), { entries: 7, overrun: 3, commitOverrun: 2, dropped: 1, read: 9 });
  assert.deepEqual(parseBufferStats(""), { entries: 0, overrun: 0, commitOverrun: 0, dropped: 0, read: 0 });
});

Deno.test("createCallSums() takes the time of callees off their caller's own, task by task, and lost returns off nobody's", () => {
  const sums = createCallSums();
  // a(100) { b(30) { c(10) } b(20) } on task 1; the same a without callees on task 2, in between.
  sums.exit(1, 3, 2, 10, 10);
  sums.exit(1, 2, 1, 5, 30);
  sums.exit(2, 1, 0, 0, 50);
  sums.exit(1, 2, 1, 40, 20);
  sums.exit(1, 1, 0, 0, 100);
  // The return of whatever called this c was lost: the next a began after it.
  sums.exit(1, 3, 1, 200, 10);
  sums.exit(1, 1, 0, 300, 5);
  const of = (address: number): number[] => {
    const t = sums.times.get(address)!;
    return [t.calls, t.totalNs, t.selfNs, t.minNs, t.maxNs];
  };
  assert.deepEqual(of(1), [3, 155, 105, 5, 100]);
  assert.deepEqual(of(2), [2, 50, 40, 20, 30]);
  assert.deepEqual(of(3), [2, 20, 20, 10, 10]);
  assert.deepEqual(sums.times.get(3)!.buckets.filter(Boolean), [2]);
});
