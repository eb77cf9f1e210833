import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { askEngines } from "../cli/engines.ts";
import { recipeRegistry } from "../cli/recipe_registry.ts";
import { openSession } from "../cli/session.ts";
import { openTraceEvents } from "../core/host/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { check, compile, type ExplainedStep, explainPlan, type Plan, type RecipeRegistry } from "../dsl/mod.ts";
import { skip } from "./skip.ts";

const PAGE = await Deno.readTextFile(fileURLToPath(new URL("../docs/tracing-tools.md", import.meta.url)));

/** Knows nothing of this machine: what the recipes are tested for is their form. */
const NOTHING: RecipeRegistry = {
  collector: () => undefined,
  collectorNames: () => [],
  probeFields: () => null,
  matchProbes: (pattern) => ({ points: [pattern], total: 1 }),
  callFields: () => null,
  matchCalls: (pattern) => ({ points: [pattern], total: 1 }),
  saveExtensions: () => [],
};

interface Tool {
  readonly name: string;
  readonly verdict: string;
  readonly recipe: string;
  readonly note: string;
}

/** The rows of the table below a heading. */
function toolsOf(heading: string): Tool[] {
  const [, section = ""] = PAGE.split(`\n## ${heading}\n`);
  const rows = section.split("\n## ")[0].split("\n").filter((l) => l.startsWith("| "));
  return rows.slice(2).map((row) => {
    const [name, verdict, recipe, note] = row.split(/(?<!\\)\|/).slice(1, -1).map((c) =>
      c.trim().replaceAll("\\|", "|")
    );
    return { name, verdict, recipe: recipe.replace(/^`|`$/g, ""), note };
  });
}

const BPFTRACE = toolsOf("bpftrace");
const LIBBPF = toolsOf("libbpf-tools");

Deno.test("docs/tracing-tools.md names 39 and 58 tools, each once, and says why where there is no recipe", () => {
  assert.equal(BPFTRACE.length, 39);
  assert.equal(LIBBPF.length, 58);
  for (const tools of [BPFTRACE, LIBBPF]) {
    assert.equal(new Set(tools.map((t) => t.name)).size, tools.length);
    for (const t of tools) {
      assert.ok(["yes", "word", "no"].includes(t.verdict), t.name);
      assert.equal(t.recipe === "", t.verdict === "no", t.name);
      if (t.verdict !== "yes") assert.match(t.note, /needs|Needs/, t.name);
    }
  }
});

Deno.test("the counts of docs/tracing-tools.md are those of its tables, and well over 90 % are plain yes", () => {
  const line = (name: string, tools: readonly Tool[]): string => {
    const [yes, word, no] = ["yes", "word", "no"].map((v) => tools.filter((t) => t.verdict === v).length);
    const percent = (n: number): string => `${Math.round(100 * n / tools.length)} %`;
    return `| ${name} | ${tools.length} | ${yes} | ${word} | ${no} | ${percent(yes)} | ${percent(yes + word)} |`;
  };
  const both = [...BPFTRACE, ...LIBBPF];
  for (const expected of [line("bpftrace", BPFTRACE), line("libbpf-tools", LIBBPF), line("both", both)]) {
    assert.ok(PAGE.includes(expected), `The page lacks: ${expected}`);
  }
  assert.ok(both.filter((t) => t.verdict === "yes").length >= 0.95 * both.length);
});

Deno.test("every recipe of docs/tracing-tools.md is free of syntax errors", async (t) => {
  for (const [of, tools] of [["bpftrace", BPFTRACE], ["libbpf-tools", LIBBPF]] as const) {
    for (const { name, recipe } of tools) {
      if (recipe === "") continue;
      await t.step(`${of} ${name}`, async () => {
        const broken = (await check(recipe, NOTHING)).filter((d) => d.code === "syntax");
        assert.deepEqual(broken.map((d) => `${d.start.column}: ${d.message}`), []);
      });
    }
  }
});

/** Kinds of probes that not every machine serves, though it may know what they would be put on. */
const REFUSED_HERE = /\b(kprobe|kretprobe|fentry|fexit|hardware|calls kernel):/;

Deno.test({
  name: "every recipe of docs/tracing-tools.md fits this kernel's probes and types, and an engine takes it",
  // The session listens for signals, as every command does.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const session = await openSession();
    if (!await Deno.stat(session.host.path("btf_vmlinux")).catch(() => null)) {
      return skip("the kernel has no type information");
    }
    const events = openTraceEvents(session.host);
    if (events.names().length === 0) return skip(`tracepoints are not listed: ${events.problem}`);
    const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON);
    if (!privileged) skip("no engine is asked: CAP_BPF or CAP_PERFMON is missing");
    let checked = 0, taken = 0;
    for (const [of, tools] of [["bpftrace", BPFTRACE], ["libbpf-tools", LIBBPF]] as const) {
      for (const { name, recipe } of tools) {
        if (recipe === "") continue;
        await t.step(`${of} ${name}`, async () => {
          // `every` is checked with what is in it, but not planned yet.
          const once = recipe.replace(/^every \d+m?s \{ (.*) \}$/s, "$1");
          const { plan, diagnostics } = await compile(once, await recipeRegistry(session, once));
          const missing = diagnostics.filter((d) => d.code === "unknown-probe");
          const wrong = diagnostics.filter((d) => d.code !== "unknown-probe");
          assert.deepEqual(wrong.map((d) => `${d.start.column}: ${d.message}\n${d.hint}`), []);
          if (missing.length > 0) return skip(`${name}: ${missing[0].message}`);
          checked++;
          if (!privileged || REFUSED_HERE.test(recipe)) return;
          assert.deepEqual(await unserved(plan!, session), []);
          taken++;
        });
      }
    }
    // Where these are few the test has shown nothing.
    assert.ok(checked >= 60, `only ${checked} recipes could be checked`);
    if (privileged) assert.ok(taken >= 25, `only ${taken} recipes were offered to an engine`);
  },
});

/** The pipelines over probes that no engine takes, and why. */
async function unserved(plan: Plan, session: Awaited<ReturnType<typeof openSession>>): Promise<string[]> {
  const { steps } = await explainPlan(plan, {
    collector: (name) => session.registry.collector(name),
    askEngines: (spec) => askEngines(session.host, spec),
  });
  const pipelines = steps.flatMap((s: ExplainedStep) => s.kind === "phase" ? s.pipelines : []);
  return pipelines.filter((p) => p.engine === null && p.source.includes(":")).map((p) =>
    `${p.source}: ${JSON.stringify(p.refused)}`
  );
}
