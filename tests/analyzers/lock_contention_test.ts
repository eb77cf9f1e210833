import assert from "node:assert/strict";
import { libbpfObstacle } from "../../bpf/testing/libbpf_obstacle.ts";
import { createSondeApi } from "../../cli/sonde_api.ts";
import { UnsupportedError } from "../../core/data/mod.ts";
import { compileC } from "../compile_c.ts";
import { CONTENDING_PROGRAM } from "../contending_program.ts";
import { functionsOf } from "../functions_of.ts";
import { skip } from "../skip.ts";
import { startedProgram } from "../started_program.ts";
import { analyzeBeside, rowsOf } from "./beside.ts";

Deno.test("lock_contention: program and recipe tell the same waits", async () => {
  const why = libbpfObstacle();
  if (why) return skip(why);
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(CONTENDING_PROGRAM, `${dir}/contends`, ["-pthread"])) return skip("gcc is not installed");
    await using program = startedProgram(`${dir}/contends`, ["file"]);
    await program.heard(/^ready$/m);
    const by = await analyzeBeside("lock_contention", program.pid, ["libbpf", "recipe"], async () => {
      await program.say("go\n");
      await program.heard(/^done$/m);
    });
    const of = (mechanism: "libbpf" | "recipe"): { waits: number; total: number } => {
      const mutexes = rowsOf(by[mechanism], "sites").filter((r) =>
        r.kind === "mutex" && functionsOf(r.stack).some((f) => /lseek/.test(f))
      );
      const sum = (key: string): number => mutexes.reduce((n, r) => n + Number(r[key]), 0);
      return { waits: sum("waits"), total: sum("total") };
    };
    const [ours, theirs] = [of("libbpf"), of("recipe")];
    // A wait ends for both; a wait in an interrupt amid it ends the recipe's pair.
    assert.ok(
      ours.waits > 0 && theirs.waits <= ours.waits && theirs.waits >= 0.9 * ours.waits,
      JSON.stringify({ ours, theirs }),
    );
    // Of a wait that is spun for and slept for the recipe has the last part.
    assert.ok(theirs.total <= ours.total + ours.waits * 20e3, JSON.stringify({ ours, theirs }));
    assert.equal(by.libbpf.profile.kind, "profile");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lock_contention: without lock_stat /proc tells nothing, and what would is said", async () => {
  if (createSondeApi().host.lockStat() !== null) return skip("this kernel has lock_stat");
  await assert.rejects(
    () => analyzeBeside("lock_contention", 0, ["proc"], () => Promise.resolve()),
    (e) => e instanceof UnsupportedError && /5\.19/.test(e.remedy),
  );
});
