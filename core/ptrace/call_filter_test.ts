import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { UsageError } from "../data/mod.ts";
import { syscallName, syscallNumber } from "../host/mod.ts";
import { CALL_CLASSES } from "./call_classes.ts";
import { parseCallFilter } from "./call_filter.ts";
import { seccompProgram } from "./seccomp_program.ts";

/**
 * Every system call that strace 6.1 knows, with arguments that none of them takes: but those that end, block or change
 * something whatever their arguments are (rt_sigreturn, pause, fork, vfork, exit, sync, vhangup, restart_syscall,
 * exit_group, uretprobe).
 */
const ALL_CALLS = `
#include <unistd.h>
int main(void) {
  static const int left_out[] = {15, 34, 57, 58, 60, 153, 162, 219, 231};
  for (int nr = 0; nr < 451; nr++) {
    int skip = nr > 334 && nr < 424;
    for (int i = 0; i < 9; i++) skip |= nr == left_out[i];
    if (!skip) syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
  }
  return 0;
}`;

Deno.test("classes of system calls are strace's", async () => {
  if (Deno.build.arch !== "x86_64") return skip("the numbers are x86-64's");
  if (await outputOf("strace", ["-V"]) === null) return skip("no strace");
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/all`;
    if (!await compileC(ALL_CALLS, path)) return skip("no gcc");
    const called = async (set: string): Promise<Set<string>> => {
      await outputOf("strace", ["-c", "-e", `trace=${set}`, "-o", `${folder}/out`, path]);
      const text = await Deno.readTextFile(`${folder}/out`);
      return new Set([...text.matchAll(/^ *\S+ +[\d.]+ +\d+ +\d+ +(?:\d+ +)?(\w+)$/gm)].map((m) => m[1]));
    };
    const all = await called("all");
    assert.ok(all.size > 300, `${all.size} calls`);
    const wrong: string[] = [];
    for (const name of CALL_CLASSES.keys()) {
      const { calls } = parseCallFilter([`%${name}`]);
      const ours = new Set([...calls!].map((nr) => syscallName(nr)).filter((n) => all.has(n)));
      const theirs = await called(`%${name}`);
      theirs.delete("total");
      wrong.push(...[...ours].filter((n) => !theirs.has(n)).map((n) => `%${name} has ${n}`));
      wrong.push(...[...theirs].filter((n) => !ours.has(n)).map((n) => `%${name} lacks ${n}`));
    }
    assert.deepEqual(wrong, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseCallFilter() takes lists, classes, patterns, and all but those", () => {
  const numbers = (...names: string[]): number[] => names.map((n) => syscallNumber(n)!).sort((a, b) => a - b);
  const calls = (...expressions: string[]): number[] | null => {
    const { calls } = parseCallFilter(expressions);
    return calls && [...calls].sort((a, b) => a - b);
  };
  assert.deepEqual(calls("close,read"), numbers("close", "read"));
  assert.deepEqual(calls("trace=close", "t=read"), numbers("read"), "the last one counts");
  assert.deepEqual(calls("/^epoll_ctl$"), numbers("epoll_ctl"));
  assert.deepEqual(calls("?nosuchcall,read"), numbers("read"));
  assert.deepEqual(calls("pread"), numbers("pread64"));
  assert.equal(calls("all"), null);
  assert.equal(calls("!none"), null);
  assert.deepEqual(calls("none"), []);
  assert.equal(calls("!read")!.includes(syscallNumber("read")!), false);
  assert.ok(calls("!read")!.length > 300);
  assert.equal(calls(), null);
  assert.deepEqual([...parseCallFilter(["signal=INT,sigterm"]).signals!], [2, 15]);
  assert.equal(parseCallFilter(["signal=INT"]).calls, null);
});

Deno.test("parseCallFilter() names the word at fault", () => {
  for (
    const [text, message] of [
      ["opne", /system call "opne"/],
      ["%fiel", /class "%fiel"/],
      ["/(", /\/\(/],
      ["/^nothing", /matches "\/\^nothing"/],
      ["signal=SIGNOTHING", /signal "SIGNOTHING"/],
      ["read,,write", /a name is missing/],
      ["colour=red", /"colour="/],
      ["trace=", /a name is missing/],
    ] as const
  ) assert.throws(() => parseCallFilter([text]), (e) => e instanceof UsageError && message.test(e.message), text);
});

/** Runs classic BPF over `struct seccomp_data`, as linux/filter.h describes it: the few instructions that are used. */
function runProgram(program: Uint8Array, nr: number, arch: number): number {
  const view = new DataView(program.buffer);
  let a = 0;
  for (let pc = 0;; pc++) {
    const at = pc * 8;
    const [code, jt, jf, k] = [
      view.getUint16(at, true),
      program[at + 2],
      program[at + 3],
      view.getUint32(at + 4, true),
    ];
    if (code === 0x20) a = k === 0 ? nr >>> 0 : k === 4 ? arch : NaN;
    else if (code === 0x15) pc += a === k ? jt : jf;
    else if (code === 0x35) pc += a >= k ? jt : jf;
    else if (code === 0x05) pc += k;
    else if (code === 0x06) return k;
    else throw new Error(`code ${code}`);
  }
}

Deno.test("a seccomp program stops exactly at the calls that are asked for, and at those of another architecture", () => {
  const ARCH = 0xc000003e;
  const TRACE = 0x7ff00000, ALLOW = 0x7fff0000;
  const sets = [[], [0], [0, 1, 2], [1, 3, 5, 7, 9], [435], [...Array(450).keys()].filter((n) => n % 2 === 0)];
  for (const set of sets) {
    const program = seccompProgram(new Set(set), ARCH);
    assert.ok(program.length / 8 <= 4096);
    for (let nr = 0; nr < 500; nr++) {
      assert.equal(runProgram(program, nr, ARCH), set.includes(nr) ? TRACE : ALLOW, `${set}: ${nr}`);
    }
    assert.equal(runProgram(program, 1000, 0x40000003), TRACE, "i386");
    assert.equal(runProgram(program, 0x40000027, ARCH), TRACE, "x32");
    assert.equal(runProgram(program, -1, ARCH), TRACE);
  }
});
