import assert from "node:assert/strict";
import { startPageFaultTrace } from "../../bpf/programs/page_fault_trace.ts";
import { LibbpfError } from "../../bpf/libbpf_error.ts";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { output } from "../../bpf/testing/run.ts";
import type { Frame, Results } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import type { Analysis, Cell } from "../../core/plugin_api/mod.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { analyzeProgram, holdProgram, rowsOf } from "./analyze_program.ts";

const host = openHost();
// Not a file system in memory: its pages cannot be dropped.
const folder = await Deno.makeTempDir({ prefix: "sonde_faults_", dir: "/var/tmp" });
const program = `${folder}/faults`;
const source = await Deno.readTextFile(new URL("faults.c", import.meta.url));
const built = await compileC(source, program, ["-fno-omit-frame-pointer"]);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Why the tests here cannot run; empty when they can. */
const obstacle = (): string => built ? libbpfObstacle() : "gcc is not installed";

type Row = Readonly<Record<string, Cell>>;

/** Whether the program has told its own counts. */
const told = (text: string): boolean => /start\n\d+ \d+\n/.test(text);

/** What getrusage(2) told the program of its work: minor and major faults. */
function rusage(text: string): readonly [minor: number, major: number] {
  const found = /start\n(\d+) (\d+)\n/.exec(text);
  assert.ok(found, text);
  return [Number(found[1]), Number(found[2])];
}

/** Whether the kernel takes a variant. */
function loads(variant: string): boolean {
  try {
    startPageFaultTrace({ host, pid: 0, variant })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof LibbpfError) return false;
    throw error;
  }
}

/** Sum of the faults of rows. */
function faultsOf(rows: readonly Row[], where: (row: Row) => boolean): number {
  return rows.filter(where).reduce((n, r) => n + Number(r.faults), 0);
}

/** None where two stacks of one hash found one place in the kernel's map. */
function framesOf(row: Row): readonly Frame[] {
  return row.stack as readonly Frame[] | null ?? [];
}

/** Faults of stacks with a function. */
function inFunction(rows: readonly Row[], name: string): (row: Row) => boolean {
  return (row) => rows.includes(row) && framesOf(row).some((f) => f.function === name);
}

/** A file of pages that are on the disk, so that the program can drop them. */
async function coldFile(pages: number): Promise<string> {
  const path = `${folder}/cold`;
  using file = await Deno.open(path, { create: true, write: true, truncate: true });
  await file.write(new Uint8Array(pages * 4096).fill(1));
  await file.sync();
  return path;
}

Deno.test("faults are those of getrusage and /proc, with the function that touches the pages; the recipe agrees", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { pid, text, by } = await analyzeProgram(
    "page_fault_trace",
    [program, "touch", "2000"],
    ["libbpf", "recipe", "proc"],
    told,
  );
  assert.deepEqual(rusage(text), [2000, 0]);
  const all = (results: Results, kind: string): number =>
    faultsOf(rowsOf(results, "faults"), (r) => r.pid === pid && r.kind === kind);
  assert.equal(all(by.libbpf, "minor"), all(by.recipe, "minor"), "the recipe's");
  assert.equal(all(by.libbpf, "major"), all(by.recipe, "major"), "the recipe's");
  // Of an exec the kernel itself touches a few pages, without a fault: it counts them, and calls no event.
  const own = all(by.proc, "minor") - all(by.libbpf, "minor");
  assert.ok(own >= 0 && own <= 4, `${own} faults more in /proc`);
  for (const results of [by.libbpf, by.recipe]) {
    const stacks = rowsOf(results, "stacks");
    assert.equal(faultsOf(stacks, inFunction(stacks, "touch_pages")), 2000);
  }
  const anonymous = rowsOf(by.libbpf, "faults").find((r) => r.kind === "minor" && r.backing === "anon")!;
  assert.equal(anonymous.comm, "faults");
  assert.ok(Number(anonymous.faults) >= 2000);
  assert.ok(Number(anonymous.p50) > 0 && Number(anonymous.p50) <= Number(anonymous.p99));
  assert.ok(Number(anonymous.p99) <= Number(anonymous.max) && Number(anonymous.max) <= Number(anonymous.total));
  assert.deepEqual(by.libbpf.faults.quality.lost_by, {});
  assert.equal(by.libbpf.profile.kind, "profile");
});

Deno.test("major faults: each page that is not in memory, of which file, and how long", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const path = await coldFile(150);
  const { pid, text, by } = await analyzeProgram(
    "page_fault_trace",
    [program, "map", "150", path],
    ["libbpf", "recipe"],
    told,
  );
  const [minor, major] = rusage(text);
  if (major < 100) return skip(`only ${major} of 150 pages could be dropped`);
  assert.equal(minor + major, 150);
  const stacks = rowsOf(by.libbpf, "stacks").filter((r) => r.pid === pid);
  const mapped = stacks.filter(inFunction(stacks, "read_mapped"));
  assert.equal(faultsOf(mapped, (r) => r.kind === "major"), major);
  const file = rowsOf(by.libbpf, "files").find((r) => r.pid === pid && r.file === "cold")!;
  const { ino, dev } = Deno.statSync(path);
  assert.equal(file.inode, ino);
  assert.equal(file.major, major);
  assert.equal(file.minor, minor);
  const [first, second] = String(file.device).split(":").map((part) => parseInt(part, 16));
  // stat(2): new_encode_dev().
  assert.equal((second & 0xff) | first << 8 | (second & ~0xff) << 12, dev);
  // A read of a disk takes longer than a fault that finds its page; and all of them no longer than the window.
  const row = rowsOf(by.libbpf, "faults").find((r) => r.pid === pid && r.kind === "major" && r.backing === "file")!;
  assert.ok(Number(row.p50) > 5000, `${row.p50} ns`);
  assert.ok(Number(row.total) < by.libbpf.faults.quality.duration_ns);
  const recipe = rowsOf(by.recipe, "faults");
  assert.equal(
    faultsOf(recipe, (r) => r.pid === pid && r.kind === "major"),
    faultsOf(rowsOf(by.libbpf, "faults"), (r) => r.pid === pid && r.kind === "major"),
  );
});

Deno.test("pages that the kernel touches for a process have the kernel's frames behind the process's", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const { pid, text, by } = await analyzeProgram("page_fault_trace", [program, "copy", "300"], ["libbpf"], told);
  assert.deepEqual(rusage(text), [300, 0]);
  const stacks = rowsOf(by.libbpf, "stacks").filter((r) => r.pid === pid);
  const kernel = stacks.filter((r) => framesOf(r).at(-1)?.kind === "kernel");
  assert.ok(faultsOf(kernel, () => true) >= 300, JSON.stringify(kernel.length));
});

Deno.test("each variant counts what perf stat counts over the same program", async () => {
  const why = obstacle();
  if (why) return skip(why);
  for (const variant of ["full", "plain"]) {
    // Before Linux 5.17 a program cannot ask what is mapped.
    if (!loads(variant)) {
      skip(`this kernel does not take the variant ${variant}`);
      continue;
    }
    const held = await holdProgram([program, "touch", "500"]);
    const perf = new Deno.Command("perf", {
      args: ["stat", "-x,", "-e", "minor-faults,major-faults", "-p", String(held.pid), "--", "cat"],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    });
    using tracing = startPageFaultTrace({ host, pid: held.pid, variant });
    assert.equal(tracing.variant, variant);
    let counting: Deno.ChildProcess | null = null;
    try {
      counting = perf.spawn();
      // perf has attached once its command runs.
      while (
        !host.pids().some((p) => host.processStat(p)?.ppid === counting!.pid && host.processStat(p)?.comm === "cat")
      ) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    held.go();
    const text = await held.text(told);
    // It waits for its input now.
    while (host.threadState(held.pid, held.pid) !== "S") await new Promise((resolve) => setTimeout(resolve, 1));
    tracing.stop();
    const { tables, quality } = await tracing.read() as Analysis;
    await counting?.stdin.close();
    const said = counting ? new TextDecoder().decode((await counting.output()).stderr) : "";
    await held.end();
    assert.deepEqual(rusage(text), [500, 0]);
    const count = (kind: string): number => faultsOf(tables.faults as Row[], (r) => r.kind === kind);
    assert.ok(count("minor") > 500);
    assert.deepEqual(quality.lost_by, {});
    if (variant === "plain") assert.ok(tables.faults.every((r) => r.backing === null));
    const [minor, major] = ["minor-faults", "major-faults"].map((e) =>
      new RegExp(`^(\\d+),,${e}`, "m").exec(said)?.[1]
    );
    if (minor === undefined) skip("perf cannot count page faults here");
    else assert.deepEqual([count("minor"), count("major")], [Number(minor), Number(major)]);
  }
});

Deno.test("of the whole machine, no more than /proc/vmstat counts, and no less than a program of known faults", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const before = host.vmstat().get("pgfault")!;
  using tracing = startPageFaultTrace({ host, pid: 0 });
  const run = await output(program, ["touch", "3000"]);
  tracing.stop();
  const after = host.vmstat().get("pgfault")!;
  const { tables, quality } = await tracing.read() as Analysis;
  assert.ok(run!.out.includes("3000 0"));
  const mine = faultsOf(tables.faults as Row[], (r) => r.comm === "faults" && r.kind === "minor");
  assert.ok(mine >= 3000, `${mine}`);
  assert.ok(quality.events <= after - before, `${quality.events} of ${after - before}`);
});

Deno.test("more than there is room for is counted as lost; stacks that find none leave the sums alone", async () => {
  const why = obstacle();
  if (why) return skip(why);
  const held = await holdProgram([program, "touch", "1000"]);
  using small = startPageFaultTrace({ host, pid: held.pid, maxEntries: 1 });
  held.go();
  await held.text(told);
  await held.end();
  small.stop();
  const { quality } = await small.read() as Analysis;
  assert.ok(quality.lost_by.map_full > 0 && quality.lost_by.stacks_full > 0, JSON.stringify(quality.lost_by));
});

Deno.test("a start and an end leave no descriptor behind", () => {
  const why = obstacle();
  if (why) return skip(why);
  const descriptors = (): number => Array.from(Deno.readDirSync("/proc/self/fd")).length;
  startPageFaultTrace({ host, pid: 0 })[Symbol.dispose]();
  const before = descriptors();
  for (const variant of ["full", "plain"]) loads(variant);
  assert.equal(descriptors(), before);
});
