import assert from "node:assert/strict";
import { openHost } from "../../host/mod.ts";
import { type CodeMapping, insertMapping } from "../../symbols/mod.ts";
import { compileC } from "../../../tests/compile_c.ts";
import { gdbMoments } from "../../../tests/gdb_stacks.ts";
import { skip } from "../../../tests/skip.ts";
import { UNWIND_PROGRAM } from "../../../tests/unwind_program.ts";
import { createUnwinder } from "./mod.ts";

/** Instructions to step over at each place; the long version is `SONDE_UNWIND_SCALE=10`. */
const SCALE = Number(Deno.env.get("SONDE_UNWIND_SCALE") ?? 1);

const hex = (addresses: Float64Array): string => Array.from(addresses, (a) => a.toString(16)).join(" ");

/** Steps through a program and unwinds every moment. */
async function compare(command: readonly string[], at: string, steps: number, how?: string): Promise<void> {
  if (Deno.build.arch !== "x86_64") return skip("the registers that gdb is asked for are those of x86-64");
  const run = await gdbMoments(command, { at, steps: steps * SCALE, how });
  if (!run) return skip("gdb is not installed");
  assert.ok(run.moments.length > 0);
  const unwinder = createUnwinder(openHost());
  const wrong: string[] = [];
  for (const { state, frames } of run.moments) {
    const stack = unwinder.unwind(0, run.mappings, state);
    const ours = `${stack.end} ${hex(stack.addresses.subarray(0, stack.length))}`;
    if (ours !== `root ${frames.join(" ")}`) wrong.push(`gdb       ${frames.join(" ")}\n     we ${ours}`);
  }
  assert.equal(wrong.length, 0, `${wrong.length} of ${run.moments.length} at ${at}:\n${wrong.slice(0, 3).join("\n")}`);
}

/** Compiles the program with no frame pointers. */
async function withProgram(options: readonly string[], test: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/program`;
    const common = ["-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls", "-pthread"];
    if (!await compileC(UNWIND_PROGRAM, path, [...common, ...options])) return skip("gcc is not installed");
    await test(path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (
  const [name, at, steps, how] of [
    ["callbacks from libc, alloca, aligned frames, longjmp, recursion: at every instruction", "run", 900],
    ["a signal handler: at every instruction", "on_signal", 150],
    ["return from a signal handler: at every instruction", "'raise'", 60, "finish"],
    ["a handler of a call through a null pointer", "on_fault", 100],
    ["a thread's stack", "thread", 150],
    ["the vdso", "tick", 120],
  ] as const
) {
  Deno.test(`unwind() agrees with gdb on ${name}`, async () => {
    await withProgram([], (path) => compare([path], at, steps, how));
  });
}

/** At one place and then at another, further in: gdb gets lost between, but knows the callers of the first. */
const further = (to: string): string => `tbreak ${to}\ncontinue`;

Deno.test("unwind() recognises a signal trampoline without call frame information", async () => {
  await withProgram([], async (path) => {
    const run = await gdbMoments([path], { at: "bare_signal", steps: 2, how: further("bare_handler") });
    if (!run) return skip("gdb is not installed");
    const [before, { state, frames }] = run.moments;
    const stack = createUnwinder(openHost()).unwind(0, run.mappings, state);
    const seen = hex(stack.addresses.subarray(0, stack.length)).split(" ");
    assert.equal(stack.end, "root");
    assert.deepEqual(seen.slice(0, 2), frames.slice(0, 2));
    assert.deepEqual(seen.slice(-before.frames.length + 1), before.frames.slice(1));
    // The handler, the trampoline, raise and what it calls, bare_signal.
    assert.equal(seen.length, before.frames.length + 4);
    assert.deepEqual([...stack.exact.subarray(0, 4)], [1, 1, 1, 0]);
  });
});

Deno.test("unwind() goes through code without a file by its frame pointer", async () => {
  await withProgram([], async (path) => {
    const run = await gdbMoments([path], { at: "jit", steps: 2, how: further("in_jit") });
    if (!run) return skip("gdb is not installed");
    const [before, { state, frames }] = run.moments;
    const mapping: CodeMapping = { ...run.mappings[0], path: "", inode: 0 };
    // gdb was asked for the mappings at the start of the program, when the code was not there yet.
    const page = Math.floor(parseInt(frames[1], 16) / 4096) * 4096;
    const mappings = insertMapping(run.mappings, { ...mapping, start: page, end: page + 4096 });
    const stack = createUnwinder(openHost()).unwind(0, mappings, state);
    const seen = hex(stack.addresses.subarray(0, stack.length)).split(" ");
    assert.equal(stack.end, "root");
    assert.deepEqual(seen.slice(0, 2), frames.slice(0, 2));
    assert.deepEqual(seen.slice(3), before.frames.slice(1));
    const tables = createUnwinder(openHost(), { method: "dwarf" }).unwind(0, mappings, state);
    assert.deepEqual([tables.end, tables.length], ["no_mapping", 2]);
  });
});

Deno.test("unwind() tells that the interrupted code's stack was not copied", async () => {
  await withProgram([], async (path) => {
    const run = await gdbMoments([path], { at: "on_other_stack", steps: 1 });
    if (!run) return skip("gdb is not installed");
    const [{ state, frames }] = run.moments;
    const stack = createUnwinder(openHost()).unwind(0, run.mappings, state);
    assert.equal(stack.end, "other_stack");
    // The handler, the trampoline, and what was interrupted: its registers lie on the handler's stack.
    assert.equal(hex(stack.addresses.subarray(0, stack.length)), frames.slice(0, 3).join(" "));
    assert.deepEqual([...stack.exact.subarray(0, 3)], [1, 1, 1]);
  });
});

Deno.test("unwind() of a copy that was cut off gives the frames that lie in it, and says so", async () => {
  await withProgram([], async (path) => {
    const run = await gdbMoments([path], { at: "on_signal", steps: 1 });
    if (!run) return skip("gdb is not installed");
    const [{ state, frames }] = run.moments;
    const unwinder = createUnwinder(openHost());
    let last = 0;
    for (let bytes = 0; bytes < state.bytes; bytes += 4) {
      const stack = unwinder.unwind(0, run.mappings, { ...state, bytes });
      const seen = hex(stack.addresses.subarray(0, stack.length)).split(" ");
      assert.deepEqual(seen, frames.slice(0, seen.length));
      assert.ok(stack.length >= last);
      last = stack.length;
      assert.equal(stack.end, stack.length < frames.length ? "copy_too_short" : "root");
    }
  });
});

Deno.test("unwind() by frame pointers is what gdb says, but for the caller of a function without a frame yet", async () => {
  await withProgram(["-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"], async (path) => {
    const run = await gdbMoments([path], { at: "'deep' if n == 0", steps: 40 });
    if (!run) return skip("gdb is not installed");
    const unwinder = createUnwinder(openHost(), { method: "fp" });
    let whole = 0;
    for (const { state, frames } of run.moments) {
      const stack = unwinder.unwind(0, run.mappings, state);
      const seen = hex(stack.addresses.subarray(0, stack.length)).split(" ");
      // Debian's libc, which called main, has none.
      const ours = frames.slice(0, frames.length - 3);
      assert.ok(ours.length > 30);
      if (seen.join().startsWith(ours.join())) whole++;
      else assert.deepEqual(seen.slice(0, ours.length - 1), ours.toSpliced(1, 1));
    }
    assert.ok(whole > 3 && whole < 40, `${whole} of 40 are whole`);
  });
});

Deno.test("unwind() agrees with gdb where .debug_frame is the only table", async () => {
  const options = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];
  await withProgram(options, (path) => compare([path], "sort", 150));
});

Deno.test("unwind() agrees with gdb in a stripped program of Debian", async () => {
  await compare(["/usr/bin/gzip", "--help"], "write", 20, "stepi");
});
