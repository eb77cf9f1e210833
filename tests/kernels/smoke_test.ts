import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openSession } from "../../cli/session.ts";
import { compileC } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { openBench } from "./smoke_bench.ts";
import { SMOKE_CASES } from "./smoke_cases.ts";
import { runCase } from "./smoke_run.ts";

const SOURCE = fileURLToPath(new URL("workload.c", import.meta.url));

Deno.test("no two smoke cases have one name", () => {
  assert.equal(new Set(SMOKE_CASES.map((c) => c.name)).size, SMOKE_CASES.length);
});

Deno.test({
  name: "on this kernel every smoke case counts exactly what the load did, or is refused with a reason",
  // The session listens for signals, as every command does.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const directory = await Deno.makeTempDir({ prefix: "sonde_smoke_" });
    try {
      const program = `${directory}/sonde_l${Deno.pid}`.slice(0, directory.length + 16);
      const compiled = await compileC(await Deno.readTextFile(SOURCE), program, ["-static"]);
      if (!compiled) return skip("gcc is not installed");
      using bench = openBench(program);
      const session = await openSession();
      for (const smoke of SMOKE_CASES) {
        await t.step(smoke.name, async () => {
          const outcome = await runCase(smoke, bench, session);
          assert.notEqual(outcome.result, "failed", outcome.reason);
          if (outcome.result !== "ok") skip(`${smoke.name}: ${outcome.reason}`);
        });
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
