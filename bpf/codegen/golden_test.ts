/** The programs of bpf/testdata, compared with what is generated now. After a change: `deno test -A FILE -- --update`. */
import assert from "node:assert/strict";
import { openHost } from "../../core/host/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../../tests/skip.ts";
import { KIND, openBtf } from "../btf/mod.ts";
import { mechanism } from "../mechanisms.ts";
import { GOLDEN_FINDER, GOLDEN_SPECS } from "../testing/golden_specs.ts";
import { planText } from "../testing/plan_text.ts";
import { loadForTest, TEST_MACHINE } from "../testing/raw_target.ts";
import { type Plan, planProbe } from "./plan.ts";

const FOLDER = new URL("../testdata/", import.meta.url);
const plan = (name: string): Plan => planProbe(GOLDEN_SPECS[name], GOLDEN_FINDER, TEST_MACHINE);

Deno.test("the programs of representative specs are those in bpf/testdata, instruction by instruction", async (t) => {
  // Registers lie elsewhere on other machines, and only x86-64 is kept.
  if (Deno.build.arch !== "x86_64") return skip("the kept programs are for x86-64");
  for (const name of Object.keys(GOLDEN_SPECS)) {
    await t.step(name, async () => {
      const file = new URL(`${name}.bpf.txt`, FOLDER);
      const now = planText(plan(name));
      if (Deno.args.includes("--update")) await Deno.writeTextFile(file, now);
      assert.equal(now, await Deno.readTextFile(file));
    });
  }
  const kept = [...Deno.readDirSync(FOLDER)].map((f) => f.name.replace(/\.bpf\.txt$/, "")).sort();
  assert.deepEqual(kept, Object.keys(GOLDEN_SPECS).sort());
});

Deno.test("generating twice gives the same program", () => {
  for (const name of Object.keys(GOLDEN_SPECS)) assert.equal(planText(plan(name)), planText(plan(name)), name);
});

Deno.test("the verifier takes each of them, with rings and with perf buffers", async (t) => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const host = openHost();
  for (const [name, spec] of Object.entries(GOLDEN_SPECS)) {
    await t.step(name, () => {
      for (const stream of ["ring", "perf"] as const) {
        const made = planProbe(spec, GOLDEN_FINDER, { ...TEST_MACHINE, stream });
        const programs = made.programs.map((p) => {
          if (p.attach.kind !== "iter") return p;
          using open = openBtf(host.path("btf_vmlinux"));
          return { ...p, attach: { ...p.attach, btfId: open.btf.find("bpf_iter_task", KIND.FUNC) } };
        });
        if (name === "iter" && mechanism("iterator", host).state !== "yes") return skip("there are no iterators here");
        if (stream === "ring" && mechanism("ring_buffer", host).state !== "yes") continue;
        using loaded = loadForTest({ ...made, programs });
        assert.equal(loaded.programs.length, made.programs.length);
      }
    });
  }
});
