import assert from "node:assert/strict";
import { GoneError, type Profile, recordsOf, UnsupportedError, UsageError } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { profileByProcess } from "../core/profile/by_process.ts";
import type { CpuSampleRequest } from "../core/profile/sampler.ts";
import { type HotProgram, hotProgram } from "../tests/hot_program.ts";
import { assertHotShares, shareWith } from "../tests/hot_shares.ts";
import { skip } from "../tests/skip.ts";
import { bpfCpuSampler } from "./cpu_sampler.ts";

const host = openHost();

function request(over: Partial<CpuSampleRequest>): CpuSampleRequest {
  const signal = new AbortController().signal;
  return { pid: 0, frequencyHz: 997, durationNs: 1e9, kernel: true, user: true, signal, ...over };
}

/** Samples, or skips where the machine refuses. */
async function sample(over: Partial<CpuSampleRequest>, places?: number): Promise<Profile | null> {
  try {
    return await bpfCpuSampler(host, places)(request(over));
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    skip(error.message);
    return null;
  }
}

async function withProgram(test: (program: HotProgram) => Promise<void>): Promise<void> {
  const program = await hotProgram();
  if (!program) return skip("no gcc");
  await using _ = program;
  await test(program);
}

Deno.test("BPF: a process's time is shared among its functions as it was spent, and accounted for", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const ranNs = (): number => host.processSched(started.pid)!.runNs;
    const enough = new AbortController();
    let before = NaN;
    let after = NaN;
    const half = await sample({
      pid: started.pid,
      durationNs: 120e9,
      signal: enough.signal,
      onReady: () => {
        before = ranNs();
        setTimeout(() => {
          after = ranNs();
          enough.abort();
        }, 700);
      },
    });
    if (!half) return;
    const used = after - before;
    const sampled = half.stacks.reduce((sum, s) => sum + s.values[1], 0);
    // The kernel's account of a running task is up to a tick old.
    assert.ok(sampled > 0.85 * used && sampled < 1.1 * used, `${sampled} sampled, ${used} used`);
    const onReady = (): void => void setTimeout(() => Deno.kill(started.pid, "SIGKILL"), 500);
    const profile = (await sample({ pid: started.pid, durationNs: 120e9, onReady }))!;
    assertHotShares(profile);
    const names = profile.stacks[0].frames.map((f) => profile.frames[f].function);
    assert.deepEqual(names.slice(-3), ["main", "round_of_work", "spend_six"]);
    assert.equal(profile.quality.lost, 0);
    assert.match(profile.quality.notes.join("\n"), /ended after/);
  }));

Deno.test("BPF: threads, also those made while sampling, count once, by their names", () =>
  withProgram(async (program) => {
    await using started = await program.start("threads");
    const profile = await sample({ pid: started.pid, durationNs: 5e8 });
    if (!profile) return;
    assertHotShares(profile);
    const names = new Set(profile.stacks.map((s) => s.labels.thread ?? s.labels.comm));
    assert.deepEqual([...names].sort(), ["worker-a", "worker-b"]);
    const sampled = profile.stacks.reduce((sum, s) => sum + s.values[1], 0);
    assert.ok(sampled < 1.1 * profile.quality.duration_ns * Math.min(2, navigator.hardwareConcurrency));
  }));

Deno.test("BPF: children that fork, and short programs that they exec, are named after they have ended", () =>
  withProgram(async (program) => {
    {
      await using started = await program.start("children");
      const profile = await sample({ pid: started.pid });
      if (!profile) return;
      assertHotShares(profile);
      assert.ok(new Set(profile.stacks.map((s) => s.labels.pid)).size > 3);
    }
    const other = `${program.path}_2`;
    await Deno.copyFile(program.path, other);
    await using started = await program.start("exec", other);
    for (const pid of [started.pid, 0]) {
      const profile = await sample({ pid });
      if (!profile) return;
      const own = { ...profile, stacks: profile.stacks.filter((s) => s.labels.comm === "hot_program_2") };
      assert.ok(new Set(own.stacks.map((s) => s.labels.pid)).size > 3);
      assertHotShares(own);
      const spends = own.stacks.filter((s) => /^spend_/.test(own.frames[s.frames.at(-1)!].function));
      assert.ok(shareWith({ ...own, stacks: spends }, "main") > 0.95);
    }
  }));

Deno.test("BPF: samples that find no place in the kernel's maps are not lost", () =>
  withProgram(async (program) => {
    await using started = await program.start("recurse");
    const profile = await sample({ pid: started.pid }, 1);
    if (!profile) return;
    assertHotShares(profile);
    assert.equal(profile.quality.lost, 0);
    assert.ok(shareWith(profile, "recurse") > 0.95);
    assert.ok(shareWith(profile, "main") > 0.95);
  }));

Deno.test("BPF: all CPUs: a busy process is there, idle and Sonde are not; kernel and user code can be left out", () =>
  withProgram(async (program) => {
    await using started = await program.start("syscalls");
    const profile = await sample({ durationNs: 5e8 });
    if (!profile) return;
    const rows = recordsOf(profileByProcess(profile));
    const row = rows.find((r) => r.pid === started.pid);
    assert.ok(row && Number(row.samples) > 20 && Number(row.kernel_share) > 0.3, JSON.stringify(rows.slice(0, 5)));
    assert.ok(rows.every((r) => r.pid !== 0 && r.pid !== Deno.pid));
    const userOnly = await sample({ pid: started.pid, durationNs: 3e8, kernel: false });
    assert.ok(userOnly && userOnly.quality.events > 0 && userOnly.frames.every((f) => f.kind !== "kernel"));
    const kernelOnly = await sample({ pid: started.pid, durationNs: 3e8, user: false });
    assert.ok(kernelOnly && kernelOnly.quality.events > 0);
    assert.ok(kernelOnly.stacks.every((s) => s.frames.every((f) => kernelOnly.frames[f].kind === "kernel")));
  }));

Deno.test("BPF: only tasks of a cgroup, and of those below it", () =>
  withProgram(async (program) => {
    const root = /^cgroup2? (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
    const parent = `${root}/sonde_sampler_test`;
    try {
      await Deno.mkdir(`${parent}/below`, { recursive: true });
    } catch {
      return skip("no cgroup of version 2 can be made");
    }
    try {
      await using inside = await program.start("spin");
      await using outside = await program.start("spin");
      await Deno.writeTextFile(`${parent}/below/cgroup.procs`, `${inside.pid}`);
      const profile = await sample({ cgroup: "/sonde_sampler_test", durationNs: 5e8 });
      if (!profile) return;
      assertHotShares(profile);
      assert.deepEqual([...new Set(profile.stacks.map((s) => s.labels.pid))], [String(inside.pid)]);
      assert.notEqual(inside.pid, outside.pid);
      await assert.rejects(bpfCpuSampler(host)(request({ cgroup: "/sonde_not_there" })), GoneError);
    } finally {
      while (Deno.readTextFileSync(`${parent}/below/cgroup.procs`) !== "") {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await Deno.remove(`${parent}/below`);
      await Deno.remove(parent);
    }
  }));

Deno.test("BPF: what cannot be counted in the kernel is refused, and no descriptor is left behind", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const fds = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
    if (!await sample({ durationNs: 1e7 })) return;
    const before = fds();
    const wrong: Partial<CpuSampleRequest>[] = [{ unwind: "dwarf" }, { unwind: "lbr" }, {
      pid: -1,
    }];
    for (const over of wrong) await assert.rejects(bpfCpuSampler(host)(request(over)), UsageError);
    await assert.rejects(bpfCpuSampler(host)(request({ pid: 4194304 })), GoneError);
    const timed = await sample({ pid: started.pid, durationNs: 5e7, timeline: true });
    assert.match(timed!.quality.notes.join("\n"), /No times/);
    assert.equal(fds(), before);
  }));
