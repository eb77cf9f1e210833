import assert from "node:assert/strict";
import type { FieldType } from "../core/data/mod.ts";
import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { pageBlocks, pageFiles, pageText } from "../tests/language_pages.ts";
import { check, compile } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import { DOCS_REGISTRY } from "./docs_registry_for_test.ts";
import { grammarEbnf } from "./ebnf_for_test.ts";
import { ENDINGS } from "./endings.ts";
import { FORMS } from "./check_show.ts";
import { PARAM_TYPES } from "./check_param.ts";
import type { IncludeOptions } from "./include.ts";
import { UNIT_NAMES } from "./literal.ts";
import { parse } from "./parse.ts";
import type { PlanStep } from "./plan.ts";
import { StatementWord } from "./tokens.ts";
import * as tokens from "./tokens.ts";
import { STAGES } from "./words.ts";

const REFERENCE = pageText("docs/language-reference.md");
const BLOCKS = pageBlocks();
/** Those that need no plugin. */
const GOOD = BLOCKS.filter((b) => b.kind === "good" || b.kind === "file");

function includesOf(page: string): IncludeOptions {
  const files = pageFiles(page);
  return {
    read: (file) =>
      Promise.resolve(
        files[file] === undefined ? "there is no such file" : { id: file, name: file, text: files[file] },
      ),
  };
}

Deno.test("every example of the language's pages is a recipe without errors, or has the error that it shows", async (t) => {
  assert.ok(BLOCKS.length >= 50);
  for (const { page, line, source, kind, shown } of BLOCKS) {
    if (kind === "with") continue; // run with its plugin in tests/language_page_test.ts
    await t.step(`${page}:${line} ${source.split("\n")[0]}`, async () => {
      const found = await check(source, DOCS_REGISTRY, includesOf(page));
      const texts = found.map((d) => diagnosticText(d, "").slice(1));
      if (kind === "bad") assert.ok(shown !== "" && texts.length === 1 && texts[0].startsWith(shown), texts.join("\n"));
      else assert.deepEqual(texts.filter((text) => kind !== "file" || !/is not used/.test(text)), []);
    });
  }
});

Deno.test("the reference has the grammar that the parser has", () => {
  const [, shown] = /^```ebnf\n([\s\S]*?)^```/m.exec(REFERENCE)!;
  assert.equal(shown, grammarEbnf());
});

Deno.test("the reference's tables of functions and aggregations say what the language says of itself", () => {
  const rows = new Set(cellsOf(REFERENCE).map((cells) => cells.join(" | ")));
  const functions = [...SCALARS.values()].map((f) => [`\`${f.signature}\``, f.doc]);
  const aggregations = [...AGGREGATES.values()].map((a) => [`\`${a.signature}\``, a.doc, a.merges]);
  const missing = [...functions, ...aggregations].map((cells) => cells.join(" | ")).filter((row) => !rows.has(row));
  assert.deepEqual(missing, []);
  const endings = Object.values(ENDINGS).map((e) => `\`${e.signature}\` | ${e.doc} | `);
  assert.deepEqual(endings.filter((start) => ![...rows].some((row) => row.startsWith(start))), []);
});

Deno.test("each recipe in the reference's table of errors has the error that stands there", async () => {
  const errors = cellsOf(REFERENCE.slice(REFERENCE.indexOf("\n## Errors"), REFERENCE.indexOf("\n## Limits"))).slice(1);
  assert.ok(errors.length >= 35);
  for (const [code, recipe, message] of errors) {
    const [d] = await check(recipe.slice(1, -1), DOCS_REGISTRY, includesOf(""));
    assert.deepEqual([`\`${d.code}\`${d.severity === "warning" ? ", a warning" : ""}`, d.message], [code, message]);
  }
});

Deno.test("what other languages' constructs are here can be parsed", async () => {
  const page = pageText("docs/language.md");
  let spans = 0;
  for (const cells of cellsOf(page.slice(page.indexOf("\n## Coming from")))) {
    for (const [, code] of cells[1].matchAll(/`([^`]+)`/g)) {
      const whole = code.startsWith("|") ? `a ${code}` : /^(collect|every|alert|param) /.test(code) ? code : null;
      if (whole === null) continue;
      spans++;
      const recipe = whole.replaceAll("{ … }", "{ a | limit 1 }").replace(/when …/, "when a.b > 1")
        .replace("span A -> B", "span interval:1s -> interval:2s");
      assert.deepEqual((await parse(recipe)).diagnostics.map((d) => d.message), [], code);
    }
  }
  assert.ok(spans > 50);
});

Deno.test("each statement, stage, aggregation, function, form, type and unit stands in an example that is run", async () => {
  const seen = new Set<string>();
  for (const { page, source } of [...GOOD, ...BLOCKS.filter((b) => b.kind === "with")]) {
    const { tree } = await parse(source);
    noteWords(tree.statements, seen);
    const { plan } = await compile(source, DOCS_REGISTRY, includesOf(page));
    for (const p of plan?.params ?? []) seen.add(`type ${p.t.type}`);
    noteTypes(plan?.steps ?? [], seen);
    if (/\bnull\b/.test(source)) seen.add("type null");
  }
  const statements = Object.values(tokens).flatMap((t) =>
    typeof t === "object" && "CATEGORIES" in t && t.CATEGORIES?.includes(StatementWord)
      ? [`statement ${t.name.toLowerCase()}`]
      : []
  );
  assert.equal(statements.length, 13);
  const types: (FieldType | "null")[] = [...PARAM_TYPES, "time", "stack", "histogram", "null"];
  const all = [
    ...statements,
    ...STAGES.map((s) => `stage ${s.name}`),
    ...[...AGGREGATES.keys(), ...Object.keys(ENDINGS), ...SCALARS.keys()].map((name) => `call ${name}`),
    ...Object.keys(FORMS).map((form) => `form ${form}`),
    ...types.map((type) => `type ${type}`),
    // The micro sign and the Greek letter look alike.
    ...UNIT_NAMES.map((unit) => `unit ${unit.normalize("NFKC")}`),
  ];
  assert.deepEqual(all.filter((word) => !seen.has(word)), []);
});

Deno.test("links of the language's pages lead to files and headings that are there", () => {
  const docs = new URL("../docs/", import.meta.url);
  for (const page of ["language.md", "language-reference.md", "decisions/0011-choices-of-the-language.md"]) {
    const at = new URL(page, docs);
    const text = Deno.readTextFileSync(at).replace(/^```[\s\S]*?^```/gm, "");
    for (const [link, path, anchor] of text.matchAll(/\]\(([^)#:\s]*)(?:#([^)]*))?\)/g)) {
      const target = Deno.readTextFileSync(path === "" ? at : new URL(path, at));
      const headings = [...target.matchAll(/^#+ (.*)$/gm)].map(([, h]) =>
        h.toLowerCase().replace(/[^\w\s-]/g, "").replaceAll(" ", "-")
      );
      assert.ok(anchor === undefined || headings.includes(anchor), `${page}: ${link}`);
    }
  }
});

/** Cells of the rows of all tables, heads and lines below them included; a bar in a cell is written `\|`. */
function cellsOf(page: string): string[][] {
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| --"));
  return rows.map((row) => row.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));
}

/** Notes every statement, stage, call, form and unit of a tree. */
function noteWords(node: unknown, seen: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) return node.forEach((n) => noteWords(n, seen));
  const n = node as Record<string, unknown>;
  const nameOf = (part: unknown): string => (part as { name?: string } | null)?.name ?? "";
  if (typeof n.kind === "string") seen.add(`statement ${n.kind}`);
  if (n.kind === "call") seen.add(`call ${nameOf(n.name)}`);
  if ("items" in n && "by" in n) seen.add(`stage ${nameOf(n.name)}`);
  if ("form" in n) seen.add(`form ${nameOf(n.form)}`);
  if (n.kind === "number") {
    const unit = /^(?:0[xb][\da-f_]+|[\d_.]+(?:e\d+)?)([^/\d]*)/i.exec(String(n.text))?.[1] ?? "";
    seen.add(`unit ${unit.normalize("NFKC")}`);
  }
  for (const part of Object.values(n)) noteWords(part, seen);
}

/** Notes the types of the columns of all results. */
function noteTypes(steps: readonly PlanStep[], seen: Set<string>): void {
  for (const step of steps) {
    if (step.kind === "phase") { for (const p of step.pipelines) for (const f of p.fields) seen.add(`type ${f.type}`); }
    else if (step.kind === "derived") { for (const f of step.pipeline.fields) seen.add(`type ${f.type}`); }
    else if (step.kind === "every") noteTypes(step.body.steps, seen);
    else if (step.kind === "when") noteTypes([...step.then.steps, ...step.otherwise.steps], seen);
  }
}
