import assert from "node:assert/strict";
import { parseOwnerName } from "../../core/ftrace/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { isInKernel, type ObjectId } from "../../bpf/testing/run.ts";
import { outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { type RunningSonde, startSonde } from "./running_sonde.ts";
import { startTarget, type TargetProgram, targetProgram } from "./target_program.ts";

const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON) && hasCapability(CAP.NET_ADMIN);
const NO_RIGHTS = "CAP_BPF, CAP_PERFMON or CAP_NET_ADMIN is missing";

/** A recipe of each kind, over a window that no test waits for. */
function recipes(path: string): Readonly<Record<string, readonly string[]>> {
  const one = (source: string, rest: string, ...options: string[]): string[] => [
    "run",
    "--json",
    "-e",
    `collect ${source} for 600s ${rest}`,
    ...options,
  ];
  return {
    tracepoint: one("tracepoint:sched:sched_switch", "| aggregate count() by prev_state"),
    raw_tracepoint: one("raw_tracepoint:sys_enter", "| aggregate count() by comm"),
    stream: one("raw_tracepoint:sched_switch", "| select pid, comm | limit 1000000000"),
    uprobe: one(`uprobe:${path}:inner`, "| aggregate count() by pid"),
    uretprobe: one(`uretprobe:${path}:inner`, "| aggregate count()"),
    usdt: one(`usdt:${path}:demo:step`, "| aggregate count()"),
    profile: one("profile:99hz", "| aggregate count() by kstack"),
    xdp: one("xdp:lo", "| aggregate count()"),
    iter: one("iter:task", "| aggregate count()"),
    calls: one(`calls user:${path}:inner`, "| aggregate count(), p99(duration)"),
    perf: one("tracepoint:sched:sched_switch", "| aggregate count() by comm", "--engine", "perf"),
    perfbuf: one("raw_tracepoint:sched_switch", "| select pid, comm | limit 1000000000", "--engine", "bpf-perfbuf"),
  };
}

/** Every other kind of command that attaches to something: to the machine, to a process, to tracefs. */
function commands(path: string, pid: number): Readonly<Record<string, readonly string[]>> {
  const target = ["-p", String(pid), "-d", "600s", "--json"];
  return {
    profile: ["profile", ...target],
    profile_by_ptrace: ["profile", "--sampler", "ptrace", ...target],
    offcpu: ["offcpu", ...target],
    analyze: ["analyze", "sched_latency", ...target],
    strace: ["strace", "-p", String(pid), "-o", "/dev/null"],
    function_events: [
      "run",
      "--json",
      "--engine",
      "perf",
      "-e",
      `collect uprobe:${path}:inner for 600s | aggregate count()`,
    ],
    function_calls: [
      "run",
      "--json",
      "--engine",
      "perf",
      "-e",
      `collect calls user:${path}:inner for 600s | aggregate count()`,
    ],
    // A private instance of tracefs: where the kernel traces no functions, for a moment only.
    ftrace: ["ftrace", "vfs_read", ...target],
  };
}

/** Kinds that are refused on some kernels, or stop the target for moments only: nothing tells that they have begun. */
const UNSEEN: ReadonlySet<string> = new Set(["ftrace", "profile_by_ptrace"]);

/** Waits until it measures: it holds a link or a perf event, or it traces the target; or until it has ended. */
async function begun(run: RunningSonde, target: number): Promise<void> {
  const traced = async (): Promise<void> => {
    while (!run.over() && /^TracerPid:\t0$/m.test(Deno.readTextFileSync(`/proc/${target}/status`))) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await Promise.race([run.attached(), traced(), run.ended]);
}

/** Numbers from 0 to 1, the same ones for a seed. */
function random(seed: number): () => number {
  let x = seed >>> 0;
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** What is in tracefs under our name. */
function ourTracefs(): string[] {
  const root = openHost().path("tracefs");
  const list = (path: string): string[] => {
    try {
      return [...Deno.readDirSync(path)].map((e) => e.name).filter((name) => name.startsWith("sonde_"));
    } catch {
      return [];
    }
  };
  return [...list(`${root}/instances`), ...list(`${root}/events`)];
}

/** Whose it is lives no more, or is none of the processes. */
function isOfTheDead(name: string): boolean {
  const owner = parseOwnerName(name);
  return owner !== null && openHost().processStat(owner.pid) === null;
}

/** BPF objects that a process holds: it is stopped, so they are all it will ever have. */
function heldBy(pid: number): ObjectId[] {
  return [...Deno.readDirSync(`/proc/${pid}/fdinfo`)].flatMap(({ name }): ObjectId[] => {
    const text = Deno.readTextFileSync(`/proc/${pid}/fdinfo/${name}`);
    return [...text.matchAll(/^(map|prog|link)_id:\s*(\d+)$/gm)].map((m): ObjectId => [m[1] as ObjectId[0], m[2]]);
  });
}

/** Waits until a stopped process stands still: what it was doing in the kernel is done then. */
async function stop(run: RunningSonde): Promise<boolean> {
  run.kill("SIGSTOP");
  while (!run.over()) {
    try {
      const states = [...Deno.readDirSync(`/proc/${run.pid}/task`)].map(({ name }) =>
        /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${run.pid}/task/${name}/status`))?.[1]
      );
      if (states.every((s) => s === "T")) return true;
    } catch (error) {
      // A thread ended between the listing and the look; or all did.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return false;
}

/** The code of `inner` in a running target. */
function codeOf(pid: number, inner: string): string {
  const maps = Deno.readTextFileSync(`/proc/${pid}/maps`);
  const base = BigInt(`0x${/^([0-9a-f]+)-/.exec(maps)![1]}`);
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  memory.seekSync(base + BigInt(inner), Deno.SeekMode.Start);
  const bytes = new Uint8Array(16);
  memory.readSync(bytes);
  return bytes.toHex();
}

/**
 * Kills a sonde, and proves that the kernel has nothing of it any more.
 *
 * @returns how many objects it held; null when it had ended before
 */
async function killAndLook(
  name: string,
  run: RunningSonde,
  pid: number,
  target: TargetProgram,
  code: string,
): Promise<number | null> {
  const stopped = await stop(run);
  const held = stopped ? heldBy(run.pid) : [];
  run.kill("SIGKILL");
  await run.ended;
  for (const object of held) {
    // The kernel frees what nobody holds in its own time, after a grace period.
    const deadline = Date.now() + 30_000;
    let found = await isInKernel(object);
    while (found && Date.now() < deadline) found = await isInKernel(object);
    assert.equal(found, false, `${name}: ${object.join(" ")} is left`);
  }
  const programs = held.filter(([kind]) => kind === "prog").map(([, id]) => id);
  const links = JSON.parse(await outputOf("ip", ["-j", "link", "show", "lo"]) || "[]");
  assert.ok(!programs.includes(String(links[0]?.xdp?.prog?.id)), `${name}: XDP is left on lo`);
  const perf = JSON.parse(await outputOf("bpftool", ["-j", "perf", "show"]) || "[]");
  assert.ok(!perf.some((p: { pid: number }) => p.pid === run.pid), `${name}: a perf event is left`);
  assert.equal(codeOf(pid, target.inner), code, `${name}: a breakpoint is left`);
  return stopped ? held.length : null;
}

Deno.test("SIGKILL at any moment leaves nothing behind: programs, maps, links, perf events, XDP, breakpoints", async (t) => {
  if (!privileged) return skip(NO_RIGHTS);
  if (await outputOf("bpftool", ["version"]) === null) return skip("bpftool is not installed");
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  await using loop = await startTarget(target.path, "loop");
  const code = codeOf(loop.pid, target.inner);
  for (const [name, args] of Object.entries(recipes(target.path))) {
    await t.step(`${name}: while it measures`, async () => {
      const run = startSonde(args);
      if (!await run.attached()) {
        const { err } = await run.ended;
        // Somebody else's XDP program may be on lo.
        return assert.match(err, /EBUSY|Something else is attached/, err);
      }
      const probed = /^(uprobe|calls)$/.test(name);
      // What runs is stopped at places only that are written into it.
      while (probed && codeOf(loop.pid, target.inner) === code) await new Promise((resolve) => setTimeout(resolve, 1));
      const held = await killAndLook(name, run, loop.pid, target, code);
      if (held === null) assert.fail(`${name} ended by itself: ${(await run.ended).err}`);
      if (name !== "perf") assert.ok(held >= 3, `${name}: ${held} objects were held`);
    });
  }
});

Deno.test("SIGKILL 50 times, of every kind of command, at random moments: the target goes on, nothing is left in the kernel", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  if (await outputOf("bpftool", ["version"]) === null) return skip("bpftool is not installed");
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  await using loop = await startTarget(target.path, "loop");
  const code = codeOf(loop.pid, target.inner);
  const kinds = Object.entries({ ...recipes(target.path), ...commands(target.path, loop.pid) });
  const seed = Number(Deno.env.get("SONDE_KILL_SEED") ?? Date.now() % 2 ** 31);
  const next = random(seed);
  let killed = 0;
  let left = 0;
  let holding = 0;
  for (let i = 0; i < 50; i++) {
    const [kind, args] = kinds[i % kinds.length];
    const name = `${kind}, SONDE_KILL_SEED=${seed}, round ${i}`;
    const run = startSonde(args);
    // Half of them wherever they are, also before they have begun; the others once they measure.
    const waits = (i + Math.trunc(i / kinds.length)) % 2 === 0 && !UNSEEN.has(kind);
    if (waits) await begun(run, loop.pid);
    await new Promise((resolve) => setTimeout(resolve, next() * (waits ? 50 : 600)));
    const held = await killAndLook(name, run, loop.pid, target, code);
    if (held !== null) killed++;
    if (held !== null && held > 0) holding++;
    // Whom it had attached to goes on as before: not stopped, traced by nobody, the same process.
    const status = Deno.readTextFileSync(`/proc/${loop.pid}/status`);
    assert.match(status, /^State:\t[RSD]/m, name);
    assert.match(status, /^TracerPid:\t0$/m, name);
    left += ourTracefs().filter(isOfTheDead).length;
  }
  assert.ok(killed >= 25, `only ${killed} were killed, the others had ended (SONDE_KILL_SEED=${seed})`);
  assert.ok(holding >= 10, `only ${holding} held anything in the kernel (SONDE_KILL_SEED=${seed})`);
  // Probes of functions are left where the moment was right; whoever uses tracefs next removes them.
  const after = await startSonde([
    "run",
    "--json",
    "-e",
    "collect tracepoint:sched:sched_switch for 10ms | aggregate count()",
  ])
    .ended;
  assert.equal(after.code, 0, after.err);
  assert.deepEqual(ourTracefs().filter(isOfTheDead), [], `SONDE_KILL_SEED=${seed}, ${left} were left on the way`);
});

Deno.test("doctor --clean removes what a killed run left in tracefs, and says what it was", async () => {
  if (!privileged) return skip(NO_RIGHTS);
  const root = openHost().path("tracefs");
  const name = "sonde_4194304_1_i1";
  try {
    Deno.mkdirSync(`${root}/instances/${name}`);
  } catch (error) {
    return skip(`tracefs has no instances here: ${(error as Error).message}`);
  }
  const { out, code } = await startSonde(["doctor", "--clean", "--json"]).ended;
  assert.equal(code, 0);
  assert.ok(JSON.parse(out).cleaned.some((line: string) => line.includes(name)), out);
  assert.ok(!ourTracefs().includes(name));
});

Deno.test("SIGINT ends each kind of recipe with its results, 0 and a note", async (t) => {
  if (!privileged) return skip(NO_RIGHTS);
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  await using loop = await startTarget(target.path, "loop");
  const code = codeOf(loop.pid, target.inner);
  for (const [name, args] of Object.entries(recipes(target.path))) {
    await t.step(name, async () => {
      const run = startSonde(args);
      const measured = await run.attached();
      run.kill("SIGINT");
      const ended = await run.ended;
      if (!measured) return assert.match(ended.err, /EBUSY|Something else is attached/, ended.err);
      assert.equal(ended.code, 0, ended.err);
      const { quality, kind } = JSON.parse(ended.out).results.result;
      assert.equal(kind, "table");
      assert.match(quality.notes.join("\n"), /Stopped after/);
      assert.equal(codeOf(loop.pid, target.inner), code);
    });
  }
});
