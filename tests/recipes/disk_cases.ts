import assert from "node:assert/strict";
import { all, between, histogramCount, num, only, total } from "./expectations.ts";
import { ioOf } from "./kernel_counters.ts";
import type { RecipeBench, RecipeCase, Row } from "./recipe_case.ts";

const PAGE = 4096;
const READS = 200;
/** Some kernels tell of the end of most requests only (bpftrace sees as many), and hand single ones to a worker. */
const ENDED = 0.75 * READS;

/** Recipes about disks. */
export const DISK_CASES: readonly RecipeCase[] = [
  {
    recipe: "io_by_process",
    beside: async (b) => [await b.start("write_until_stopped", `${b.folder}/written`)],
    counters: ([load]) => ({ written: load ? ioOf(load.pid, "write_bytes") : 0 }),
    check({ rows, seconds, around }, { comm }) {
      const written = num(only(rows("processes"), { comm }), "write_bytes") * seconds("processes");
      assert.ok(written >= 10 * PAGE && written <= around.written, `${written} of ${around.written}`);
      assert.ok(total(rows("disks"), "writes") > 0);
    },
  },
  {
    recipe: "disk_latency",
    prepare: coldFile,
    work: (b) => b.load("direct_read", `${b.folder}/cold`, READS, 7),
    check({ rows, facts }, { comm }) {
      const [row] = reads(rows("requests"), comm);
      between(row, "count", ENDED, READS + 5);
      between(row, "bytes", num(row, "count") * PAGE, (READS + 20) * PAGE);
      // What the program sees is the disk's time and its own.
      between(row, "p50_duration", 1000, 1.5 * facts.ns / facts.count);
      onDevice(row);
    },
  },
  {
    recipe: "disk_io_latency",
    prepare: coldFile,
    work: (b) => b.load("direct_read", `${b.folder}/cold`, READS, 7),
    check({ rows, facts }, { comm }) {
      const [row] = reads(rows("requests"), comm);
      between(row, "requests", ENDED, READS + 5);
      between(row, "bytes", num(row, "requests") * PAGE, (READS + 20) * PAGE);
      // What the program waits for is the request, from its making to its end, and its own work.
      between(row, "latency", 1000 * num(row, "requests"), facts.ns);
      onDevice(row);
      for (const name of ["queue", "device"]) {
        const all = rows(name).filter((r) => r.major === row.major && r.minor === row.minor && r.op === row.op);
        between(only(all, {}), "requests", num(row, "requests") * 0.9, 1e6);
      }
    },
  },
  {
    recipe: "disk_sizes",
    prepare: coldFile,
    work: (b) => b.load("direct_read", `${b.folder}/cold`, READS, 7),
    check({ rows }, { comm }) {
      const [row] = reads(rows("sizes"), comm);
      between(row, "count", 0.95 * READS, READS + 5);
      between(row, "total", num(row, "count") * PAGE, (READS + 20) * PAGE);
      const { buckets } = row.sizes as {
        readonly buckets: readonly { readonly min: number; readonly count: number }[];
      };
      assert.ok((buckets.find((b) => Number(b.min) === PAGE)?.count ?? 0) >= 0.95 * READS, JSON.stringify(buckets));
      onDevice(row);
    },
  },
  {
    recipe: "disk_latency_heatmap",
    params: () => ({ step: "100ms" }),
    prepare: coldFile,
    async work(b) {
      await b.load("direct_read", `${b.folder}/cold`, READS, 7);
      // A second that is no neighbour of the first one's.
      await b.load("sleep", 200);
      return b.load("direct_read", `${b.folder}/cold`, READS, 7);
    },
    check({ rows, report }) {
      const columns = rows("latency");
      assert.ok(columns.length >= 2, `${columns.length} columns`);
      const counted = columns.reduce((n, r) => n + histogramCount(r.hist_duration), 0);
      assert.ok(counted >= 2 * ENDED && counted <= 10 * READS, `${counted} requests`);
      assert.ok(columns.every((r) => num(r, "window") % 1e8 === 0));
      assert.deepEqual(report.forms.map((f) => f.form), ["heatmap", "series"]);
      assert.equal(report.results.slowest.kind, "series");
    },
  },
  {
    recipe: "disk_outliers",
    // All that there is, so that the test can judge.
    params: () => ({ score: "-1000", rows: "1000000" }),
    prepare: coldFile,
    work: (b) => b.load("direct_read", `${b.folder}/cold`, READS, 7),
    check({ rows }, { comm }) {
      const mine = rows("outliers").filter((r) => r.comm === comm && /^RS?$/.test(String(r.op)));
      assert.ok(mine.length >= ENDED && mine.length <= READS + 5, `${mine.length} reads of ${rows("outliers").length}`);
      const sameKind = rows("outliers").filter((r) => r.op === mine[0].op).map((r) => num(r, "duration")).sort((a, b) =>
        a - b
      );
      const median = sameKind[Math.floor(sameKind.length / 2)];
      for (const row of mine) {
        between(row, "expected", 0.9 * median, 1.1 * median);
        const slower = num(row, "duration") - num(row, "expected");
        assert.ok(Math.sign(num(row, "score")) * slower >= 0, "what is slower scores higher");
      }
    },
  },
  {
    recipe: "disk_pattern",
    prepare: coldFile,
    async work(b) {
      await b.load("direct_read", `${b.folder}/cold`, READS, 1);
      return b.load("direct_read", `${b.folder}/cold`, READS / 2, 7);
    },
    check({ rows }) {
      // Others may come between; they never make an order.
      const ordered = Math.max(...all(rows("pattern"), { order: "sequential" }).map((r) => num(r, "requests")));
      const random = Math.max(...all(rows("pattern"), { order: "random" }).map((r) => num(r, "requests")));
      assert.ok(ordered >= 0.7 * READS && ordered <= 1.5 * READS, `${ordered} in order`);
      assert.ok(random >= 0.9 * READS / 2, `${random} at random`);
    },
  },
  {
    recipe: "page_writeback",
    work: (b) => b.load("write_back", `${b.folder}/dirty`, 500),
    check({ rows, facts }) {
      const runs = all(rows("runs"), { reason: "sync" });
      assert.ok(total(runs, "count") >= 1);
      assert.ok(total(runs, "pages") >= facts.pages, `${total(runs, "pages")} pages`);
    },
  },
];

/** The page cache has nothing of it: reads go to the disk also where O_DIRECT is not taken at its word. */
function coldFile(b: RecipeBench): Promise<unknown> {
  return b.load("make_cold", `${b.folder}/cold`, READS * 7);
}

/** Synchronous ones, where the kernel tells. */
function reads(rows: readonly Row[], comm: string): readonly Row[] {
  const found = rows.filter((r) => r.comm === comm && /^RS?$/.test(String(r.op)));
  assert.equal(found.length, 1, JSON.stringify(rows));
  return found;
}

/** The device must be one that the kernel lists. */
function onDevice(row: Row): void {
  const listed = Deno.readTextFileSync("/proc/diskstats").split("\n").map((l) =>
    l.trim().split(/\s+/).slice(0, 2).join(":")
  );
  assert.ok(listed.includes(`${row.major}:${row.minor}`), `no device ${row.major}:${row.minor}`);
}
