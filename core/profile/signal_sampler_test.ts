import assert from "node:assert/strict";
import { compileC } from "../../tests/compile_c.ts";
import { type HotProgram, hotProgram } from "../../tests/hot_program.ts";
import { assertHotShares, shareWith } from "../../tests/hot_shares.ts";
import { skip } from "../../tests/skip.ts";
import { compileWaitingProgram } from "../../tests/waiting_program.ts";
import { type Profile, UsageError } from "../data/mod.ts";
import { openHost } from "../host/mod.ts";
import { SAMPLE_RECORD } from "../ptrace/mod.ts";
import { SHARED_HEAD, SHARED_MAGIC, SHARED_STATE } from "./native/shared_head.ts";
import type { CpuSampleRequest } from "./sampler.ts";
import { prepareSignalSampling } from "./signal_sampler.ts";

const host = openHost();

/** Samples a command until it ends or has been given enough time. @returns how it ended, too; 0 when it was killed by us */
async function sample(
  words: readonly string[],
  over: Partial<CpuSampleRequest> = {},
): Promise<{ profile: Profile; code: number; out: string; cpuNs: number }> {
  const frequencyHz = over.frequencyHz ?? 997;
  using sampling = prepareSignalSampling(host, { frequencyHz });
  const [command, ...args] = words;
  const child = new Deno.Command(command, { args, env: { ...sampling.env }, stdout: "piped", stderr: "inherit" })
    .spawn();
  const ended = new AbortController();
  const output = child.output().then((result) => {
    ended.abort(new DOMException("It has ended", "OperationError"));
    return result;
  });
  let cpuNs = NaN;
  const enough = setTimeout(() => {
    cpuNs = host.processSched(child.pid)?.runNs ?? NaN;
    ended.abort(new DOMException("That is enough", "OperationError"));
  }, (over.durationNs ?? 2e9) / 1e6);
  let profile: Profile;
  try {
    profile = await sampling.sample({
      pid: child.pid,
      frequencyHz,
      kernel: false,
      user: true,
      signal: ended.signal,
      ...over,
      durationNs: 120e9,
    });
  } finally {
    clearTimeout(enough);
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await output;
  }
  const { code, stdout, signal } = await output;
  return { profile, code: signal === "SIGTERM" ? 0 : code, out: new TextDecoder().decode(stdout), cpuNs };
}

async function withProgram(test: (program: HotProgram) => Promise<void>, options?: readonly string[]): Promise<void> {
  const program = await hotProgram(options);
  if (!program) return skip("no gcc");
  await using _ = program;
  await test(program);
}

Deno.test("signal: time is shared as it was spent, with whole stacks, and accounted for", () =>
  withProgram(async (program) => {
    const { profile, cpuNs } = await sample([program.path, "spin"], { durationNs: 4e9 });
    assertHotShares(profile);
    assert.ok(shareWith(profile, "main") > 0.98, JSON.stringify(profile.quality));
    assert.ok(profile.quality.unwind_failures <= 0.02 * profile.quality.events, JSON.stringify(profile.quality));
    assert.equal(profile.quality.lost, 0);
    const sampled = profile.stacks.reduce((sum, s) => sum + s.values[1], 0);
    assert.ok(sampled > 0.8 * cpuNs && sampled < 1.05 * cpuNs, `${sampled} sampled, ${cpuNs} used`);
  }, ["-O2", "-fomit-frame-pointer"]));

Deno.test("signal: all threads, children that fork, and programs that they exec", () =>
  withProgram(async (program) => {
    const threads = await sample([program.path, "threads"], { durationNs: 3e9 });
    assertHotShares(threads.profile);
    assert.ok(shareWith(threads.profile, "thread") > 0.95);
    const children = await sample([program.path, "children"], { durationNs: 4e9 });
    assertHotShares(children.profile);
    assert.ok(new Set(children.profile.stacks.map((s) => s.labels.pid)).size > 3);
    const other = `${program.path}_2`;
    await Deno.copyFile(program.path, other);
    const { profile } = await sample([program.path, "exec", other], { durationNs: 4e9 });
    const own = { ...profile, stacks: profile.stacks.filter((s) => s.labels.comm === "hot_program_2") };
    assertHotShares(own);
    assert.ok(new Set(own.stacks.map((s) => s.labels.pid)).size > 3);
  }));

Deno.test("signal: the program gets its own signals and its exit code, and no wait is cut short", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileWaitingProgram(`${dir}/waiting`)) return skip("no gcc");
    const { code, out, profile } = await sample([`${dir}/waiting`], { durationNs: 2e9 });
    assert.equal(code, 7);
    const [, waits, sent, got] = /waits (\d+) .*sent (\d+) got (\d+)/.exec(out)!;
    assert.equal(got, sent);
    assert.ok(Number(waits) > 300);
    assert.ok(profile.quality.events > 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("signal: a program without our handler is never killed: exec into one that is linked statically, or ignores", () =>
  withProgram(async (program) => {
    // A shell that works for a while, so that its timer runs, then becomes the program.
    const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec "$@"';
    const { code, profile } = await sample(["/bin/sh", "-c", script, "sh", program.path, "half"], { durationNs: 60e9 });
    assert.equal(code, 0);
    assert.ok(profile.stacks.every((s) => s.labels.comm === "sh"), "a static program cannot be sampled");
    const none = await sample([program.path, "half"], { durationNs: 60e9 });
    assert.equal(none.code, 0);
    assert.equal(none.profile.quality.events, 0);
    assert.match(none.profile.quality.notes.join("\n"), /library was not loaded.*linked statically/);
    const ignores = await sample([
      "/bin/sh",
      "-c",
      'trap "" PROF; exec /bin/sh -c "i=0; while [ \\$i -lt 20000 ]; do i=\\$((i+1)); done"',
    ]);
    assert.equal(ignores.code, 0);
    assert.match(ignores.profile.quality.notes.join("\n"), /1 processes were left alone/);
  }, ["-O1", "-static"]));

Deno.test("signal: errno survives, and a program's own use of SIGPROF takes precedence", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const source = `
      #include <errno.h>
      #include <signal.h>
      #include <stdio.h>
      #include <sys/time.h>
      static volatile int own;
      static void on(int n) { own++; }
      int main(void) {
        for (long i = 0; i < 400000000; i++) { errno = 77; __asm__ volatile(""); if (errno != 77) return 1; }
        signal(SIGPROF, on);
        struct itimerval t = { { 0, 10000 }, { 0, 10000 } };
        setitimer(ITIMER_PROF, &t, 0);
        while (own < 20);
        puts("done");
        return 3;
      }`;
    if (!await compileC(source, `${dir}/own`, ["-O1"])) return skip("no gcc");
    const { code, out } = await sample([`${dir}/own`], { durationNs: 60e9 });
    assert.equal(out, "done\n");
    assert.equal(code, 3);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("signal: a program whose stack pointer points nowhere is sampled without its stack, and not killed", async () => {
  if (Deno.build.arch !== "x86_64") return skip("the program is written for x86-64");
  const dir = await Deno.makeTempDir();
  try {
    const source = `
      #include <signal.h>
      #include <stdlib.h>
      int main(void) {
        stack_t own = { malloc(1 << 18), 0, 1 << 18 };
        sigaltstack(&own, 0);
        __asm__ volatile(
          "mov %%rsp, %%r12; mov $4096, %%rsp; mov $1000000000, %%rcx; 1: dec %%rcx; jnz 1b; mov %%r12, %%rsp"
          ::: "r12", "rcx", "memory", "cc");
        return 5;
      }`;
    if (!await compileC(source, `${dir}/nowhere`, ["-O1"])) return skip("no gcc");
    const { code, profile } = await sample([`${dir}/nowhere`], { durationNs: 60e9 });
    assert.equal(code, 5);
    assert.ok(profile.quality.events > 0 && shareWith(profile, "main") > 0.9, JSON.stringify(profile.quality));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("signal: what cannot be sampled is refused, and no descriptor or mapping is left behind", async () => {
  const state = (): string => {
    const ours = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((l) => l.includes("memfd:sonde-samples"));
    return `${[...Deno.readDirSync("/proc/self/fd")].length} descriptors, ${ours.length} mappings`;
  };
  await sample(["/bin/true"]);
  const before = state();
  for (const wrong of [{ pid: 0 }, { cgroup: "/x" }, { user: false, kernel: true }, { unwind: "lbr" as const }]) {
    await assert.rejects(sample(["/bin/true"], wrong), UsageError);
  }
  await sample(["/bin/true"]);
  assert.equal(state(), before);
  const twice = prepareSignalSampling(host, { frequencyHz: 99 });
  twice[Symbol.dispose]();
  twice[Symbol.dispose]();
  assert.equal(state(), before);
});

Deno.test("signal: the layout in C is the one that we read", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const C_NAMES: Record<string, string> = {
      SYSCALL: "syscall",
      WEIGHT: "weight_ns",
      TIME: "time_ns",
      PERIOD: "period_ns",
      BEAT: "beat_ns",
    };
    const asserts = (struct: string, layout: Record<string, number>): string =>
      Object.entries(layout).filter(([name]) => name !== "PAYLOAD").map(([name, at]) =>
        name === "BYTES" && struct === "head"
          ? `_Static_assert(sizeof(struct head) == ${at}, "size");`
          : `_Static_assert(__builtin_offsetof(struct ${struct}, ${
            C_NAMES[name] ?? name.toLowerCase()
          }) == ${at}, "${name}");`
      ).join("\n");
    const source = `#include "${new URL("./native/sampler.c", import.meta.url).pathname}"
      ${asserts("head", SHARED_HEAD)}
      ${asserts("record", SAMPLE_RECORD)}
      _Static_assert(sizeof(struct record) == ${SAMPLE_RECORD.PAYLOAD}, "payload");
      _Static_assert(HEAD_MAGIC == ${SHARED_MAGIC} && STATE_ON == ${SHARED_STATE.ON} && STATE_OFF == ${SHARED_STATE.OFF}, "");
      int main(void) { return 0; }`;
    if (!await compileC(source, `${dir}/layout`, ["-c"])) return skip("no gcc");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
