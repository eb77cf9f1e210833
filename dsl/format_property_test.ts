/** Formatting changes places only: over recipes that ship, changed ones, and generated ones. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { pageBlocks } from "../tests/language_pages.ts";
import { format } from "./format.ts";
import { addHeader } from "./header.ts";
import { parse, type Parsed } from "./parse.ts";

/** A piece of a generated recipe: a token, and whether a line may break before it. */
interface Word {
  readonly text: string;
  /** It stands on the line of the word before it. */
  readonly sameLine?: true;
  /** It begins a statement. */
  readonly starts?: true;
}

type Words = fc.Arbitrary<readonly Word[]>;

const word = (text: string): Word => ({ text });
const words = (text: string): Words => fc.constant(text.split(" ").map(word));
const seq = (...parts: (string | Words)[]): Words =>
  fc.tuple(...parts.map((p) => typeof p === "string" ? words(p) : p)).map((all) => all.flat());
const maybe = (part: Words): Words => fc.option(part, { nil: [] });
const list = (part: Words, maxLength = 3): Words =>
  fc.array(part, { minLength: 1, maxLength }).map((all) => all.flatMap((w, i) => i > 0 ? [word(","), ...w] : w));
const oneOf = (...texts: string[]): Words => fc.constantFrom(...texts.map((text) => [word(text)]));
const onLine = (part: Words): Words =>
  part.map((all) => all.map((w, i): Word => i === 0 ? { ...w, sameLine: true } : w));

const name = oneOf("a", "b", "with", "on", "to", "self", "span", "some_rather_long_name", "cancel", "tolerate", "desc");
const plainName = oneOf("a", "b", "rows", "some_rather_long_name_of_a_result_that_nobody_would_want_to_write");
const text = oneOf('"text"', '"# no comment"', String.raw`"a\"b\\"`, '"{}|,;"');
const probe = oneOf("tracepoint:sched:sched_switch", 'uprobe:"/opt/my:app/bin":main', "kprobe:vfs_*", "interval:1s");
const operators = "== != < <= > >= and or + - * / % & ^ ~ << >> in like".split(" ");

const { expression } = fc.letrec<{ expression: readonly Word[]; operand: readonly Word[] }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("operand"),
    seq(tie("operand"), fc.oneof(oneOf(...operators), words("not in")), tie("operand")),
    seq(tie("operand"), oneOf("and", "or"), tie("operand"), oneOf("and", "or"), tie("operand")),
    seq(tie("operand"), "and not", tie("operand"), "or", tie("operand")),
  ),
  operand: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    oneOf(...["1", "50%", "10ms", "0xff", "100MiB/s", "true", "null", "$p", "x", "x.y"]),
    text,
    words("a . 0 . for . (tcp_sock) . z"),
    seq(oneOf("-", "not"), tie("operand")),
    seq("(", tie("expression"), ")"),
    seq("(", tie("operand"), "|", tie("operand"), ")"),
    seq("(", list(tie("expression")), ")"),
    seq("f (", maybe(list(tie("expression"))), ")"),
    seq("f ( k :", tie("operand"), ")"),
  ),
}));

const item = seq(expression, maybe(seq("as", plainName)), maybe(onLine(oneOf("asc", "desc"))));
const duration = seq("for", oneOf("5s", "$window"));
const stage = seq("| some_stage", maybe(onLine(list(item))), maybe(seq("by", list(item))));
const source = fc.oneof(
  seq("collect proc . list", maybe(seq("(", list(seq("k :", expression)), ")"))),
  seq("collect", list(probe)),
  seq("collect calls", list(probe)),
  seq("collect span", list(probe), "->", list(probe), maybe(seq("on", expression)), maybe(seq("cancel", list(probe)))),
);
const stages = fc.array(stage, { maxLength: 3 }).map((all) => all.flat());
const pipeline = fc.oneof(
  seq(source, maybe(duration), maybe(words("include self")), stages),
  seq(name, stage, stages),
);

const statements = fc.letrec<{ statement: readonly Word[]; block: readonly Word[] }>((tie) => ({
  block: seq("{", fc.array(tie("statement"), { maxLength: 3 }).map((all) => all.flat()), "}"),
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    pipeline,
    seq("recipe r", maybe(text)),
    seq("param", plainName, maybe(words(": duration")), maybe(seq("=", expression)), maybe(text)),
    seq("param", plainName, maybe(words(": duration")), maybe(seq("=", expression)), maybe(text)),
    seq("let", name, "=", fc.oneof(pipeline, name)),
    seq("when", expression, tie("block"), maybe(seq("else", tie("block")))),
    seq("every", expression, maybe(duration), tie("block")),
    seq("expect", expression, maybe(seq("tolerate", oneOf("5%"))), maybe(seq("else", text))),
    seq("show", list(seq(plainName, maybe(words("as hist"))))),
    seq("save a to", text),
    seq("ask", text, maybe(seq("with", list(plainName)))),
    seq("investigate", text, maybe(seq("with", list(plainName))), maybe(duration)),
    seq("alert", text, maybe(onLine(seq("when", expression, maybe(duration)))), maybe(seq("with", list(plainName)))),
    seq("include", text),
  ).map((all) => all.map((w, i): Word => i === 0 ? { ...w, starts: true } : w)),
})).statement;

const NOTES = [" # note\n", "\n# own\n", "\n\n# a  \n\n # b\n"];
const BETWEEN = fc.constantFrom(" ", " ", " ", " ", "  ", "\n", "\r\n    ", "\n\n\n", ...NOTES);
const FIRST = fc.constantFrom("\n", "\n\n", " ", ...NOTES);
const STARTS = fc.constantFrom("\n", "\n", "\r\n", "\n\n\n", " ; ", "; # note\n", ...NOTES);

/** Recipes of every statement, with line breaks and comments wherever they may stand. They need not check. */
const RECIPES: fc.Arbitrary<string> = fc.array(statements, { maxLength: 5 }).map((all) => all.flat())
  .chain((all) => fc.tuple(...all.map(spaceBefore)).map((spaces) => all.map((w, i) => spaces[i] + w.text).join("")));

function spaceBefore(word: Word, at: number, all: readonly Word[]): fc.Arbitrary<string> {
  if (at === 0) return fc.constant("");
  if (word.sameLine) return fc.constant(" ");
  if (!word.starts) return BETWEEN;
  // A block does not begin with a semicolon.
  return all[at - 1].text === "{" ? FIRST : STARTS;
}

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** A tree without places, comments by their words: what formatting must keep. */
function meaning({ tree }: Parsed): string {
  return JSON.stringify(
    { statements: tree.statements, comments: tree.comments.map((c) => c.text.trimEnd()) },
    (key, value) => key === "includeSelf" ? value !== null : /span$/i.test(key) ? undefined : value,
  );
}

/** What holds for any text: with errors nothing changes, else only places do, and the second time nothing. */
async function holds(source: string): Promise<boolean> {
  const before = await parse(source);
  const { text, diagnostics } = await format(source);
  if (before.diagnostics.length > 0) {
    // `*/` in a recipe with a header is the one error that formatting mends.
    if (before.diagnostics.some((d) => d.code !== "header")) assert.equal(text, source);
    return false;
  }
  assert.deepEqual(diagnostics, []);
  const after = await parse(text);
  assert.deepEqual(after.diagnostics.map((d) => d.message), [], text);
  assert.equal(meaning(after), meaning(before), text);
  assert.equal((await format(text)).text, text);
  assert.ok(!/[ \t\r]\n|\n\n\n|^\n|[^\n]$/.test(text), text);
  return true;
}

/** Every recipe of the project and every example of the language's pages. */
const SHIPPED: string[] = [];
for (const folder of ["recipes", "recipes/oneliners"]) {
  for (const { name } of Deno.readDirSync(root(folder))) {
    if (name.endsWith(".perf")) SHIPPED.push(Deno.readTextFileSync(root(`${folder}/${name}`)));
  }
}
const RECIPE_COUNT = SHIPPED.length;
SHIPPED.push(...pageBlocks().map((b) => b.source));

Deno.test("recipes that ship and the examples of the language's pages are laid out as format() does", async () => {
  assert.ok(RECIPE_COUNT > 20);
  // A recipe that differs wants `sonde fmt recipes/*.perf recipes/*/*.perf`.
  for (const source of SHIPPED) assert.equal((await format(source)).text, source);
});

Deno.test("format() changes places only: recipes that ship, with and without header", async () => {
  for (const source of SHIPPED) {
    assert.ok(await holds(source));
    assert.ok(await holds(addHeader(source, "sonde/run")));
  }
});

Deno.test("format() changes places only: generated recipes", async () => {
  let good = 0;
  await fc.assert(
    fc.asyncProperty(RECIPES, async (source) => {
      if (await holds(source)) good++;
    }),
    { numRuns: 400 },
  );
  assert.ok(good > 300, `${good} of 400 have no errors`);
});

const INSERTED = [
  " ",
  "\n",
  "\n\n\n",
  " # note\n",
  "\n  # own\n",
  ";",
  "(",
  ")",
  ",",
  "|",
  "-",
  "not ",
  " and a",
  ", b",
  "{",
  "}",
  "show a",
  "%",
  '"',
];

Deno.test("format() changes places only: recipes with changes that leave them without errors", async () => {
  const change = fc.record({ at: fc.nat(1000), remove: fc.nat(3), insert: fc.constantFrom(...INSERTED) });
  const recipe = fc.constantFrom(...SHIPPED);
  await fc.assert(
    fc.asyncProperty(recipe, fc.array(change, { minLength: 1, maxLength: 3 }), async (source, changes) => {
      let text = source;
      for (const { at, remove, insert } of changes) {
        const start = at % text.length;
        text = text.slice(0, start) + insert + text.slice(start + (at % 2 ? remove : 0));
      }
      await holds(text);
      await holds(addHeader(text, "sonde/run"));
    }),
    { numRuns: 500 },
  );
});
