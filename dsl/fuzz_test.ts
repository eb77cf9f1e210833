/**
 * Any text gives a tree and diagnostics, never an exception: random texts and mutated recipes.
 *
 * `SONDE_FUZZ_SCALE=10 deno test -A dsl/fuzz_test.ts` (`deno task fuzz`) tries a million texts, the suite a tenth of them.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import index from "../plugins/index.json" with { type: "json" };
import { exactJson, field, parseExactJson } from "../core/data/mod.ts";
import type { PluginInfo } from "../core/plugin_api/mod.ts";
import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { pageBlocks } from "../tests/language_pages.ts";
import { CALL_FIELDS, TEST_CALLS, TEST_COLLECTORS, TEST_PROBES, TEST_REGISTRY } from "./_testing.ts";
import { STAGE_NAMES, STATEMENT_WORDS } from "./_vocabulary.ts";
import { compile } from "./compile.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { addHeader } from "./header.ts";
import { UNIT_NAMES } from "./literal.ts";
import { parse } from "./parse.ts";
import type { RecipeRegistry } from "./registry.ts";

const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);
const ROOT = new URL("../", import.meta.url);

/** The tests' collectors and probes and those that come with Sonde, so that mutants of real recipes reach the planner. */
const BUILT_IN = (index as unknown as PluginInfo[]).flatMap((p) => p.collectors);
const REGISTRY: RecipeRegistry = {
  ...TEST_REGISTRY,
  collector: (name) => BUILT_IN.find((c) => c.name === name) ?? TEST_REGISTRY.collector(name),
  collectorNames: () => [...TEST_REGISTRY.collectorNames(), ...BUILT_IN.map((c) => c.name)],
  probeFields(point) {
    const known = TEST_REGISTRY.probeFields(point);
    return typeof known === "string" ? [field("args.id", "int"), field("args.addr", "address")] : known;
  },
  probeField: (_point, name) => /\bno\b/.test(name) ? `There is no ${name}` : field(name, "int"),
  callFields(target) {
    const known = TEST_REGISTRY.callFields(target);
    return typeof known === "string" ? [...CALL_FIELDS, field("args.fd", "int")] : known;
  },
};

/** Every recipe of the project, and every example of the language's page. */
function recipes(): string[] {
  const found: string[] = [];
  const walk = (folder: URL): void => {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.isDirectory) walk(new URL(`${entry.name}/`, folder));
      else if (entry.name.endsWith(".perf")) found.push(Deno.readTextFileSync(new URL(entry.name, folder)));
    }
  };
  walk(new URL("recipes/", ROOT));
  return [...found, ...pageBlocks().map((b) => b.source)];
}

const RECIPES = recipes();
/** Words, numbers with their units, texts, spaces and signs. */
const SPLIT = /\s+|"(?:[^"\\\n]|\\.)*"|[\w$:]+|[^\w\s]/g;
const RECIPE_TOKENS = RECIPES.map((text) => text.match(SPLIT) ?? []);

const WORDS: readonly string[] = [
  ...STATEMENT_WORDS,
  ...STAGE_NAMES,
  ...AGGREGATES.keys(),
  ...SCALARS.keys(),
  ...Object.keys(TEST_PROBES),
  ...Object.keys(TEST_CALLS),
  ...TEST_COLLECTORS.map((c) => c.name),
  ...UNIT_NAMES.map((u) => `5${u}`),
  ..."else for by as and or not in like true false null on with to tolerate cancel self span calls asc desc".split(" "),
  ..."table hist flame series heatmap mad ema cusum inner left anti int duration string bytes $a $window".split(" "),
  ..."a b pid tid comm cpu rss wait time duration args.0 arg0 args.sk.(tcp_sock).x start.comm end.args.pid".split(" "),
  ..."12 0x 0xff 0b2 1_0 2.5 1e6 1e999 1e99ms 50% 10sm 1.5ns 99999999999999999999 100/s 9hz/s 0% 1. .5".split(" "),
  ..."| || && ! = == != < <= > >= -> << >> + - * / % & ^ ~ ( ) { } [ ] , : ; . # \\ ' ` @ ? */ /* *\\/".split(" "),
  ...[
    '"text"',
    '"a(b"',
    '"%x_"',
    '"\\q\\u{110000}"',
    '"open',
    "'single'",
    '"x.svg"',
    'uprobe:"x y":z',
    "kprobe:*",
    "a:b",
  ],
  ...["\n", "\r\n", "\t", "\0", "\ufeff", "\u2028", "é", "😀", "\ud800", "__proto__", "constructor", "toString"],
];
const word = fc.constantFrom(...WORDS);

/** Any code units, lone surrogates and control characters among them. */
const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 80, size: "max" }).map((codes) =>
  String.fromCharCode(...codes)
);
const ascii = fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 120, size: "max" }).map((codes) =>
  String.fromCharCode(...codes)
);
const soup = fc.tuple(fc.array(word, { maxLength: 40, size: "max" }), fc.constantFrom(" ", " ", "", "\n"))
  .map(([words, between]) => words.join(between));
/** What stands where a statement, a stage or an expression may, so that soup gets past the parser more often. */
const sentence = fc.array(
  fc.tuple(
    fc.constantFrom(
      ..."collect proc.list|, collect proc.list|filter, let a = collect proc.list|, show, expect, when, param x =, a |"
        .split(","),
      ..."collect proc.list | aggregate,collect proc.list | derive x =,collect span,expect max(a.cpu) >,every 1s {"
        .split(","),
    ),
    fc.array(word, { maxLength: 6, size: "max" }),
  ),
  { maxLength: 6, size: "max" },
).map((all) => all.map(([head, rest]) => `${head} ${rest.join(" ")}`).join("\n"));
/** The same few words again and again: nested, or very long. */
const repeated = fc.tuple(fc.array(word, { maxLength: 3 }), fc.array(word, { minLength: 1, maxLength: 3 }), fc.nat(150))
  .map(([head, words, times]) => `${head.join(" ")} ${words.join(" ").concat(" ").repeat(times)}`);
const long = fc.tuple(word, fc.constantFrom(..."a0_.\"'(){}|-é$#:%\\e"), fc.nat(3000), word)
  .map(([before, letter, times, after]) => `${before}${letter.repeat(times)}${after}`);

interface Mutation {
  readonly kind: "delete" | "duplicate" | "swap" | "insert" | "replace" | "cut" | "splice" | "letter";
  readonly at: number;
  readonly other: number;
  readonly word: string;
}
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("delete", "duplicate", "swap", "insert", "replace", "cut", "splice", "letter"),
  at: fc.nat(10_000),
  other: fc.nat(10_000),
  word,
});

function mutate(tokens: readonly string[], mutations: readonly Mutation[]): string {
  const out = [...tokens];
  for (const m of mutations) {
    if (out.length === 0) break;
    const at = m.at % out.length;
    const other = m.other % out.length;
    switch (m.kind) {
      case "delete":
        out.splice(at, 1 + m.other % 3);
        break;
      case "duplicate":
        out.splice(at, 0, ...out.slice(at, at + 1 + m.other % 4));
        break;
      case "swap":
        [out[at], out[other]] = [out[other], out[at]];
        break;
      case "insert":
        out.splice(at, 0, ` ${m.word} `);
        break;
      case "replace":
        out[at] = m.word;
        break;
      case "cut":
        out.length = at;
        break;
      case "splice":
        out.splice(at, out.length, ...RECIPE_TOKENS[m.other % RECIPE_TOKENS.length].slice(m.at % 50));
        break;
      case "letter": {
        const place = m.other % (out[at].length + 1);
        out[at] = out[at].slice(0, place) + (m.at % 2 ? m.word[0] : "") + out[at].slice(place + m.at % 3);
        break;
      }
    }
  }
  return out.join("");
}

const mutant = fc.tuple(fc.nat(RECIPES.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([i, mutations]) => mutate(RECIPE_TOKENS[i], mutations));

const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: units },
  { weight: 1, arbitrary: ascii },
  { weight: 2, arbitrary: soup },
  { weight: 2, arbitrary: sentence },
  { weight: 1, arbitrary: repeated },
  { weight: 1, arbitrary: long },
  { weight: 4, arbitrary: mutant },
);

const tally = { cases: 0, plans: 0, slowest: 0, slow: "" };

/** A plan or errors, all of which lie where they say. */
async function survives(text: string): Promise<void> {
  const started = performance.now();
  const { plan, diagnostics } = await compile(text, REGISTRY);
  const ms = performance.now() - started;
  tally.cases++;
  if (ms > tally.slowest) Object.assign(tally, { slowest: ms, slow: text.slice(0, 60) });
  for (const d of diagnostics) placed(d, text);
  if (plan === null) {
    assert.ok(diagnostics.some((d) => d.severity === "error"), "neither a plan nor an error");
    return;
  }
  tally.plans++;
  assert.ok(diagnostics.every((d) => d.severity === "warning"), "a plan in spite of an error");
  const kept = exactJson(plan);
  assert.equal(exactJson(parseExactJson(kept)), kept);
}

function placed(d: Diagnostic, text: string): void {
  assert.ok(d.message.length > 0 && d.message.length < 500, "no message, or an endless one");
  assert.ok(d.start.offset >= 0 && d.start.offset <= d.end.offset && d.end.offset <= text.length, "outside the text");
  for (const { line, column, offset } of [d.start, d.end]) {
    let lines = 1;
    for (let i = text.indexOf("\n"); i >= 0 && i < offset; i = text.indexOf("\n", i + 1)) lines++;
    assert.equal(line, lines);
    assert.equal(column, offset - (offset === 0 ? -1 : text.lastIndexOf("\n", offset - 1)));
  }
}

Deno.test("recipes and examples that are mutated here are read as they are", async () => {
  assert.ok(RECIPES.length > 30);
  let plans = 0;
  for (const text of RECIPES) if ((await compile(text, REGISTRY)).plan) plans++;
  // The others name arguments that only the kernel's own probes have.
  assert.ok(plans > RECIPES.length / 2, `${plans} of ${RECIPES.length}`);
});

Deno.test("compile() gives a plan or an error inside the text for every text, and never throws", async () => {
  const started = performance.now();
  await fc.assert(fc.asyncProperty(anyText, survives), { numRuns: Math.round(90_000 * SCALE) });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${tally.cases} texts, of which ${tally.plans} have a plan, in ${seconds} s; the slowest took ${
      tally.slowest.toFixed(0)
    } ms: ${JSON.stringify(tally.slow)}`,
  );
});

Deno.test("compile() survives every mutant inside a header", async () => {
  const before = tally.cases;
  const headed = mutant.map((text) => addHeader(text, "sonde/run"));
  await fc.assert(fc.asyncProperty(headed, survives), { numRuns: Math.round(5_000 * SCALE) });
  console.log(`${tally.cases - before} texts with a header`);
});

Deno.test("parse() gives a tree whose nodes lie inside the text, one inside the other", async () => {
  const inside = async (text: string): Promise<void> => {
    const visit = (node: unknown, start: number, end: number): void => {
      if (typeof node !== "object" || node === null) return;
      const { span } = node as { span?: { start: number; end: number } };
      if (span) assert.ok(start <= span.start && span.start <= span.end && span.end <= end, JSON.stringify(node));
      const around = broken ? { start, end } : span ?? { start, end };
      for (const child of Object.values(node)) visit(child, around.start, around.end);
    };
    const { tree, diagnostics } = await parse(text);
    // What recovery found missing has no place of its own: it may stand behind its parent.
    const broken = diagnostics.length > 0;
    visit(tree, 0, text.length);
  };
  const numRuns = Math.round(5_000 * SCALE);
  await fc.assert(fc.asyncProperty(anyText, inside), { numRuns });
  console.log(`${numRuns} trees`);
});
