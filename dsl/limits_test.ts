/**
 * Texts that are made to take long: each once grew with the square of its length, ran out of stack, or may do so when a
 * limit goes. They are asserted to be refused or read; a hang shows as a test that does not end.
 */
import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { compile } from "./compile.ts";

/** Just below the most characters of a recipe. */
const LONG = 200_000;
/** Just below the most words and signs of a recipe. */
const MANY = 19_000;

const fill = (part: string, head = ""): string => head + part.repeat(Math.floor((LONG - head.length) / part.length));
const many = (part: string, head = ""): string => head + part.repeat(MANY);
const list = (count: number, item: (i: number) => string, between: string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(between);

const TOO_MANY = /^A recipe has at most 20000 words and signs, here are \d+$/;

/** What is tried, and the first message that it gives; null for a recipe without errors. */
const CASES: readonly (readonly [name: string, text: string, message: RegExp | null])[] = [
  // As long as a text may be
  ["parentheses", fill("("), TOO_MANY],
  ["pipes", fill("|"), TOO_MANY],
  ["dots", fill("a."), TOO_MANY],
  ["not", fill("not ", "expect "), TOO_MANY],
  ["chain", fill("1+", "expect "), TOO_MANY],
  ["number", fill("9", "expect 1 < "), /^9{119}… does not fit 64 bits$/],
  ["fraction", `${fill("0", "expect 1ms < 0.")}1ms`, /is no whole number of nanoseconds$/],
  ["name", fill("a"), /^Found "a{29}…"; expected a statement$/],
  [
    "two names",
    `let ${"a".repeat(90_000)} = collect proc.list\nshow ${"a".repeat(89_999)}b`,
    /^There is no result "a+…$/,
  ],
  ["quotes", fill('"'), TOO_MANY],
  ["open string", fill("x", 'ask "'), /^This text has no closing quote$/],
  ["single quotes", fill("'", "ask "), TOO_MANY],
  ["escapes", `ask "${"\\q".repeat(90_000)}"`, /^\\q is no escape$/],
  ["probe", fill("*", "collect tracepoint:sched:"), null],
  ["probe parts", fill('"x":', "collect uprobe:"), /^"uprobe:.*… is no uprobe probe$/],
  ["probes", fill("a:b,", "collect "), TOO_MANY],
  ["regular expression", `collect proc.list | filter comm ~ "${"(a+)+".repeat(30_000)}"`, /at most 4096 characters/],
  ["like", `collect proc.list | filter comm like "${"%".repeat(190_000)}"`, null],
  ["control characters", fill("\0"), /is not part of the language$/],
  ["lone surrogates", fill("\ud800"), /is not part of the language$/],
  ["no words", fill("\\ "), /is not part of the language$/],
  ["comment", fill("#"), null],
  ["comments", fill("#\n"), null],
  ["spaces", fill(" "), null],
  ["header", fill("*/ ", 'import "x"; /*'), /ends the JavaScript comment/],
  ["import", `import${fill(" ")}`, /^Found "import"; expected a statement$/],
  ["cast", `collect proc.list | filter pid.(${fill(" ")}`, /^Found "\(" after "\."; expected a name$/],
  ["all of it", "# x\n".repeat(100_000), /^A recipe has at most 262144 characters, here are 400000$/],

  // As many words as there may be
  ["words: parentheses", many("("), /^Parentheses and braces are nested at most 60 deep$|^Found "\("/],
  ["words: closers", many(")"), /^Found "\)"; expected a statement$/],
  ["words: braces", many("{"), /^Found "\{"; expected a statement$/],
  ["words: names", many("a\n"), /^Found "a"; expected a statement$/],
  ["words: let", many("let "), /^Found "let" after "let"; expected/],
  ["words: let a =", many("let a=").slice(0, MANY * 2), /^Found "let" after "="; expected/],
  ["words: when", many("when "), /^Found "when" after "when"; expected a value$/],
  ["words: when 1 == 1", "when 1==1 ".repeat(4000), /^Found "when" after "1"; expected/],
  ["words: show", many("show "), /^Found "show" after "show"; expected/],
  ["words: stages", "|a ".repeat(9000), /./],
  ["words: path", "a.".repeat(9000), /./],
  ["words: path in a stage", `collect proc.list | filter ${"a.".repeat(9000)}a`, /^proc\.list has no field "a/],
  ["words: not", `expect ${many("not ")} true`, /^An expression has at most 500 operands/],
  ["words: comparisons", `expect ${"1<".repeat(9000)}1`, /^An expression has at most 500 operands/],
  ["words: functions", `expect ${"f(".repeat(9000)}`, /^Parentheses and braces are nested/],
  ["words: commas", many(",", "collect proc.list | select "), /^Found ","/],

  // Each of many looks at all before it
  [
    "results",
    `let a = collect proc.list | derive ${list(450, (i) => `a${i} = 1`, ", ")}\n${
      list(4000, (i) => `let b${i} = a`, "\n")
    }`,
    /^A recipe has at most 1000 statements$/,
  ],
  ["blocks", `${list(500, (i) => `let a${i} = collect proc.list`, "\n")}\n${"when 1==1{}\n".repeat(490)}`, null],
  [
    "unknown results",
    `${list(900, (i) => `let a${i} = collect proc.list`, "\n")}\nshow ${"zzzzz,".repeat(5000)}a1`,
    /^There is no result "zzzzz"$/,
  ],
  [
    "columns",
    `collect proc.list ${list(2000, (i) => `| derive a${i} = 1`, "\n")}`,
    /^The stages of a pipeline and what they list are at most 500 in all$/,
  ],
  [
    "columns of one stage",
    `collect proc.list | select ${list(6000, () => "pid", ",")}`,
    /^The stages of a pipeline and what they list are at most 500 in all$|^There are two columns "pid"$/,
  ],
  ["parameters", `param a0 = 1\n${list(990, (i) => `param a${i + 1} = $a${i} + $a${i}`, "\n")}`, null],
  [
    "unknown parameters",
    `${list(900, (i) => `param a${i} = 1`, "\n")}\ncollect proc.list | filter ${
      list(240, (i) => `$b${i} == 1`, " and ")
    }`,
    /^There is no parameter "\$b0"$/,
  ],
];

Deno.test("what is far too long, too deep or too broken is refused or read, and always ends", async (t) => {
  for (const [name, text, message] of CASES) {
    await t.step(name, async () => {
      const { plan, diagnostics } = await compile(text, TEST_REGISTRY);
      const errors = diagnostics.filter((d) => d.severity === "error");
      assert.equal(plan === null, message !== null, errors[0]?.message);
      if (message) assert.match(errors[0].message, message);
      assert.ok(diagnostics.length <= 600);
    });
  }
});

Deno.test("warnings do not crowd out an error", async () => {
  const text = `${"collect host.info(level: 1) for 1s\n".repeat(300)}show nothing`;
  const { plan, diagnostics } = await compile(text, TEST_REGISTRY);
  assert.equal(plan, null);
  assert.equal(diagnostics.at(-1)!.message, 'There is no result "nothing"');
});

Deno.test("a mistyped name that every object has is a mistyped name", async () => {
  const first = async (text: string): Promise<string> => (await compile(text, TEST_REGISTRY)).diagnostics[0].message;
  assert.equal(await first("collect proc.list | toString"), 'There is no stage "toString"');
  assert.equal(await first("collect proc.list | filter constructor > 1"), 'proc.list has no field "constructor"');
  assert.equal(await first("collect proc.list | aggregate valueOf(pid)"), 'There is no aggregation "valueOf"');
  assert.match(
    await first(
      "collect span tracepoint:sched:sched_wakeup -> tracepoint:sched:sched_switch | filter constructor.a > 1",
    ),
    /^The span has no field "constructor\.a"$/,
  );
});
