import assert from "node:assert/strict";
import { startStopped } from "../../cli/child.ts";
import { createSondeApi } from "../../cli/sonde_api.ts";
import { engineNamed } from "../../cli/engines.ts";
import { type HistogramCell, recordsOf, type Results } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import type { CallsRequest } from "../../core/plugin_api/mod.ts";
import { fieldRef } from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { mechanism } from "../../bpf/mechanisms.ts";
import { bpftraceMaps, bpftraceRun } from "../bpftrace_oracle.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { CALLS_PROGRAM } from "./calls_program.ts";

const host = openHost();
const api = createSondeApi(host);
const COMM = "sonde_known";

let compiled: Promise<string | null> | undefined;
/** The program; null when it cannot be made, or nothing may be attached (and says so). */
async function program(): Promise<string | null> {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF and CAP_PERFMON are missing"), null;
  const path = await (compiled ??= (async () => {
    const path = `${await Deno.makeTempDir()}/${COMM}`;
    const options = ["-O2", "-fno-optimize-sibling-calls", "-fno-omit-frame-pointer", "-static", "-pthread"];
    return await compileC(CALLS_PROGRAM, path, options) ? path : null;
  })());
  if (path === null) skip("gcc is missing");
  return path;
}

/** Measures the calls of a run of the program, from its first instruction to its end. */
async function measured(
  words: readonly string[],
  request: Pick<CallsRequest, "targets"> & Partial<CallsRequest>,
): Promise<Results> {
  const child = await startStopped(words, host);
  const ended = new AbortController();
  const results = api.calls.measure({
    pid: child.pid,
    follow: true,
    durationNs: 60e9,
    signal: ended.signal,
    onReady: () => child.go(),
    ...request,
  });
  child.status.then(() => ended.abort());
  try {
    return await results;
  } finally {
    child.go();
    await child.status;
  }
}

type Row = Record<string, unknown>;
function rows(results: Results, name: string): Row[] {
  const result = results[name];
  if (result?.kind !== "table") throw new TypeError(`${name} is no table`);
  return recordsOf(result);
}

Deno.test("calls of user functions are exact: counts, times, histogram, the slowest in their order", async () => {
  const path = await program();
  if (!path) return;
  const output = `${path}.out`;
  const words = ["sh", "-c", '"$0" all > "$1"', path, output];
  const results = await measured(words, { targets: [`user:${path}:nap`, `user:${path}:work`], slowest: 3 });
  const own = [...(await Deno.readTextFile(output)).matchAll(/^nap (\d+) (\d+)$/gm)].map((m) => m.slice(1).map(Number));
  const byName = new Map(rows(results, "functions").map((r) => [r.function, r]));
  assert.deepEqual([byName.get("nap")?.calls, byName.get("work")?.calls], [23, 400]);
  const nap = byName.get("nap")!;
  assert.ok(Number(nap.total) >= 200e6 && Number(nap.max) >= 90e6, `${nap.total} ${nap.max}`);
  assert.equal((nap.latency as HistogramCell).buckets.reduce((n, b) => n + b.count, 0), 23);
  const slowest = rows(results, "slowest");
  // The machine may stretch any of them, but never beyond what the program saw around it.
  own.sort(([, a], [, b]) => b - a);
  for (const [ms, ns] of own) {
    const found = slowest.find((r) => r.arguments === undefined || String(r.arguments).startsWith(`arg0=${ms},`));
    assert.ok(found, `${ms} ms is among the slowest: ${JSON.stringify(slowest.map((r) => r.arguments))}`);
    assert.ok(Number(found.duration) >= ms * 1e6 && Number(found.duration) <= ns, `${ms}: ${found.duration}, ${ns}`);
    assert.deepEqual([found.function, found.comm, found.result], ["nap", COMM, String(ms)]);
    const stack = found.stack as { function: string }[];
    assert.ok(stack.some((f) => f.function === "main"), stack.map((f) => f.function).join(" "));
  }
  assert.ok(slowest.every((r, i) => i === 0 || Number(slowest[i - 1].duration) >= Number(r.duration)));
  assert.deepEqual(results.functions.quality.lost_by, {});
});

Deno.test("recursion is told apart; what longjmp and the end of a thread leave is counted, and said", async () => {
  const path = await program();
  if (!path) return;
  const targets = ["fact", "leap", "gone"].map((name) => `user:${path}:${name}`);
  const results = await measured([path], { targets });
  assert.deepEqual(rows(results, "functions").map((r) => [r.function, r.calls]), [["fact", 60]]);
  const { unmatched, notes } = results.functions.quality;
  assert.equal(unmatched.starts + unmatched.replaced, 5 * 4 + 3);
  assert.ok(notes.some((n) => n.includes("longjmp")), notes.join("\n"));
});

Deno.test("errors of system calls are counted by number and process, children included", async () => {
  const path = await program();
  if (!path) return;
  for (const engine of ["bpf", "perf"]) {
    const follow = engine === "bpf";
    const results: Results = follow
      ? await measured([path], {
        targets: ["syscall:close", "open*at"].map((t) => t.replace("open*at", "syscall:openat")),
      })
      : await measured([path], { targets: ["syscall:close", "syscall:openat"], engine, pid: 0, follow: false });
    const own = rows(results, "processes").filter((r) => r.comm === COMM);
    const errors = new Map<string, number>();
    for (const r of own) errors.set(String(r.function), (errors.get(String(r.function)) ?? 0) + Number(r.errors));
    assert.deepEqual(errors.get("close"), 7 + 2 * 3, engine);
    assert.deepEqual(errors.get("openat"), 5, engine);
    assert.equal(new Set(own.filter((r) => r.function === "close").map((r) => r.pid)).size, 3, engine);
    if (follow) {
      const found = rows(results, "errors").map((r) => [r.function, r.error, r.calls, r.processes]);
      assert.ok(found.some((e) => e.join() === "close,EBADF,13,3"), JSON.stringify(found));
      const slow = rows(results, "slowest").filter((r) => r.function === "openat" && r.result === "ENOENT");
      assert.ok(
        slow.every((r) => String(r.arguments).includes('filename="/')),
        slow.map((r) => r.arguments).join("; "),
      );
    }
  }
});

Deno.test("all system calls at once: as many of each as strace -c -f counts", async () => {
  const path = await program();
  if (!path) return;
  const file = `${path}.strace`;
  try {
    await new Deno.Command("strace", { args: ["-f", "-c", "-o", file, path], stdout: "null" }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return skip("strace is missing");
    throw error;
  }
  const counted = new Map<string, number>();
  for (const m of (await Deno.readTextFile(file)).matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/gm)) {
    if (m[2] !== "total") counted.set(m[2], Number(m[1]));
  }
  // Its output goes nowhere in both: the writes are as many.
  const results = await measured(["sh", "-c", 'exec "$0" > /dev/null', path], { targets: ["syscall:*"] });
  const own = new Map<string, number>();
  for (const r of rows(results, "processes").filter((r) => r.comm === COMM)) {
    own.set(String(r.function), (own.get(String(r.function)) ?? 0) + Number(r.calls));
  }
  assert.ok(counted.size > 8, await Deno.readTextFile(file));
  for (const [name, calls] of counted) {
    // Those that do not return; how often threads wait for one another is a matter of chance; and the exec itself is the shell's.
    if (/^(exit|exit_group|futex|execve|rseq|restart_syscall)$/.test(name)) continue;
    assert.equal(own.get(name) ?? 0, calls, name);
  }
});

Deno.test("as many calls, errors and the same histogram as bpftrace sees", async () => {
  const path = await program();
  if (!path) return;
  const text = `uprobe:${path}:nap { @start[tid] = nsecs; }
    uretprobe:${path}:nap /@start[tid]/ { @naps = count(); @max = max(nsecs - @start[tid]); delete(@start[tid]); }
    tracepoint:syscalls:sys_exit_openat /comm == "${COMM}" && args->ret < 0/ { @errors[- args->ret] = count(); }`;
  let results: Results | undefined;
  const said = await bpftraceRun(text, {
    json: true,
    work: async () => void (results = await measured([path], { targets: [`user:${path}:nap`, "syscall:openat"] })),
  });
  if (!said || !results) return skip("bpftrace is missing");
  const maps = bpftraceMaps(said.stdout);
  const nap = rows(results, "functions").find((r) => r.function === "nap")!;
  assert.equal(nap.calls, maps["@naps"]);
  // Each measures inside or around the other's probes.
  assert.ok(Math.abs(Number(nap.max) - Number(maps["@max"])) < 5e6, `${nap.max} ${maps["@max"]}`);
  const ENOENT = 2;
  const errors = rows(results, "errors").filter((r) => r.function === "openat" && r.error === "ENOENT");
  const ours = rows(results, "processes").filter((r) => r.function === "openat" && r.comm === COMM);
  assert.equal(errors.length, 1);
  assert.equal(ours.reduce((n, r) => n + Number(r.errors), 0), (maps["@errors"] as Record<string, number>)[ENOENT]);
});

Deno.test("the highest rows are exactly the highest, of 100,000 in no order", async () => {
  const path = await program();
  if (!path) return;
  const COUNT = 100_000;
  const value = fieldRef("args.0", "int", true);
  const engine = await engineNamed(host, "bpf");
  const spec = {
    source: { kind: "event" as const, probes: [{ kind: "uprobe" as const, path, symbol: "mark" }] },
    steps: [],
    output: {
      kind: "aggregate" as const,
      keys: [],
      aggregates: [{ fn: "count", args: [], name: "n" }],
      maxKeys: 1,
      highest: { by: "value", fields: [{ name: "value", expr: value }], count: 50, atLeast: 0, ringBytes: 1 << 18 },
    },
    includeSelf: false,
  };
  await engine.prepare?.(spec);
  const answer = engine.supports(spec);
  if (!answer.ok) return skip(answer.reason);
  const expected: number[] = [];
  let n = 1n;
  for (let i = 0; i < COUNT; i++) {
    n = BigInt.asUintN(64, n * 6364136223846793005n + 1442695040888963407n);
    expected.push(Number(n >> 33n));
  }
  expected.sort((a, b) => b - a);
  using session = engine.open(spec);
  const { success } = await new Deno.Command(path, { args: ["marks", String(COUNT)] }).output();
  assert.ok(success);
  // Nobody looked meanwhile: the threshold rose by itself.
  const { batch, highest, quality } = session.finish();
  assert.equal(Number(recordsOf(batch)[0].n) + quality.lost, COUNT);
  assert.equal(quality.lost, 0, JSON.stringify(quality.lost_by));
  assert.deepEqual(quality.notes, []);
  assert.deepEqual(recordsOf(highest!).map((r) => r.value), expected.slice(0, 50));
});

Deno.test("the tool: kernel functions, or why not and what instead", async () => {
  if (!await program()) return;
  const { default: plugin } = await import("../../plugins/calls/mod.ts");
  const [tool] = plugin(api).tools!;
  const run = (args: Record<string, string | number | boolean>): Promise<Results> =>
    tool.run({ duration_secs: 1, output_latency_hist: true, slowest: 5, ...args }, {
      signal: AbortSignal.timeout(60_000),
      progress: () => {},
    });
  const kernel = mechanism("kprobe", host).state === "yes" || mechanism("fentry", host).state === "yes";
  if (kernel) {
    const results = await run({ function: "vfs_read" });
    assert.ok(rows(results, "functions").every((r) => r.target === "kernel:vfs_read"));
    return;
  }
  // Something to count: sonde's own calls are left out.
  const reader = new Deno.Command("sh", { args: ["-c", "while :; do read -r x < /proc/version; done"] }).spawn();
  try {
    const results = await run({ function: "__x64_sys_read", output_latency_hist: false });
    const [row] = rows(results, "functions");
    assert.equal(row.target, "syscall:read");
    assert.ok(!("latency" in results) && !("latency" in row));
    assert.ok(results.functions.quality.notes.some((n) => n.includes("measured instead")));
  } finally {
    reader.kill();
    await reader.status;
  }
  await assert.rejects(run({ function: "vfs_read" }), (error: Error & { remedy?: string }) => {
    assert.equal(error.name, "UnsupportedError");
    assert.match(error.remedy ?? "", /syscall:read/);
    return true;
  });
});

Deno.test("nothing stays open after a measurement, nor after one that is refused", async () => {
  const path = await program();
  if (!path) return;
  const open = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  await measured([path], { targets: ["syscall:close"] });
  const before = open();
  await measured([path], { targets: ["syscall:close", `user:${path}:nap`] });
  await assert.rejects(measured([path], { targets: [`user:${path}:nothing`] }), { name: "UsageError" });
  assert.equal(open(), before);
});
