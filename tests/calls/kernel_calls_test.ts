import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { works } from "../../bpf/mechanisms.ts";
import { createSondeApi } from "../../cli/sonde_api.ts";
import { recordsOf, type Results } from "../../core/data/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { bpftraceMaps, bpftraceRun } from "../bpftrace_oracle.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";

const host = openHost();
const api = createSondeApi(host);
const WORKLOAD = fileURLToPath(new URL("../kernels/workload.c", import.meta.url));
const N = 40;

// Run in the guests of the kernel matrix as well (tests/kernels/matrix_test.ts): most machines of tests refuse kprobes.
Deno.test("of kernel functions as many calls, errors and bytes as bpftrace sees in the same run", async () => {
  if (!works("kprobe", host)) return skip("this kernel refuses kprobes");
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/sonde_load`;
    if (!await compileC(await Deno.readTextFile(WORKLOAD), program, ["-static"])) return skip("gcc is not installed");
    const run = async (action: string): Promise<void> => {
      const { success } = await new Deno.Command(program, { args: [action, String(N)] }).output();
      assert.ok(success, action);
    };
    const ended = new AbortController();
    let results: Results | undefined;
    const work = async (): Promise<void> => {
      let loads = Promise.resolve();
      results = await api.calls.measure({
        targets: ["kernel:vfs_read", "kernel:__x64_sys_close"],
        pid: 0,
        durationNs: 120e9,
        signal: ended.signal,
        onReady: () => void (loads = run("read").then(() => run("badclose")).finally(() => ended.abort())),
      });
      await loads;
    };
    const said = await bpftraceRun(
      `kprobe:vfs_read /comm == "sonde_load"/ { @start[tid] = nsecs; }
      kretprobe:vfs_read /@start[tid]/ { @reads = count(); @times = hist(nsecs - @start[tid]); delete(@start[tid]); }
      kretprobe:__x64_sys_close /comm == "sonde_load" && (int64)retval < 0/ { @errors = count(); }`,
      { json: true, newest: true, work },
    );
    if (!said || !results) return skip("bpftrace is not installed");
    const maps = bpftraceMaps(said.stdout);
    const { processes, slowest } = results;
    assert.ok(processes.kind === "table" && slowest.kind === "table");
    const own = new Map(recordsOf(processes).filter((r) => r.comm === "sonde_load").map((r) => [r.function, r]));
    assert.deepEqual([own.get("vfs_read")?.calls, own.get("vfs_read")?.errors], [maps["@reads"], 0]);
    assert.equal(own.get("__x64_sys_close")?.errors, maps["@errors"]);
    assert.equal(maps["@reads"], N);
    // The slowest know the kernel's names of arguments, and who called.
    const [first] = recordsOf(slowest);
    assert.match(String(first.arguments), first.function === "vfs_read" ? /count=\d+/ : /regs=0x/);
    assert.ok(Array.isArray(first.stack) && first.stack.length > 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
