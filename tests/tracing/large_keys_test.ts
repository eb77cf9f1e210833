import assert from "node:assert/strict";
import { recipeRegistry } from "../../cli/recipe_registry.ts";
import { openSession } from "../../cli/session.ts";
import { recordsOf } from "../../core/data/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { compile } from "../../dsl/mod.ts";
import { outputOf } from "../compile_c.ts";
import { runPlan } from "../run_plan.ts";
import { skip } from "../skip.ts";

/** Numbers of texts in a key, 256 bytes each: on the stack (512 bytes), beside it, and more fields than a program has. */
const SIZES = [1, 3, 30, 70] as const;

Deno.test("keys of any size give the same rows: on the stack, in scratch memory, or grouped here", async () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const folder = await Deno.makeTempDir();
  try {
    const program = `${folder}/sonde_keys`;
    await Deno.copyFile("/bin/cat", program);
    const names = Array.from({ length: 20 }, (_, i) => `${folder}/${"n".repeat(i * 9)}${i}`);
    for (const name of names) await Deno.writeTextFile(name, "");
    const text = SIZES.map((n) => {
      const keys = Array.from({ length: n }, (_, i) => `str(filename) as k${i}`).join(", ");
      return `let keys_${n} = collect tracepoint:syscalls:sys_enter_openat for 60s\n` +
        `  | filter comm == "sonde_keys"\n  | aggregate count() by ${keys}\n`;
    }).join("");
    const session = await openSession();
    const { plan, diagnostics } = await compile(text, await recipeRegistry(session, text));
    assert.ok(plan, JSON.stringify(diagnostics));
    const report = await runPlan(plan, session, {
      work: async () => {
        for (let i = 0; i < 3; i++) await outputOf(program, names.slice(0, 20 - i));
      },
    });
    assert.deepEqual(report.errors, []);
    const pushed = report.phases.flatMap((p) => p.pipelines.map((x) => [x.name, x.pushed]));
    assert.deepEqual(pushed, [["keys_1", 2], ["keys_3", 2], ["keys_30", 2], ["keys_70", 1]]);
    const rowsOf = (n: number): [string, number][] => {
      const result = report.results[`keys_${n}`];
      assert.ok(result.kind === "table");
      assert.equal(result.quality.lost, 0);
      return recordsOf(result).map((row): [string, number] => {
        for (let i = 1; i < n; i++) assert.equal(row[`k${i}`], row.k0);
        return [String(row.k0), Number(row.count)];
      }).sort(([a], [b]) => a < b ? -1 : 1);
    };
    const wanted = names.map((name, i): [string, number] => [name, i === 19 ? 1 : i === 18 ? 2 : 3]);
    const ofFiles = rowsOf(1).filter(([name]) => name.startsWith(folder));
    assert.deepEqual(ofFiles, wanted.sort(([a], [b]) => a < b ? -1 : 1));
    for (const n of SIZES.slice(1)) assert.deepEqual(rowsOf(n), rowsOf(1), `${n} texts`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
