/**
 * Mistakes that people make, each with the one thing that is said of it: `wrong_recipes.txt`.
 *
 * There `>` begins the lines of a recipe. Below stands `line:column-column message`, then its hint. `…` at the end of a
 * line stands for more, such as a list that grows with the language. `SONDE_WRITE=1 deno test -A` of this file writes what
 * is said now: read what changed.
 */
import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";
import type { ReadInclude } from "./include.ts";

const WRITE = Deno.env.get("SONDE_WRITE") === "1";

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
  /** What stands above it: a heading. */
  readonly heading: readonly string[];
  readonly recipe: string;
  readonly expected: readonly string[];
}

const FILE = new URL("wrong_recipes.txt", import.meta.url);

async function wrongRecipes(): Promise<Wrong[]> {
  const all: Wrong[] = [];
  let heading: string[] = [];
  for (const block of (await Deno.readTextFile(FILE)).split(/\n{2,}/)) {
    const lines = block.split("\n").filter(Boolean);
    heading.push(...lines.filter((l) => l.startsWith("#")));
    const recipe = lines.filter((l) => l.startsWith(">")).map((l) => l.slice(2)).join("\n");
    if (!recipe) continue;
    all.push({ heading, recipe, expected: lines.filter((l) => !/^[>#]/.test(l)).map((l) => l.trim()) });
    heading = [];
  }
  return all;
}

/** The lines that are said, cut off where the file does. */
function cut(lines: readonly string[], expected: readonly string[]): string[] {
  return lines.map((line) => expected.find((e) => e.endsWith("…") && line.startsWith(e.slice(0, -1))) ?? line);
}

const WRONG = await wrongRecipes();

Deno.test("each of many wrong recipes gives one diagnostic: where, what, and what to write instead", async (t) => {
  assert.ok(WRONG.length >= 70, `${WRONG.length} wrong recipes`);
  const now: string[] = [];
  for (const { heading, recipe, expected } of WRONG) {
    const found = cut(await said(recipe), expected);
    const [head, ...hint] = found;
    const written = recipe.split("\n").map((line) => `> ${line}`);
    now.push(...heading.map((line) => `${line}\n`), [...written, head, ...hint.map((h) => `  ${h}`)].join("\n") + "\n");
    if (WRITE) continue;
    await t.step(recipe.replaceAll("\n", " ⏎ "), () => {
      assert.deepEqual(found, expected);
      assert.equal(found.filter((line) => /^(\S+:)?\d+:\d+-/.test(line)).length, 1);
    });
  }
  if (WRITE) await Deno.writeTextFile(FILE, now.join("\n"));
  console.log(`${WRONG.length} wrong recipes`);
});

Deno.test("no wrong recipe is there twice", () => {
  assert.equal(new Set(WRONG.map((w) => w.recipe)).size, WRONG.length);
});
