import assert from "node:assert/strict";
import { openHost } from "../../host/mod.ts";
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
    ["a stack that ends in a longjmp that does not return", "give_up", 100],
  ] as const
) {
  Deno.test(`unwind() agrees with gdb on ${name}`, async () => {
    await withProgram([], (path) => compare([path], at, steps, how));
  });
}

Deno.test("unwind() agrees with gdb where .debug_frame is the only table", async () => {
  const options = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];
  await withProgram(options, (path) => compare([path], "sort", 150));
});

Deno.test("unwind() agrees with gdb in a stripped program of Debian", async () => {
  await compare(["/usr/bin/gzip", "--help"], "write", 20, "stepi");
});
