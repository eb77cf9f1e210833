import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { check, type RecipeRegistry } from "../dsl/mod.ts";

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

Deno.test("the counts of docs/tracing-tools.md are those of its tables, and at least 90 % fit the grammar", () => {
  const line = (name: string, tools: readonly Tool[]): string => {
    const [yes, word, no] = ["yes", "word", "no"].map((v) => tools.filter((t) => t.verdict === v).length);
    const percent = (n: number): string => `${Math.round(100 * n / tools.length)} %`;
    return `| ${name} | ${tools.length} | ${yes} | ${word} | ${no} | ${percent(yes)} | ${percent(yes + word)} |`;
  };
  const both = [...BPFTRACE, ...LIBBPF];
  for (const expected of [line("bpftrace", BPFTRACE), line("libbpf-tools", LIBBPF), line("both", both)]) {
    assert.ok(PAGE.includes(expected), `The page lacks: ${expected}`);
  }
  assert.ok(both.filter((t) => t.verdict !== "no").length >= 0.9 * both.length);
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
