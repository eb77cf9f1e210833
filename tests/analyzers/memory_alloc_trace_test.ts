import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import type { Results } from "../../core/data/mod.ts";
import type { Mechanism } from "../../plugins/analyzers/run_analyzer.ts";
import { compileC } from "../compile_c.ts";
import { LEAKING_PROGRAM } from "../leaking_program.ts";
import { skip } from "../skip.ts";
import { startedProgram } from "../started_program.ts";
import { analyzeBeside, rowsOf } from "./beside.ts";

/** What the program that leaks allocates, by some mechanisms at the same time; null without a compiler. */
async function measured<M extends Mechanism>(mechanisms: readonly M[]): Promise<Readonly<Record<M, Results>> | null> {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(LEAKING_PROGRAM, `${dir}/leaks`, ["-O2", "-fomit-frame-pointer", "-pthread"])) return null;
    await using program = startedProgram(`${dir}/leaks`, []);
    await program.heard(/^ready.*$/m);
    return await analyzeBeside("memory_alloc_trace", program.pid, mechanisms, async () => {
      await program.say("go\n");
      await program.heard(/^end .*$/m);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("memory_alloc_trace: program and recipe count the same calls of a process, to the byte", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const by = await measured(["libbpf", "recipe"]);
  if (!by) return skip("gcc is not installed");
  const of = (results: Results, kind: string): { allocated: number; bytes: number } => {
    const all = rowsOf(results, "allocations").filter((r) => r.kind === kind);
    const sum = (key: string): number => all.reduce((n, r) => n + Number(r[key]), 0);
    return { allocated: sum("allocated"), bytes: sum("allocated_bytes") };
  };
  // A realloc of nothing goes on as malloc (of 500 bytes): the recipe counts both. And the one that fails (of 2^47).
  const [ours, theirs] = [of(by.libbpf, "user"), of(by.recipe, "user")];
  assert.deepEqual(theirs, { allocated: ours.allocated + 2, bytes: ours.bytes + 500 + 2 ** 47 });
  const [pages, taken] = [of(by.libbpf, "kernel"), of(by.recipe, "kernel")];
  // Each of them sees more pages than the other while it alone is attached.
  assert.ok(Math.abs(pages.allocated - taken.allocated) <= 20, `${pages.allocated} pieces and ${taken.allocated}`);
  assert.equal(by.libbpf.profile.kind, "profile");
});

Deno.test("memory_alloc_trace: by /proc the growth of a process, and what that does not tell", async () => {
  const by = await measured(["proc"]);
  if (!by) return skip("gcc is not installed");
  for (const row of rowsOf(by.proc, "allocations")) assert.ok(Number(row.bytes) > 0 && row.kind === "user");
  assert.match(by.proc.allocations.quality.notes.join(), /not who asked for it/);
});
