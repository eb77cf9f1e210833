import assert from "node:assert/strict";
import { all, between, histogramCount, num, only, total } from "./expectations.ts";
import type { RecipeCase } from "./recipe_case.ts";

/** Recipes about system calls and files. */
export const FILE_CASES: readonly RecipeCase[] = [
  {
    recipe: "syscalls_by_process",
    work: (b) => b.load("small_io", 300),
    check({ rows, seconds }, { comm }) {
      const row = only(rows("calls"), { comm });
      // And those of its start and end.
      between(row, "count", 602, 750);
      assert.ok(Math.abs(num(row, "a_second") * seconds("calls") / num(row, "count") - 1) < 0.02);
    },
  },
  {
    recipe: "slow_syscalls",
    params: () => ({ least: "20ms" }),
    work: (b) => b.load("slow_read", 3),
    check({ rows, facts }, { comm }) {
      const row = only(rows("slow"), { comm, probe: "syscall:read" });
      between(row, "count", facts.count, facts.count);
      between(row, "max_duration", 2e7, facts.longest_ns);
      assert.deepEqual(all(rows("slow"), { comm: `${comm}_b` }), [], "a sleep is made to wait");
    },
  },
  {
    recipe: "syscall_errors",
    work: (b) => b.load("open", b.program, 20),
    check({ rows }, { comm }) {
      const row = only(rows("failed"), { comm, probe: "syscall:openat", errno: 2 });
      assert.equal(row.error, "ENOENT");
      between(row, "count", 20, 25);
    },
  },
  {
    recipe: "syscall_count",
    beside: async (b) => [await b.start("wait", "small_io", 300)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows }, { comm }) {
      between(only(rows("calls"), { comm, probe: "syscall:pread64" }), "calls", 300, 300);
      const writes = only(rows("calls"), { comm, probe: "syscall:pwrite64" });
      between(writes, "calls", 300, 300);
      assert.ok(num(writes, "total") > 0 && num(writes, "longest") <= num(writes, "total"));
      assert.equal(rows("calls").length, all(rows("calls"), { comm }).length, "one process was asked for");
      assert.ok(rows("errors").every((r) => r.comm === comm));
    },
  },
  {
    recipe: "opens",
    params: ({ program }) => ({ path: `${program}%` }),
    work: (b) => b.load("open", b.program, 20),
    check({ rows }, { comm, program }) {
      const found = only(rows("files"), { comm, file: program }),
        none = only(rows("files"), { comm, file: `${program}.missing` });
      assert.deepEqual([num(found, "count"), num(found, "failed")], [20, 0]);
      assert.deepEqual([num(none, "count"), num(none, "failed")], [20, 20]);
      assert.ok(num(found, "max_duration") > 0);
      assert.deepEqual(rows("files").filter((r) => !String(r.file).startsWith(program)), []);
    },
  },
  {
    recipe: "failed_opens",
    work: (b) => b.load("open", b.program, 20),
    check({ rows }, { comm, program }) {
      const row = only(rows("failed"), { comm, file: `${program}.missing` });
      assert.deepEqual([row.error, num(row, "count")], ["ENOENT", 20]);
      assert.deepEqual(all(rows("failed"), { comm, file: program }), []);
    },
  },
  {
    recipe: "removed_files",
    work: (b) => b.load("unlink", b.folder, 10),
    check({ rows }, { comm, folder }) {
      for (let i = 0; i < 10; i++) {
        const row = only(rows("removed"), { comm, file: `${folder}/file_${i}` });
        // The last is removed again, in vain.
        assert.deepEqual([num(row, "count"), num(row, "failed")], i < 9 ? [1, 0] : [2, 1]);
      }
    },
  },
  {
    recipe: "file_sync",
    work: (b) => b.load("sync", `${b.folder}/synced`, 10),
    check({ rows, facts }, { comm }) {
      const row = only(rows("syncs"), { comm, probe: "syscall:fsync" });
      between(row, "count", facts.count, facts.count);
      between(row, "failed", 0, 0);
      between(row, "total", 0.5 * facts.ns, facts.ns);
      assert.equal(histogramCount(row.hist_duration), facts.count);
    },
  },
  {
    recipe: "small_io",
    work: (b) => b.load("small_io", 300),
    check({ rows }, { comm }) {
      for (const probe of ["syscall:pread64", "syscall:pwrite64"]) {
        const row = only(rows("small"), { comm, probe });
        between(row, "count", 300, 305);
        between(row, "bytes_a_call", 1, 20);
      }
    },
  },
  {
    recipe: "futex_waits",
    work: (b) => b.load("futex", 50),
    check({ rows }, { comm }) {
      const row = only(rows("waits"), { comm });
      between(row, "waits", 50, 50);
      between(row, "timeouts", 50, 50);
      between(row, "p50_duration", 2e6, 1e8);
      assert.ok(num(row, "total") >= 50 * 2e6);
    },
  },
  {
    recipe: "futex_contention",
    work: (b) => b.load("futex", 50),
    check({ rows }, { comm }) {
      const row = only(rows("waits"), { comm });
      assert.deepEqual([row.outcome, row.operation], ["timeout", 128]);
      between(row, "calls", 50, 50);
      between(row, "p99_duration", 2e6, 1e8);
      assert.ok(num(row, "delay") >= 50 * 2e6);
      between(only(rows("stacks"), { comm }), "calls", 50, 50);
      assert.deepEqual(all(rows("wakes"), { comm }), []);
    },
  },
  {
    recipe: "polling_loops",
    work: (b) => b.load("poll", 50),
    check({ rows }, { comm }) {
      const row = only(rows("loops"), { comm, probe: "syscall:poll" });
      between(row, "count", 50, 50);
      between(row, "p50_duration", 2e6, 1e8);
      assert.equal(total(all(rows("loops"), { comm }), "count"), 50);
    },
  },
];
