/** The editor's grammar knows the language's words, no more and no less. */
import assert from "node:assert/strict";
import type { TokenType } from "chevrotain";
import { SCALARS } from "../core/query/mod.ts";
import { STATEMENT_WORDS } from "../dsl/_vocabulary.ts";
import { PARAM_TYPES } from "../dsl/check_param.ts";
import { FORMS } from "../dsl/check_show.ts";
import { UNIT_NAMES } from "../dsl/literal.ts";
import { PROBE_KINDS } from "../dsl/probe_text.ts";
import { ALL_TOKENS } from "../dsl/tokens.ts";
import { AGGREGATIONS, STAGES } from "../dsl/words.ts";
import grammar from "../editors/vscode/syntaxes/perf.tmLanguage.json" with { type: "json" };
import configuration from "../editors/vscode/language-configuration.json" with { type: "json" };
import manifest from "../editors/vscode/package.json" with { type: "json" };

const rules = grammar.repository;

/** The words between the bars of a rule's first group of words. */
function wordsOf(pattern: string): string[] {
  return /\(\?:([\wµμ]+(?:\|[\wµμ]+)+)\)/.exec(pattern)![1].split("|");
}

const sorted = (words: Iterable<string>): string[] => [...words].sort();

for (
  const [rule, pattern, words] of [
    ["statements", rules.statements.match, STATEMENT_WORDS],
    ["stages", rules.stages.match, STAGES.map((s) => s.name)],
    ["aggregations", rules.aggregations.match, AGGREGATIONS.map((a) => a.name)],
    ["functions", rules.functions.match, [...SCALARS.keys()]],
    ["types", rules.types.match, PARAM_TYPES],
    ["forms", rules.forms.match, Object.keys(FORMS)],
    ["probes", rules.probes.match, [...PROBE_KINDS, "kernel", "user", "syscall"]],
    ["numbers", rules.numbers.match, UNIT_NAMES.filter((u) => u !== "%")],
  ] as const
) {
  Deno.test(`the editor's grammar has the ${rule} of the language`, () => {
    assert.deepEqual(sorted(wordsOf(pattern)), sorted(words));
  });
}

Deno.test("the editor's grammar has every word that the lexer knows", () => {
  const words = (ALL_TOKENS as TokenType[]).flatMap((t) =>
    t.PATTERN instanceof RegExp ? /^([a-z]+)\\b$/.exec(t.PATTERN.source)?.[1] ?? [] : []
  );
  const known = [rules.statements, rules.clauses, rules.operators, rules.constants].flatMap((r) => wordsOf(r.match));
  assert.deepEqual(sorted(known), sorted(words));
});

Deno.test("the editor's grammar includes each of its rules once", () => {
  assert.deepEqual(sorted(grammar.patterns.map((p) => p.include.slice(1))), sorted(Object.keys(rules)));
});

/** A rule's scope, and texts with what it colours in them; null for nothing. */
const SAMPLES: readonly (readonly [string, string, string | null])[] = [
  [rules.comments.match, 'show a # "why"', '# "why"'],
  [rules.probes.match, "collect tracepoint:sched:sched_switch, x", "tracepoint:sched:sched_switch"],
  [rules.probes.match, 'collect uprobe:"/opt/my app":main | filter x', 'uprobe:"/opt/my app":main'],
  [rules.probes.match, "collect calls syscall:openat", "syscall:openat"],
  [rules.probes.match, "collect cpu.profile(hz: 99)", null],
  [rules.stages.match, "  | top 10 by cpu", "| top"],
  [rules.stages.match, "  | topmost", null],
  [rules.parameters.match, "for $window | filter", "$window"],
  [rules.numbers.match, "filter wait > 1.5ms", "1.5ms"],
  [rules.numbers.match, "filter cpu > 50% and", "50%"],
  [rules.numbers.match, "filter r > 10MiB/s", "10MiB/s"],
  [rules.numbers.match, "flags & 0xff", "0xff"],
  [rules.numbers.match, "p99 == x", null],
  [rules.numbers.match, "args.0 == x", null],
  [rules.statements.match, "let a = collect x", "let"],
  [rules.statements.match, "filter args.let", null],
  [rules.clauses.match, "collect proc.list for 1s", "for"],
  [rules.clauses.match, "args.for", null],
  [rules.operators.match, "a not in b", "not"],
  [rules.constants.match, "x == true", "true"],
  [rules.types.match, "param d: duration = 1s", ": duration"],
  [rules.forms.match, "show a as heatmap", "heatmap"],
  [rules.aggregations.match, "aggregate p99 (wait)", "p99"],
  [rules.aggregations.match, "top 3 by count", null],
  [rules.functions.match, "select basename(path)", "basename"],
  [rules.signs.match, "a -> b", "->"],
  [rules.strings.patterns[0].match, '"a\\u{1F600}b"', "\\u{1F600}"],
  [rules.header.patterns[1].match, 'import "sonde/run"; /*', 'import "sonde/run"; /*'],
];

for (const [pattern, text, expected] of SAMPLES) {
  Deno.test(`the editor's grammar colours ${JSON.stringify(expected)} in ${JSON.stringify(text)}`, () => {
    assert.equal(new RegExp(pattern).exec(text)?.[0] ?? null, expected);
  });
}

Deno.test("the extension names files that are there", () => {
  const folder = new URL("../editors/vscode/", import.meta.url);
  const { contributes } = manifest;
  const files = [manifest.main, contributes.grammars[0].path, contributes.languages[0].configuration];
  for (const file of files) assert.ok(Deno.statSync(new URL(file, folder)).isFile, file);
  assert.equal(contributes.grammars[0].scopeName, grammar.scopeName);
  assert.equal(configuration.comments.lineComment, "#");
  assert.ok(new RegExp(configuration.wordPattern).test("$window"));
});
