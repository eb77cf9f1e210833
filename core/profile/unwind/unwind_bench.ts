/**
 * What unwinding a sample costs with a warm cache, the copy of its stack out of a ring included: `deno run -A
 * core/profile/unwind/unwind_bench.ts`. Stacks are real ones, of Python (built without frame pointers) and of a C program, taken with gdb.
 */
import { openHost } from "../../host/mod.ts";
import { compileC } from "../../../tests/compile_c.ts";
import { gdbMoments, type GdbRun } from "../../../tests/gdb_stacks.ts";
import { UNWIND_PROGRAM } from "../../../tests/unwind_program.ts";
import { createUnwinder } from "./mod.ts";

const ROUNDS = 400;
const PYTHON = "import json\ndef f(n): return json.dumps({'a': [n] * 9}) if n == 0 else f(n - 1)\nwhile 1: f(3)";

const dir = await Deno.makeTempDir();
try {
  await compileC(UNWIND_PROGRAM, `${dir}/program`, ["-O2", "-fomit-frame-pointer", "-pthread"]);
  console.log("what                     frames  stack B   µs a sample  ns a frame   cold µs  complete");
  report("C, libc", await gdbMoments([`${dir}/program`], { at: "run", steps: 500, how: "stepi 7" }));
  const command = ["/usr/bin/python3", "-c", PYTHON];
  report("Python", await gdbMoments(command, { at: "PyObject_Malloc", steps: 200, how: "stepi 997" }));
} finally {
  await Deno.remove(dir, { recursive: true });
}

function report(what: string, run: GdbRun | null): void {
  if (!run) return console.log(`${what}: gdb is not installed`);
  const unwinder = createUnwinder(openHost());
  const ring = new Uint32Array(1 << 14);
  const { mappings } = run;
  let frames = 0;
  let bytes = 0;
  let complete = 0;
  const round = (): void => {
    for (const { state } of run.moments) {
      ring.set(state.stack);
      const stack = unwinder.unwind(1, mappings, { ...state, stack: ring });
      frames += stack.length;
      bytes += state.bytes;
      if (stack.end === "root") complete++;
    }
  };
  const n = run.moments.length;
  let from = performance.now();
  round();
  const cold = (performance.now() - from) * 1000 / n;
  const perSample = frames / n;
  const perStack = bytes / n;
  const share = complete / n;
  for (let i = 0; i < 20; i++) round();
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    from = performance.now();
    round();
    times.push((performance.now() - from) * 1000 / n);
  }
  const median = times.sort((a, b) => a - b)[ROUNDS >> 1];
  const cells = [perSample.toFixed(1), perStack.toFixed(0), median.toFixed(2), (median * 1000 / perSample).toFixed(0)];
  const widths = [6, 9, 14, 12];
  console.log(
    what.padEnd(24) + cells.map((c, i) => c.padStart(widths[i] + 1)).join("") + cold.toFixed(0).padStart(10) +
      `${(share * 100).toFixed(1)} %`.padStart(10),
  );
}
