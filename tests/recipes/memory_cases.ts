import assert from "node:assert/strict";
import { functionsOf } from "../functions_of.ts";
import { all, between, num, only, total } from "./expectations.ts";
import { memoryInfo, residentMemory } from "./kernel_counters.ts";
import type { RecipeCase } from "./recipe_case.ts";

const PAGE = 4096;
const LIMIT = 16 * 2 ** 20;
const RECLAIM = `sonde_reclaim_${Deno.pid}`;

/** Recipes about memory and the page cache. */
export const MEMORY_CASES: readonly RecipeCase[] = [
  {
    recipe: "top_memory",
    params: () => ({ least: "0%" }),
    beside: async (b) => [await b.start("spin_until_stopped", 1)],
    counters: ([load]) => ({ rss: load ? residentMemory(load.pid) : 0, total: memoryInfo("MemTotal") }),
    check({ rows, report }, { comm }) {
      between(only(rows("processes"), { comm }), "rss", 4096, 2 ** 24);
      between(rows("memory")[0], "total", memoryInfo("MemTotal"), memoryInfo("MemTotal"));
      assert.equal(report.expects[0].outcome, "pass");
    },
  },
  {
    recipe: "memory_growth",
    beside: async (b) => [await b.start("grow_until_stopped")],
    counters: ([load]) => ({ rss: load ? residentMemory(load.pid) : 0 }),
    check({ rows, seconds, around }, { comm }) {
      const row = only(rows("growing"), { comm });
      // Its growth in the window is part of that from before until after.
      const grown = num(row, "rss_growth") * seconds("growing");
      assert.ok(grown > 2 ** 20 && grown <= around.rss * 1.05, `${grown} of ${around.rss}`);
      assert.ok(num(row, "rss") >= grown);
      between(rows("memory")[0], "total", memoryInfo("MemTotal"), memoryInfo("MemTotal"));
    },
  },
  {
    recipe: "fault_stacks",
    beside: async (b) => [await b.start("wait", "touch", 2000)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows }, { comm }) {
      const mine = all(rows("stacks"), { comm });
      assert.equal(mine.length, rows("stacks").length, "one process was asked for");
      const touched = mine.filter((r) => functionsOf(r.ustack).includes("touch_pages"));
      assert.equal(total(touched, "faults"), 2000);
    },
  },
  {
    recipe: "page_allocations",
    seesOthers: true,
    beside: async (b) => [await b.start("wait", "touch", 2000)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows }, { comm }) {
      const mine = all(rows("taken"), { comm });
      assert.equal(mine.length, rows("taken").length, "one process was asked for");
      const touched = mine.filter((r) => functionsOf(r.stack ?? r.kstack).some((f) => /fault/.test(f)));
      const pages = total(touched, "pages");
      assert.ok(pages >= 2000 && pages < 2300, `${pages} pages`);
      assert.equal(total(rows("given"), "pieces"), total(mine, "pieces"));
    },
  },
  {
    recipe: "memory_allocations",
    beside: async (b) => [await b.start("wait", "allocate", 3000)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows, facts }, { comm }) {
      const mine = all(rows("malloc"), { comm });
      assert.equal(mine.length, rows("malloc").length, "one process was asked for");
      between({ calls: total(mine, "calls") }, "calls", 3000, 3050);
      between({ bytes: total(mine, "bytes") }, "bytes", facts.bytes, facts.bytes + 100_000);
      between({ calls: total(rows("frees"), "calls") }, "calls", 1500, 1600);
    },
  },
  {
    recipe: "page_fault_trace",
    seesOthers: true,
    beside: async (b) => [await b.start("wait", "touch", 2000)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows }, { comm }) {
      between(only(rows("faults"), { comm, probe: "software:minor-faults:1" }), "faults", 2000, 2100);
      const touched = rows("stacks").filter((r) => functionsOf(r.stack).includes("touch_pages"));
      assert.equal(total(touched, "faults"), 2000);
    },
  },
  {
    recipe: "major_faults",
    prepare: (b) => b.load("make_cold", `${b.folder}/cold`, 256),
    beside: async (b) => [await b.start("wait", "map_file", `${b.folder}/cold`, 256)],
    params: (_, [load]) => ({ pid: String(load.pid) }),
    work: (_, [load]) => load.go(),
    check({ rows, facts }, { comm }) {
      assert.ok(facts.major_faults > 100, `${facts.major_faults} major faults`);
      const row = only(rows("processes"), { comm });
      between(row, "faults", facts.major_faults, facts.major_faults + 30);
      const mapped = all(rows("stacks"), { comm }).filter((r) => functionsOf(r.ustack).includes("map_file"));
      assert.equal(total(mapped, "faults"), facts.major_faults);
    },
  },
  {
    recipe: "page_cache_misses",
    async work(b) {
      // Written in the window, too: a page that is written is added as one that is read.
      const { inode } = await b.load("make_cold", `${b.folder}/cold`, 1024);
      return { inode, ...(await b.load("read_all", `${b.folder}/cold`)) };
    },
    check({ rows, facts }, { comm }) {
      assert.equal(facts.bytes, 1024 * PAGE);
      between(only(rows("files"), { inode: facts.inode }), "added", 2 * facts.bytes, 2 * facts.bytes + 64 * PAGE);
      const added = all(rows("added"), { comm });
      assert.equal(added.filter((r) => num(r, "added") >= facts.bytes).length, 2, "one that wrote, one that read");
      const reads = Math.max(...all(rows("reads"), { comm }).map((r) => num(r, "bytes")));
      assert.ok(reads >= facts.bytes && reads < facts.bytes + 65536, `${reads} bytes read`);
    },
  },
  {
    recipe: "memory_reclaim",
    missing: (b) => b.group("memory", RECLAIM) ? null : "no memory cgroup that a test may change",
    prepare: (b) => b.load("make_cold", `${b.folder}/cold`, 4 * LIMIT / PAGE),
    async work(b) {
      const group = b.group("memory", RECLAIM)!;
      group.set(group.version === 1 ? "memory.limit_in_bytes" : "memory.max", String(LIMIT));
      const { facts } = await b.loadIn(group, "read_all", `${b.folder}/cold`);
      const hits = group.version === 1
        ? Number(group.get("memory.failcnt"))
        : Number(/^max (\d+)/m.exec(group.get("memory.events"))?.[1]);
      return { ...facts, hits };
    },
    check({ rows, facts }, { comm }) {
      assert.ok(facts.hits > 0);
      const row = all(rows("containers"), { comm })[0];
      // Three quarters of the file had to go before it was read.
      between(row, "pages", 0.5 * facts.bytes / PAGE, 2 * facts.bytes / PAGE);
      between(row, "count", 1, facts.hits * 2);
      between(only(rows("groups"), { path: `/${RECLAIM}` }), "limit_hits", 1, facts.hits);
    },
  },
];
