/** Cgroups made on the running machine, against the kernel's own files. Needs root and a writable hierarchy. */
import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { readCgroupLayout } from "./_cgroup_layout.ts";
import { openReader } from "./_reader.ts";
import { openHost } from "./open_host.ts";

const host = openHost();
const layout = readCgroupLayout(openReader("/"));

interface TestCgroup extends AsyncDisposable {
  readonly path: string;
  readonly dir: string;
  write(file: string, text: string): void;
  read(file: string): string;
  /** Starts a shell script inside. */
  start(script: string): Deno.ChildProcess;
}

/** A cgroup of this test under one controller; the reason as text where that cannot be. */
function make(controller: string, name: string): TestCgroup | string {
  const v2 = layout.v2Controllers.has(controller);
  const mount = v2 ? layout.v2 : layout.v1.get(controller);
  if (!mount) return `no cgroup controller ${controller}`;
  const path = `/sonde_test_${name}_${Deno.pid}`;
  const dir = mount.mountPoint + path;
  try {
    if (v2) Deno.writeTextFileSync(`${mount.mountPoint}/cgroup.subtree_control`, `+${controller}`);
    Deno.mkdirSync(dir);
  } catch (e) {
    return `cannot make a cgroup: ${e}`;
  }
  const children: Deno.ChildProcess[] = [];
  return {
    path,
    dir,
    write: (file, text) => Deno.writeTextFileSync(`${dir}/${file}`, text),
    read: (file) => Deno.readTextFileSync(`${dir}/${file}`),
    start: (script) => {
      const args = ["-c", `echo $$ > "$0/cgroup.procs" && ${script}`, dir];
      const child = new Deno.Command("sh", { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
      children.push(child);
      return child;
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended already.
        }
        await child.status;
      }
      // The kernel may still be taking leave of them.
      await until("the cgroup empty", () => Deno.readTextFileSync(`${dir}/cgroup.procs`) === "");
      Deno.removeSync(dir);
    },
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let look = 0; look < 3000; look++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`never saw: ${what}`);
}

Deno.test("a busy loop under a quota is seen throttled, with the kernel's own figures", async () => {
  const made = make("cpu", "throttled");
  if (typeof made === "string") return skip(made);
  await using group = made;
  if (layout.v2Controllers.has("cpu")) group.write("cpu.max", "10000 100000");
  else group.write("cpu.cfs_quota_us", "10000");
  const child = group.start("while :; do :; done");
  await until("throttling", () => host.cgroup(group.path)!.throttledPeriods >= 3);
  assert.equal(host.processCgroup(child.pid), host.processCgroups(child.pid)[0]);
  assert.ok(host.processCgroups(child.pid).includes(group.path));
  const before = host.cgroup(group.path)!;
  const text = group.read("cpu.stat");
  const after = host.cgroup(group.path)!;
  const throttled = Number(/^nr_throttled (\d+)/m.exec(text)![1]);
  const periods = Number(/^nr_periods (\d+)/m.exec(text)![1]);
  assert.equal(before.cpuQuota, 0.1);
  assert.equal(before.processes, 1);
  assert.ok(before.throttledPeriods <= throttled && throttled <= after.throttledPeriods);
  assert.ok(before.periods <= periods && periods <= after.periods);
  assert.ok(after.throttledNs > 0);
  assert.ok(host.cgroups().some((c) => c.path === group.path));
});

Deno.test("a process killed for memory is counted in its cgroup and named by the kernel's log", async () => {
  const made = make("memory", "oom");
  if (typeof made === "string") return skip(made);
  if (host.kernelLog(1e9) === null) return skip("the kernel's log cannot be read");
  await using group = made;
  const limit = 16 << 20;
  group.write(layout.v2Controllers.has("memory") ? "memory.max" : "memory.limit_in_bytes", `${limit}`);
  if (host.memInfo().swapTotal > 0) {
    if (!layout.v2Controllers.has("memory")) return skip("swap, which version 1 cannot take from one cgroup alone");
    group.write("memory.swap.max", "0");
  }
  const child = group.start("exec tail /dev/zero");
  const status = await child.status;
  assert.equal(status.signal, "SIGKILL");
  const stat = host.cgroup(group.path)!;
  assert.equal(stat.memoryLimit, limit);
  assert.equal(stat.oomKills, 1);
  assert.ok(stat.limitHits > 0);
  const entry = host.kernelLog(600e9)!.find((e) => e.kind === "oom_kill" && e.pid === child.pid);
  assert.equal(entry?.comm, "tail");
  assert.ok(entry!.ageNs < 600e9);
});
