/**
 * Mistakes that people make, each with the one thing that is said of it: `wrong_recipes.txt`.
 *
 * There `>` begins the lines of a recipe. Below stands `line:column-column message`, then its hint. `…` at the end of a
 * line stands for more, such as a list that grows with the language.
 */
import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";
import type { ReadInclude } from "./include.ts";

/** Files that the recipes include. */
const FILES: Readonly<Record<string, string>> = {
  "self.perf": 'include "self.perf"',
  "a.perf": 'include "b.perf"',
  "b.perf": 'include "a.perf"',
  "bad.perf": "collect proc.list | filter rrs > 1",
  "syntax.perf": "collect proc.list | filter >",
  "let_a.perf": "let a = collect proc.list",
};

const read: ReadInclude = (file) => {
  const text = Object.hasOwn(FILES, file) ? FILES[file] : null;
  return Promise.resolve(text === null ? "there is no such file" : { id: file, name: file, text });
};

/** What is said of a recipe, as in the file. */
async function said(recipe: string): Promise<string[]> {
  const { diagnostics } = await compile(recipe, TEST_REGISTRY, { file: { id: "main.perf", name: "main.perf" }, read });
  return diagnostics.flatMap((d) => {
    const file = d.start.file === undefined ? "" : `${d.start.file}:`;
    const end = d.end.line === d.start.line ? d.end.column : `${d.end.line}:${d.end.column}`;
    const head = `${file}${d.start.line}:${d.start.column}-${end} ${
      d.severity === "warning" ? "warning: " : ""
    }${d.message}`;
    return [head, ...d.hint ? d.hint.split("\n") : []];
  });
}

interface Wrong {
  readonly recipe: string;
  readonly expected: readonly string[];
}

async function wrongRecipes(): Promise<Wrong[]> {
  const text = await Deno.readTextFile(new URL("wrong_recipes.txt", import.meta.url));
  const blocks = text.split(/\n{2,}/).map((b) => b.split("\n").filter((line) => line && !line.startsWith("#")));
  return blocks.filter((lines) => lines.length > 0).map((lines) => ({
    recipe: lines.filter((l) => l.startsWith(">")).map((l) => l.slice(2)).join("\n"),
    expected: lines.filter((l) => !l.startsWith(">")).map((l) => l.trim()),
  }));
}

const WRONG = await wrongRecipes();

Deno.test("each of many wrong recipes gives one diagnostic: where, what, and what to write instead", async (t) => {
  assert.ok(WRONG.length >= 70, `${WRONG.length} wrong recipes`);
  for (const { recipe, expected } of WRONG) {
    await t.step(recipe.replaceAll("\n", " ⏎ "), async () => {
      const found = await said(recipe);
      const shown = found.map((line, i) => {
        const wanted = expected[i] ?? "";
        return wanted.endsWith("…") && line.startsWith(wanted.slice(0, -1)) ? wanted : line;
      });
      assert.deepEqual(shown, expected);
      assert.equal(found.filter((line) => /^(\S+:)?\d+:\d+-/.test(line)).length, 1);
    });
  }
  console.log(`${WRONG.length} wrong recipes`);
});

Deno.test("no wrong recipe is there twice", () => {
  assert.equal(new Set(WRONG.map((w) => w.recipe)).size, WRONG.length);
});
