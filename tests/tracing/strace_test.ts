import assert from "node:assert/strict";
import { command, SONDE, sonde } from "../cli/sonde.ts";
import { outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { isRunning, startSonde } from "./running_sonde.ts";
import { type StraceProgram, straceProgram } from "./strace_program.ts";

/** Calls and errors by name. */
type Counts = Readonly<Record<string, readonly [calls: number, errors: number]>>;

/** What `strace -c` has written. */
function countsOf(text: string): Counts {
  const rows = [...text.matchAll(/^ *\S+ +[\d.]+ +\d+ +(\d+) +(?:(\d+) +)?(\w+)$/gm)];
  return Object.fromEntries(rows.filter((r) => r[3] !== "total").map((r) => [r[3], [Number(r[1]), Number(r[2] ?? 0)]]));
}

/** Without those that depend on who comes first. */
function without(counts: Counts, names: readonly string[]): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => !names.includes(name)));
}

async function program(): Promise<StraceProgram | null> {
  const p = await straceProgram();
  if (p === null) skip("no gcc");
  return p;
}

Deno.test("sonde strace -f -c counts every system call as strace does, and leaves output and exit code alone", async (t) => {
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  await using p = await program();
  if (p === null) return;
  const tree = `${p.folder}/tree`;
  for (let i = 0; i < 60; i++) {
    await Deno.mkdir(`${tree}/${i % 6}/${i % 10}`, { recursive: true });
    await Deno.writeTextFile(`${tree}/${i % 6}/${i % 10}/file${i}`, "x");
  }
  const cases: Readonly<Record<string, { words: string[]; code: number; apart?: string[] }>> = {
    "ls -R": { words: ["ls", "-R", tree], code: 0 },
    find: { words: ["find", tree, "-type", "f"], code: 0 },
    "a shell that forks": {
      words: ["sh", "-c", "for i in 1 2 3; do (exit $i); ls /nowhere; done 2>&1 | cat; exit 9"],
      code: 9,
      // Who runs first decides how often waiting is interrupted and how much a read finds.
      apart: ["read", "rt_sigreturn", "wait4", "write"],
    },
    threads: { words: [p.path, "threads"], code: 7, apart: ["futex", "madvise", "munmap", "mmap", "mprotect"] },
    signals: { words: [p.path, "signals"], code: 143 },
    "posix_spawn and vfork": { words: [p.path, "spawn"], code: 0 },
    "exec from a thread": { words: [p.path, "exec"], code: 0, apart: ["clone3", "futex", "rt_sigprocmask"] },
    "a child that stops": { words: [p.path, "stop"], code: 0, apart: ["wait4", "restart_syscall"] },
  };
  for (const [name, { words, code, apart = [] }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const theirs = await command("strace", ["-f", "-c", "-o", `${p.folder}/theirs`, ...words]);
      const ours = await sonde(["strace", "-f", "-c", "-o", `${p.folder}/ours`, ...words]);
      const [a, b] = await Promise.all(["theirs", "ours"].map((f) => Deno.readTextFile(`${p.folder}/${f}`)));
      assert.deepEqual(without(countsOf(b), apart), without(countsOf(a), apart));
      assert.ok(Object.keys(countsOf(b)).length > 10);
      assert.equal(ours.out, theirs.out);
      assert.equal(ours.code, code);
      assert.equal(ours.err, theirs.err.replace(/^Terminated\n/m, ""));
    });
  }
});

Deno.test("sonde strace writes what strace writes", async () => {
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  await using p = await program();
  if (p === null) return;
  for (const mode of ["signals", "spawn"]) {
    await command("strace", ["-f", "-o", `${p.folder}/theirs`, p.path, mode]);
    await sonde(["strace", "-f", "-o", `${p.folder}/ours`, p.path, mode]);
    const ours = comparable(await Deno.readTextFile(`${p.folder}/ours`));
    assert.deepEqual(ours, comparable(await Deno.readTextFile(`${p.folder}/theirs`)), mode);
    assert.ok(ours.length > 100);
  }
});

Deno.test("-y shows the paths that strace -y shows, the working folder's too", async () => {
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  await using folder = await temporary();
  const words = ["-f", "-y", "-e", "openat,chdir", "-o"];
  const traced = ["sh", "-c", `cat /etc/hostname; cd "${folder.path}"; cat nofile`];
  await command("strace", [...words, `${folder.path}/theirs`, ...traced]);
  await sonde(["strace", ...words, `${folder.path}/ours`, ...traced]);
  const [ours, theirs] = ["ours", "theirs"].map((f) => comparable(Deno.readTextFileSync(`${folder.path}/${f}`)));
  assert.deepEqual(ours, theirs);
  assert.ok(ours.some((line) => line.includes(`openat(AT_FDCWD<${folder.path}>, "nofile"`)));
});

Deno.test("registers tell the same as PTRACE_GET_SYSCALL_INFO", async () => {
  await using p = await program();
  if (p === null) return;
  const { openHost } = await import("../../core/host/mod.ts");
  const { COUNTS_ONLY, traceCalls } = await import("../../core/ptrace/mod.ts");
  const tables = [];
  for (const useRegisters of [false, true]) {
    const trace = await traceCalls(openHost(), {
      ...COUNTS_ONLY,
      command: commandOf([p.path, "signals"]),
      useRegisters,
    });
    const { counts, code } = await trace.done;
    assert.equal(code, 143);
    tables.push(counts.map(({ name, calls, errors }) => ({ name, calls, errors })));
  }
  assert.deepEqual(tables[1], tables[0]);
});

Deno.test("with a filter other calls do not stop the command: seccomp", async () => {
  await using p = await program();
  if (p === null) return;
  const { openHost } = await import("../../core/host/mod.ts");
  const { COUNTS_ONLY, parseCallFilter, traceCalls } = await import("../../core/ptrace/mod.ts");
  const { calls } = parseCallFilter(["write"]);
  const stopsWith = async (seccomp: boolean) => {
    const command = commandOf([p.path, "ask", "5000"]);
    const trace = await traceCalls(openHost(), { ...COUNTS_ONLY, command, calls, seccomp });
    return await trace.done;
  };
  const filtered = await stopsWith(true);
  const all = await stopsWith(false);
  assert.ok(all.stops.calls > 10_000, `${all.stops.calls} stops without a filter`);
  // Those before the command's own first call: what a child of ours does until execve.
  assert.ok(filtered.stops.calls < 300, `${filtered.stops.calls} stops with one`);
  assert.deepEqual(filtered.counts.map((c) => [c.name, c.calls]), all.counts.map((c) => [c.name, c.calls]));
});

Deno.test("a filtered trace shows the same lines as strace -e", async () => {
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  await using folder = await temporary();
  const words = ["sh", "-c", "ls /; cat /etc/passwd; exit 5"];
  for (const filter of ["trace=%file", "trace=open,openat,close", "trace=!mmap,read", "trace=/^get"]) {
    const theirs = await command("strace", ["-f", "-c", "-e", filter, "-o", `${folder.path}/theirs`, ...words]);
    const ours = await sonde(["strace", "-f", "-c", "-e", filter, "-o", `${folder.path}/ours`, ...words]);
    const counts = async (name: string): Promise<Counts> => countsOf(await Deno.readTextFile(`${folder.path}/${name}`));
    assert.deepEqual(without(await counts("ours"), ["wait4"]), without(await counts("theirs"), ["wait4"]), filter);
    assert.equal(ours.out, theirs.out);
    assert.equal(ours.code, 5);
  }
});

Deno.test("a process that is attached to goes on untouched when tracing ends, by Ctrl-C and by SIGKILL", async () => {
  await using p = await program();
  if (p === null) return;
  const target = new Deno.Command(p.path, { args: ["tick"], stdin: "null", stdout: "piped" }).spawn();
  const reader = target.stdout.getReader();
  let seen = "";
  const readOn = async (): Promise<void> => {
    const { value } = await reader.read();
    seen += new TextDecoder().decode(value);
  };
  try {
    await readOn();
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const run = startSonde(["strace", "-p", String(target.pid)]);
      while (tracerOf(target.pid) === 0 && !run.over()) await readOn();
      for (let i = 0; i < 5; i++) await readOn();
      const tracer = tracerOf(target.pid);
      assert.ok(tracer > 0, "it is traced");
      // The launcher has become sonde: signals reach it.
      run.kill(signal);
      const { code, err } = await run.ended;
      if (signal === "SIGINT") {
        assert.equal(code, 0);
        assert.match(err, /^sonde: Process \d+ attached\n/);
        assert.match(err, /^write\(1, "\.", 1\) += 1\nepoll_wait\(3, /m);
        assert.match(err, /sonde: Process \d+ detached\n$/);
      }
      while (tracerOf(target.pid) !== 0) await readOn();
      // It still runs.
      for (let i = 0; i < 5; i++) await readOn();
      // A thread that stands at the entry of a call when its tracer is killed is woken by the kernel as by a signal.
      if (signal === "SIGINT") assert.doesNotMatch(seen, /errno/, `epoll_wait never failed: ${seen}`);
    }
  } finally {
    target.kill("SIGKILL");
    await reader.cancel();
    await target.status;
  }
});

Deno.test("a command that was started dies with a sonde that is killed", async () => {
  await using p = await program();
  if (p === null) return;
  const child = startSonde(["strace", "-o", "/dev/null", p.path, "tick"]);
  const traced = await firstChild(child.pid);
  child.kill("SIGKILL");
  await child.ended;
  while (isRunning(traced)) await new Promise((resolve) => setTimeout(resolve, 5));
});

Deno.test("once a command has ended, signals go to what it left behind", async () => {
  await using folder = await temporary();
  const file = `${folder.path}/lines`;
  const child = startSonde(["strace", "-f", "-e", "trace=execve", "-o", file, "sh", "-c", "sleep 1000 & exit 4"]);
  const left = async (): Promise<number> => {
    const text = await Deno.readTextFile(file).catch(() => "");
    const sleeping = /^(\d+) +execve\([^)]*"sleep"[^)]*\) += 0$/m.exec(text);
    return /\+\+\+ exited with 4 \+\+\+/.test(text) ? Number(sleeping?.[1] ?? 0) : 0;
  };
  while (await left() === 0 && !child.over()) await new Promise((resolve) => setTimeout(resolve, 5));
  const pid = await left();
  assert.ok(isRunning(pid));
  child.kill("SIGTERM");
  assert.equal((await child.ended).code, 4);
  assert.ok(!isRunning(pid));
  assert.match(await Deno.readTextFile(file), /\+\+\+ killed by SIGTERM \+\+\+/);
});

Deno.test("a full disk ends the lines, not the command", async () => {
  for (const options of [["-f"], ["-c"], ["--json"]]) {
    const words = ["sh", "-c", "ls / >/dev/null; echo on; exit 6"];
    const { code, out, err } = await sonde(["strace", ...options, "-o", "/dev/full", ...words]);
    assert.equal(out, "on\n");
    assert.equal(code, 6);
    assert.equal(err, 'sonde: What is in "/dev/full" is not all: writing failed (ENOSPC, No space left on device)\n');
  }
});

Deno.test("a child that cannot be traced is not left behind", async () => {
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  // Who is traced already cannot be traced by us. strace ends when all that it traces have.
  const args = ["-f", "--seccomp-bpf", "-e", "trace=ptrace", "-o", "/dev/null", SONDE, "strace", "true"];
  const { code, err } = await command("strace", args);
  assert.match(err, /Cannot trace process \d+: process \d+ traces it already/);
  assert.equal(code, 3);
});

Deno.test("calls of another architecture are never given names of this one", async () => {
  await using p = await program();
  if (p === null) return;
  if (Deno.build.arch !== "x86_64") return skip("x32 is x86-64's");
  const { err, code } = await sonde(["strace", p.path, "x32"]);
  assert.equal(code, 0);
  assert.match(err, /^sonde: Process \d+ makes system calls of another architecture/m);
  assert.doesNotMatch(err, /^getpid\(/m);
  assert.match(err, /^getppid\(\)/m);
  const counted = await sonde(["strace", "-c", p.path, "x32"]);
  assert.match(counted.err, /are left out: of process \d+/);
});

Deno.test("a 32-bit program runs, untraced, and that is said", async () => {
  await using folder = await temporary();
  const path = `${folder.path}/program32`;
  await Deno.writeFile(path, program32(), { mode: 0o755 });
  if (await outputOf(path, []).catch(() => null) !== "hi\n") return skip("this kernel runs no 32-bit programs");
  const { code, out, err } = await sonde(["strace", path]);
  assert.equal(code, 5);
  assert.equal(out, "hi\n");
  assert.match(err, /^execve\(/);
  assert.match(err, /makes system calls of another architecture/);
  assert.equal(err.split("\n").length, 4, err);
});

Deno.test("--count-instructions counts exactly", async () => {
  if (Deno.build.arch !== "x86_64") return skip("the program is x86-64's");
  await using folder = await temporary();
  const path = `${folder.path}/count`;
  await Deno.writeTextFile(`${path}.s`, COUNTED);
  if (await outputOf("gcc", ["-nostdlib", "-static", "-o", path, `${path}.s`]) === null) return skip("no gcc");
  const { err, code } = await sonde(["strace", "--json", "--count-instructions", path]);
  assert.equal(code, 3);
  const { results } = JSON.parse(err);
  // 1 + 1000 * 2 + 2; handler's address and so on: see the program.
  assert.deepEqual(results.stretches.rows, [
    ["getpid", 1, 2003, 2003, 2003],
    ["exit", 1, 8, 8, 8],
  ]);
  assert.deepEqual(results.processes.rows.map((row: unknown[]) => row.slice(1)), [["count", 2011, 2]]);
});

Deno.test("--json is one object a line, and one of the summary", async () => {
  const { err, out } = await sonde([
    "strace",
    "--json",
    "-f",
    "-e",
    "write,exit_group",
    "sh",
    "-c",
    "echo a; (kill -9 $$)",
  ]);
  assert.equal(out, "a\n");
  const lines = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  const write = lines.find((l) => l.call === "write");
  assert.deepEqual([write.text, write.result, write.error], ['write(1, "a\\n", 2) = 2', 2, null]);
  assert.ok(write.duration_ns > 0 && Math.abs(Number(write.time_ns) / 1e6 - Date.now()) < 600_000);
  assert.ok(lines.some((l) => l.killed_by === "SIGKILL"));
  const summary = JSON.parse((await sonde(["strace", "--json", "-c", "true"])).err);
  assert.equal(summary.results.calls.rows.find((row: unknown[]) => row[0] === "execve")[1], 1);
});

Deno.test("strace says what is wrong with its options, and with a command that cannot start", async () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /What is to be traced\?/],
    [["-e", "opne", "true"], /There is no system call "opne"\nDid you mean open\?/],
    [["-o", "/nowhere/x", "true"], /there is no folder "\/nowhere"/],
    [["--bpf", "-o", "/nowhere/x", "true"], /there is no folder "\/nowhere"/],
    [["-e", "trace=%files", "true"], /There is no class "%files"\nDid you mean %file\?/],
    [["-e", "color=red", "true"], /-e knows no "color="/],
    [["no-such-command"], /Cannot start "no-such-command": it is not in PATH/],
    [["-p", "4194304"], /There is no process 4194304/],
    [["--count-instructions", "-p", "1"], /is for a command/],
    [["/etc/passwd"], /it may not be executed/],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await sonde(["strace", ...args]);
    assert.match(err, message);
    assert.equal(code, 2, err);
  }
});

/**
 * Lines of `-f -o` without what differs from run to run: numbers of processes, addresses, in what order threads run, and
 * whether another's line came in between.
 */
function comparable(text: string): string[] {
  const lines: string[] = [];
  const open = new Map<string, string>();
  for (const line of text.trimEnd().split("\n")) {
    const [, pid, rest] = /^(\d+) +(.*)$/.exec(line)!;
    const begun = / <unfinished \.\.\.>$/.exec(rest);
    const ended = /^<\.\.\. \w+ resumed>/.exec(rest);
    if (begun) open.set(pid, rest.slice(0, begun.index));
    else lines.push(ended ? open.get(pid) + rest.slice(ended[0].length) : rest);
  }
  return lines.map((line) =>
    line.replace(/0x[0-9a-f]{6,}/g, "ADDRESS")
      .replace(/"(\\x[0-9a-f]{2}){8}"/g, "RANDOM")
      // strace looks into the signal's frame for what it is about.
      .replace(/^rt_sigreturn\(.*?\)/, "rt_sigreturn()")
      .replace(/\b\d{3,7}\b/g, "N")
      // A variable of our runtime's is not the command's.
      .replace(/\/\* \d+ vars \*\//, "/* N vars */")
      // How much a process had used, and where the result's column begins.
      .replace(/si_([us])time=\d+(?: \/\* [\d.]+ s \*\/)?/g, "si_$1time=0")
      .replace(/\) += /, ") = ")
  ).sort();
}

function commandOf([path, ...rest]: readonly string[]) {
  return { path, args: [path, ...rest], env: {}, ignoredSignals: [] };
}

async function temporary(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Who traces a process; 0: nobody. */
function tracerOf(pid: number): number {
  return Number(/^TracerPid:\s*(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
}

/** Waits until a process has started a program. */
async function firstChild(pid: number): Promise<number> {
  for (;;) {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      try {
        const child = Number(Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).trim().split(" ")[0]);
        if (child > 0 && Deno.readTextFileSync(`/proc/${child}/comm`) === "program\n") return child;
      } catch {
        // A thread or the child ended between the listing and the look.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An ELF program for i386: writes "hi", exits with 5. */
function program32(): Uint8Array {
  const base = 0x0804_8000;
  const head = 52 + 32;
  // mov $4, %eax; mov $1, %ebx; mov $text, %ecx; mov $3, %edx; int $0x80; mov $1, %eax; mov $5, %ebx; int $0x80
  const code = [0xb8, 4, 0, 0, 0, 0xbb, 1, 0, 0, 0, 0xb9, 0, 0, 0, 0, 0xba, 3, 0, 0, 0, 0xcd, 0x80];
  code.push(0xb8, 1, 0, 0, 0, 0xbb, 5, 0, 0, 0, 0xcd, 0x80, 0x68, 0x69, 0x0a);
  const bytes = new Uint8Array(head + code.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  [2, 3].forEach((value, i) => view.setUint16(16 + 2 * i, value, true));
  [1, base + head, 52, 0, 0].forEach((value, i) => view.setUint32(20 + 4 * i, value, true));
  [52, 32, 1].forEach((value, i) => view.setUint16(40 + 2 * i, value, true));
  [1, 0, base, base, bytes.length, bytes.length, 5, 0x1000].forEach((v, i) => view.setUint32(52 + 4 * i, v, true));
  bytes.set(code, head);
  view.setUint32(head + 11, base + bytes.length - 3, true);
  return bytes;
}

const COUNTED = `
.globl _start
_start:
  mov $1000, %ecx
1: dec %ecx
  jnz 1b
  mov $39, %eax
  syscall # getpid: 1 + 2 * 1000 + 2
  mov $500, %ecx
  lea buffer(%rip), %rdi
  rep stosb # one, however often it repeats
  xor %ecx, %ecx
  rep stosb
  mov $60, %eax
  mov $3, %edi
  syscall # exit: 8
.bss
buffer: .space 4096
`;
