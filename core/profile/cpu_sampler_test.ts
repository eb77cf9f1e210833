import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { GoneError, type Profile, recordsOf, UnsupportedError, UsageError } from "../data/mod.ts";
import { openHost } from "../host/mod.ts";
import { childrenCpuNs } from "../sys/mod.ts";
import { type HotProgram, hotProgram } from "../../tests/hot_program.ts";
import { profileByProcess } from "./by_process.ts";
import { cpuSampler } from "./cpu_sampler.ts";
import { folded } from "./folded.ts";
import type { CpuSampleRequest } from "./sampler.ts";
import { topFunctions } from "./top_functions.ts";

const host = openHost();

function request(over: Partial<CpuSampleRequest>): CpuSampleRequest {
  const signal = new AbortController().signal;
  return { pid: 0, frequencyHz: 997, durationNs: 1e9, kernel: true, user: true, signal, ...over };
}

/** Samples, or skips where the machine refuses. */
async function sample(over: Partial<CpuSampleRequest>): Promise<Profile | null> {
  try {
    return await cpuSampler(host)(request(over));
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    skip(error.message);
    return null;
  }
}

async function withProgram(test: (program: HotProgram) => Promise<void>, options?: readonly string[]): Promise<void> {
  const program = await hotProgram(options);
  if (!program) return skip("no gcc");
  await using _ = program;
  await test(program);
}

/** Self samples by function. */
function selfOf(profile: Profile): Map<string, number> {
  const self = new Map<string, number>();
  // A program may run twice on this machine, from two files.
  for (const r of recordsOf(topFunctions(profile, 0))) {
    self.set(String(r.function), (self.get(String(r.function)) ?? 0) + Number(r.self));
  }
  return self;
}

/** Shares of the three functions among themselves, and how far chance may take them: four standard errors. */
function shares(self: ReadonlyMap<string, number>): { values: number[]; error: number } {
  const counts = ["spend_six", "spend_three", "spend_one"].map((name) => self.get(name) ?? 0);
  const n = counts.reduce((a, b) => a + b, 0);
  return { values: counts.map((c) => c / n), error: 4 * Math.sqrt(0.25 / n) };
}

/** @param least how far chance may take them at least: where samples do not all count the same, more than their number says */
function assertShares(profile: Profile, least = 0): void {
  const { values, error: chance } = shares(selfOf(profile));
  const error = Math.max(chance, least);
  [0.6, 0.3, 0.1].forEach((expected, i) => {
    assert.ok(Math.abs(values[i] - expected) < error, `${values} against 0.6, 0.3, 0.1 within ${error}`);
  });
}

/** Share of stacks with that frame, in samples of the first type. */
function shareWith(profile: Profile, name: string): number {
  let all = 0, found = 0;
  for (const s of profile.stacks) {
    all += s.values[0];
    if (s.frames.some((f) => profile.frames[f].function === name)) found += s.values[0];
  }
  return found / all;
}

Deno.test("a process's time is shared among its functions as it was spent, and stacks go down to its start", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const profile = await sample({ pid: started.pid });
    if (!profile) return;
    assert.ok(profile.quality.events > 50);
    assertShares(profile);
    const top = profile.stacks[0];
    const names = top.frames.map((f) => profile.frames[f].function);
    assert.deepEqual(names.slice(-3), ["main", "round_of_work", "spend_six"]);
    assert.deepEqual(top.labels, { pid: String(started.pid), comm: "hot_program" });
    assert.equal(profile.frames[top.frames.at(-1)!].module, program.path);
    assert.ok(profile.quality.unwind_failures <= profile.quality.events * 0.01);
    assert.equal(profile.quality.lost, 0);
    // One sample stands for the time between two.
    const [samples, ns] = top.values;
    assert.ok(Math.abs(ns / samples - 1e9 / 997) < 10);
  }));

Deno.test("shares agree with perf record and perf script on the same process", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const data = `${program.path}.data`;
    const args = [
      "record",
      "-q",
      "-F",
      "997",
      "-e",
      "cpu-clock",
      "-g",
      "-o",
      data,
      "-p",
      String(started.pid),
      "--",
      "sleep",
      "1",
    ];
    const [profile, recorded] = await Promise.all([sample({ pid: started.pid }), outputOf("perf", args)]);
    const script = await outputOf("perf", ["script", "-i", data, "-F", "ip,sym"]);
    if (recorded === null || !script?.includes("spend_six")) return skip("no perf, or it cannot record here");
    if (!profile) return;
    const theirs = new Map<string, number>();
    for (const block of script.split("\n\n")) {
      const name = /^\s*[0-9a-f]+ (\S+)/.exec(block)?.[1];
      if (name) theirs.set(name, (theirs.get(name) ?? 0) + 1);
    }
    const a = shares(selfOf(profile)), b = shares(theirs);
    a.values.forEach((v, i) => assert.ok(Math.abs(v - b.values[i]) < a.error + b.error, `${a.values} ${b.values}`));
  }));

Deno.test("recursion counts once in total", () =>
  withProgram(async (program) => {
    await using started = await program.start("recurse");
    const profile = await sample({ pid: started.pid, durationNs: 3e8 });
    if (!profile) return;
    const row = recordsOf(topFunctions(profile, 0)).find((r) => r.function === "recurse")!;
    assert.ok(Number(row.total_ratio) > 0.95 && Number(row.total_ratio) <= 1);
  }));

Deno.test("all threads are sampled, those there before and those by name", () =>
  withProgram(async (program) => {
    await using started = await program.start("threads");
    const profile = await sample({ pid: started.pid, durationNs: 5e8 });
    if (!profile) return;
    assertShares(profile);
    const byThread = new Map<string, number>();
    for (const s of profile.stacks) {
      assert.equal(s.labels.pid, String(started.pid));
      const name = s.labels.thread ?? s.labels.comm;
      byThread.set(name, (byThread.get(name) ?? 0) + s.values[0]);
    }
    // The first thread gives its name to the process.
    assert.deepEqual([...byThread.keys()].sort(), ["worker-a", "worker-b"]);
    assert.ok(Math.min(...byThread.values()) > 20);
  }));

Deno.test("a process with thousands of threads is sampled by watching whole CPUs, and nothing else is in the profile", () =>
  withProgram(async (program) => {
    await using started = await program.start("crowd", String(Math.ceil(4200 / navigator.hardwareConcurrency)));
    await using _other = await program.start("spin");
    const profile = await sample({ pid: started.pid, durationNs: 5e8 });
    if (!profile) return;
    assertShares(profile);
    assert.ok(profile.stacks.every((s) => s.labels.pid === String(started.pid)));
  }));

Deno.test("children that a process forks are sampled with it, and named though they have ended", () =>
  withProgram(async (program) => {
    await using started = await program.start("children");
    const profile = await sample({ pid: started.pid });
    if (!profile) return;
    assertShares(profile);
    const pids = new Set(profile.stacks.map((s) => s.labels.pid));
    assert.ok(pids.size > 3, `${pids.size}`);
    assert.ok(profile.stacks.every((s) => s.labels.comm === "hot_program"));
  }));

Deno.test("short-lived programs that children exec are named, with functions, after they have ended", () =>
  withProgram(async (program) => {
    const other = `${program.path}_2`;
    await Deno.copyFile(program.path, other);
    await using started = await program.start("exec", other);
    for (const pid of [started.pid, 0]) {
      const profile = await sample({ pid });
      if (!profile) return;
      const own = { ...profile, stacks: profile.stacks.filter((s) => s.labels.comm === "hot_program_2") };
      assert.ok(new Set(own.stacks.map((s) => s.labels.pid)).size > 1);
      assertShares(own);
      // How much of a short life goes into starting it is the machine's; its own code is called by main.
      const spends = own.stacks.filter((s) => /^spend_/.test(own.frames[s.frames.at(-1)!].function));
      assert.ok(shareWith({ ...own, stacks: spends }, "main") > 0.95);
    }
  }));

Deno.test("time in system calls is kernel time, above the user frames that called", () =>
  withProgram(async (program) => {
    await using started = await program.start("syscalls");
    const profile = await sample({ pid: started.pid, durationNs: 5e8 });
    if (!profile) return;
    const [row] = recordsOf(profileByProcess(profile));
    assert.ok(Number(row.kernel_share) > 0.3, `${row.kernel_share}`);
    for (const s of profile.stacks) {
      const kinds: string[] = s.frames.map((f) => profile.frames[f].kind);
      const kernel = kinds.indexOf("kernel");
      assert.ok(kernel < 0 || !kinds.slice(kernel).includes("user"), kinds.join());
    }
    const userOnly = await sample({ pid: started.pid, durationNs: 3e8, kernel: false });
    assert.ok(userOnly && userOnly.frames.every((f) => f.kind !== "kernel"));
    const kernelOnly = await sample({ pid: started.pid, durationNs: 3e8, user: false });
    assert.ok(kernelOnly && kernelOnly.quality.events > 0);
    assert.ok(kernelOnly.stacks.every((s) => kernelOnly.frames[s.frames.at(-1)!].kind === "kernel"));
  }));

Deno.test("a process may have any name: it survives in labels and in folded text", () =>
  withProgram(async (program) => {
    for (const comm of ["a b;c\n\x1b[31m", "; 12\n#", "\\x3b _[k]", "15 characters!!"]) {
      await using started = await program.start("comm", comm);
      const profile = await sample({ pid: started.pid, durationNs: 2e8 });
      if (!profile) return;
      assert.ok(profile.stacks.some((s) => s.labels.comm === comm), JSON.stringify(profile.stacks[0]?.labels));
      for (const line of folded(profile).trimEnd().split("\n")) assert.match(line, /^[^\n]*;spend_|;[^;]+ \d+$/);
    }
  }));

Deno.test("all CPUs: a busy process is found, idle is not there, and sonde's own samples are left out", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const [profile] = await Promise.all([
      sample({}),
      (async () => {
        for (let i = 0; i < 20; i++) {
          const end = performance.now() + 10;
          while (performance.now() < end);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      })(),
    ]);
    if (!profile) return;
    const rows = recordsOf(profileByProcess(profile));
    const row = rows.find((r) => r.pid === started.pid);
    assert.ok(row && Number(row.samples) > 3, JSON.stringify(rows.slice(0, 5)));
    assert.ok(rows.every((r) => r.pid !== 0 && r.pid !== Deno.pid));
    assert.match(profile.quality.notes.join("\n"), /Sonde itself took \d+ of \d+ samples/);
    assertShares({ ...profile, stacks: profile.stacks.filter((s) => s.labels.pid === String(started.pid)) });
  }));

Deno.test("a signal ends sampling early, and what there is is reported", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 500);
    const profile = await sample({ pid: started.pid, durationNs: 60e9, signal: abort.signal });
    if (!profile) return;
    assert.ok(profile.quality.duration_ns < 20e9);
    assert.ok(profile.quality.events > 2);
    const at_once = await sample({ pid: started.pid, durationNs: 60e9, signal: abort.signal });
    assert.equal(at_once?.quality.lost, 0);
  }));

Deno.test("sampling ends with the process, says so, and accounts for the CPU time that the kernel says it used", () =>
  withProgram(async (program) => {
    const before = childrenCpuNs();
    let earlier = NaN;
    let profile: Profile | null;
    {
      await using started = await program.start("half");
      const onReady = (): void => void (earlier = host.processSched(started.pid)!.runNs);
      profile = await sample({ pid: started.pid, durationNs: 120e9, onReady });
    }
    if (!profile) return;
    const used = childrenCpuNs() - before - earlier;
    const sampled = profile.stacks.reduce((sum, s) => sum + s.values[1], 0);
    assert.ok(profile.quality.duration_ns < 60e9);
    assert.match(profile.quality.notes.join("\n"), /ended after/);
    // The account of a running task is up to a tick (of 10 ms at most) old.
    assert.ok(sampled > 0.95 * used - 1e7 && sampled < 1.02 * used + 1e7, `${sampled} sampled, ${used} used`);
    assertShares(profile);
  }));

Deno.test("code without frame pointers is unwound by tables, with no option; by frame pointers its stacks end early", () =>
  withProgram(async (program) => {
    await using started = await program.start("recurse");
    const profile = await sample({ pid: started.pid, durationNs: 5e8 });
    if (!profile) return;
    assertShares(profile);
    assert.ok(profile.quality.events > 20);
    assert.ok(profile.quality.unwind_failures < 0.02 * profile.quality.events, JSON.stringify(profile.quality));
    // Forty-one frames of one function, below main: nothing is left out on the way.
    const whole = profile.stacks.filter((s) => {
      const names = s.frames.map((f) => profile.frames[f].function);
      return names.filter((n) => n === "recurse").length === 41 && names.indexOf("recurse") > names.indexOf("main");
    }).reduce((sum, s) => sum + s.values[0], 0);
    assert.ok(whole > 0.98 * profile.quality.events, `${whole} of ${profile.quality.events}`);
    const byPointers = await sample({ pid: started.pid, durationNs: 3e8, unwind: "fp" });
    if (!byPointers) return;
    const { unwind_failures, unwind_failures_by, events, notes } = byPointers.quality;
    assert.ok(unwind_failures > 0.5 * events, `${unwind_failures}`);
    assert.deepEqual(unwind_failures_by, { frame_pointer: unwind_failures });
    assert.match(notes.join("\n"), /end before their root: \d+ led by frame pointers/);
    assertShares(byPointers);
  }, ["-fomit-frame-pointer"]));

Deno.test("stacks go through a runtime's trampolines, which have neither tables nor frame pointers", async () => {
  if (Deno.build.arch !== "x86_64") return skip("trampolines elsewhere keep a frame pointer");
  const dir = await Deno.makeTempDir();
  try {
    const source = `
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
static volatile unsigned long x;
__attribute__((noinline)) void spend(void) { for (long i = 0; i < 100000; i++) x = x * 3 + 1; }
/* As CPython writes them: sub $8,%rsp; call *%rdi; add $8,%rsp; ret */
static const unsigned char code[] = { 0x48, 0x83, 0xec, 8, 0xff, 0xd7, 0x48, 0x83, 0xc4, 8, 0xc3 };
int main(void) {
  void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  memcpy(page, code, sizeof code);
  puts("ready"); fflush(stdout);
  for (;;) { ((void (*)(void (*)(void)))page)(spend); x++; }
}`;
    if (!await compileC(source, `${dir}/a`, ["-O2", "-fomit-frame-pointer"])) return skip("no gcc");
    const child = new Deno.Command(`${dir}/a`, { stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    try {
      if ((await reader.read()).done) return skip("no memory for code");
      const profile = await sample({ pid: child.pid, durationNs: 3e8, kernel: false });
      if (!profile) return;
      const { unwind_failures, events } = profile.quality;
      assert.ok(events > 5 && unwind_failures <= 0.05 * events, `${unwind_failures} of ${events}`);
      const names = profile.stacks[0].frames.map((f) => profile.frames[f].function);
      assert.deepEqual(names.slice(-3), ["main", "[unknown]", "spend"]);
    } finally {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a stack that is deeper than its copy is counted, and a note says what to do", () =>
  withProgram(async (program) => {
    await using started = await program.start("recurse");
    const profile = await sample({ pid: started.pid, durationNs: 3e8, stackBytes: 512 });
    if (!profile) return;
    const { unwind_failures_by, unwind_failures, events, notes } = profile.quality;
    assert.ok(unwind_failures_by.copy_too_short === unwind_failures && unwind_failures > 0.9 * events);
    assert.match(notes.join("\n"), /deeper than the copy of the stack of 0.5 KiB \(--stack-size 63K takes more\)/);
    assertShares(profile);
  }, ["-fomit-frame-pointer"]));

Deno.test("a machine without a record of branches says so, and what to use", async () => {
  const refused = await cpuSampler(host)(request({ pid: Deno.pid, durationNs: 1e7, unwind: "lbr" })).then(
    () => null,
    (error) => error,
  );
  if (refused === null) return skip("this processor records branches");
  assert.ok(refused instanceof UnsupportedError, String(refused));
  assert.match(`${refused.message} ${refused.remedy}`, /no record of calls .*--unwind auto|refuses perf_event_open/);
});

Deno.test("a timeline tells when each sample was taken, in order, and adds up to the profile", () =>
  withProgram(async (program) => {
    await using started = await program.start("threads");
    const before = Date.now();
    const profile = await sample({ pid: started.pid, durationNs: 3e8, timeline: true });
    if (!profile) return;
    const { timeNs, stack, value, startNs } = profile.timeline!;
    assert.equal(timeNs.length, profile.quality.events);
    assert.ok(timeNs.every((t, i) => t >= (timeNs[i - 1] ?? 0) && t <= profile.quality.duration_ns + 1e8));
    const sums = profile.stacks.map(() => 0);
    stack.forEach((s, i) => sums[s] += value[i]);
    assert.deepEqual(sums, profile.stacks.map((s) => s.values[0]));
    const startMs = Number(startNs! / 1_000_000n);
    assert.ok(startMs >= before - 1000 && startMs <= Date.now());
  }));

Deno.test("a budget lowers the frequency, samples are scaled by it, and a note says so", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const profile = await sample({ pid: started.pid, durationNs: 3e9, frequencyHz: 4999, budget: 0.01 });
    if (!profile) return;
    const { quality: q, stacks } = profile;
    assert.match(q.notes.join("\n"), /Sampled less often to stay within 1 % of a CPU: \d+ Hz after/);
    assert.ok(q.sampling < 0.9 && q.estimated, `${q.sampling}`);
    // What is told stands for the CPU time that was used, as if nothing had been left out.
    const [samples, ns] = [0, 1].map((i) => stacks.reduce((sum, s) => sum + s.values[i], 0));
    assert.ok(Math.abs(samples * 1e9 / 4999 - ns) < 0.02 * ns && samples > q.events, `${samples} ${ns} ${q.events}`);
    assertShares(profile, 0.12);
  }));

Deno.test("a budget holds for what is created while it is watched, and all its CPU time is still accounted for", () =>
  withProgram(async (program) => {
    const before = childrenCpuNs();
    // They are started when sampling has begun, and end before it does.
    const script = 'read go; "$1" seconds & "$1" seconds & wait';
    const child = new Deno.Command("sh", { args: ["-c", script, "sh", program.path], stdin: "piped" }).spawn();
    const go = async (): Promise<void> => {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
    };
    let going: Promise<void> | null = null;
    const profile = await sample({
      pid: child.pid,
      durationNs: 60e9,
      frequencyHz: 4999,
      budget: 0.01,
      onReady: () => void (going = go()),
    });
    await (going ?? go());
    await child.status;
    if (!profile) return;
    const used = childrenCpuNs() - before;
    const { quality: q, stacks } = profile;
    const notes = q.notes.join("\n");
    assert.match(notes, /Sampled less often to stay within 1 % of a CPU: .* Samples are scaled by that\./);
    // By how much depends on how long they run after the first second.
    assert.ok(q.sampling < 1, `${q.sampling}`);
    const sampled = stacks.reduce((sum, s) => sum + s.values[1], 0);
    assert.ok(sampled > 0.8 * used && sampled < 1.1 * used, `${sampled} sampled, ${used} used`);
    assertShares(profile, 0.12);
  }));

Deno.test("a cgroup is sampled alone, by the kernel where it counts events for it; one that is not there is a GoneError", () =>
  withProgram(async (program) => {
    await assert.rejects(cpuSampler(host)(request({ cgroup: "/sonde-test-not-there" })), GoneError);
    const name = `/sonde-test-${Deno.pid}`;
    const root = host.perfCgroupDirectory("/");
    const dir = root && `${root}${name}`;
    try {
      if (!dir) return skip("no cgroups that perf events know");
      await Deno.mkdir(dir);
    } catch (error) {
      return skip(`no cgroup can be made: ${(error as Error).message}`);
    }
    try {
      await using inside = await program.start("spin");
      await using _outside = await program.start("spin");
      await Deno.writeTextFile(`${dir}/cgroup.procs`, String(inside.pid));
      const profile = await sample({ cgroup: name, durationNs: 5e8 });
      if (profile) {
        assert.ok(profile.quality.events > 5);
        assert.deepEqual(new Set(profile.stacks.map((s) => s.labels.pid)), new Set([String(inside.pid)]));
        assertShares(profile);
      }
    } finally {
      // The kernel removes a group only once nothing is in it.
      for (let i = 0; i < 100; i++) {
        try {
          await Deno.remove(dir);
          break;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    }
  }));

Deno.test("several processes are sampled together, and no other", () =>
  withProgram(async (program) => {
    await using a = await program.start("spin");
    await using b = await program.start("spin");
    await using _c = await program.start("spin");
    const profile = await sample({ pid: a.pid, pids: [a.pid, b.pid], durationNs: 5e8 });
    if (!profile) return;
    assert.deepEqual(new Set(profile.stacks.map((s) => s.labels.pid)), new Set([a, b].map((p) => String(p.pid))));
  }));

Deno.test("a process that does not exist is a GoneError; wrong requests are UsageErrors", async () => {
  await assert.rejects(cpuSampler(host)(request({ pid: 4194304 })), GoneError);
  for (
    const wrong of [{ pid: -1 }, { frequencyHz: 0 }, { frequencyHz: 20000 }, { frequencyHz: NaN }, { durationNs: 0 }, {
      durationNs: Infinity,
    }, { kernel: false, user: false }]
  ) await assert.rejects(cpuSampler(host)(request(wrong)), UsageError);
});

Deno.test("no descriptor and no mapping is left behind, also after errors", () =>
  withProgram(async (program) => {
    await using started = await program.start("spin");
    const state = (): string => {
      const rings = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((l) => l.includes("perf_event"));
      return `${[...Deno.readDirSync("/proc/self/fd")].length} descriptors, ${rings.length} rings`;
    };
    const before = state();
    for (const pid of [0, started.pid, 4194304]) {
      await sample({ pid, durationNs: 5e7 }).catch((error) => assert.ok(error instanceof GoneError));
    }
    assert.equal(state(), before);
  }));
