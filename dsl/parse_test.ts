import assert from "node:assert/strict";
import fc from "fast-check";
import { TEST_REGISTRY } from "./_testing.ts";
import { nodeText } from "./_node_text.ts";
import type { ExprNode, Tree } from "./ast.ts";
import { check } from "./compile.ts";
import { addHeader } from "./header.ts";
import { parse } from "./parse.ts";

/** The recipe of the design, which uses most of the grammar. */
const RECIPE = `recipe run_queue "Who waits for a CPU, for how long, and behind whom?"

param tid: tid         = 0      "only this thread; 0 is all"
param window: duration = 10s

let waits = collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new
                 -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid for $window
  | filter $tid == 0 or start.args.pid == $tid   # a comment
  | aggregate count() as waits, p99(duration), hist(duration) by start.args.comm
  | top 10 by p99(duration)

let opens = collect tracepoint:syscalls:sys_enter_openat for $window
  | filter str(filename) like "/var/%" and flags != 0x10 or not (uid in (1, 2))
  | aggregate count() by comm

let fsync = collect calls syscall:fsync for $window include self
  | aggregate count(), p50(duration), p99(duration) by comm, errno

when max(waits.p99_duration) > 20ms {
  let blocked = collect offcpu.stacks(tid: $tid) for 5s | filter duration > 1ms | aggregate flame(duration)
  save blocked to "blocked.svg"
} else { show waits }

every 5s { collect uprobe:"/opt/my app/bin":main, usdt:/usr/bin/x:a:b | distinct }
expect max(waits.p99_duration) < 50ms tolerate 5% else "Run-queue delay is over budget"
ask "Which process waits for a CPU, behind whom, and what would help?" with waits, fsync
investigate "why?" for 3s
alert "x" when 1 == 1
include "other.perf"
`;

async function treeOf(text: string): Promise<Tree> {
  const { tree, diagnostics } = await parse(text);
  assert.deepEqual(diagnostics.map((d) => d.message), []);
  return tree;
}

async function condition(text: string): Promise<string> {
  const [statement] = (await treeOf(`expect ${text}`)).statements;
  assert.equal(statement.kind, "expect");
  return grouped((statement as { condition: ExprNode }).condition);
}

/** Every grouping in parentheses. */
function grouped(e: ExprNode): string {
  if (e.kind === "binary") return `(${grouped(e.left)} ${e.op} ${grouped(e.right)})`;
  return e.kind === "unary" ? `(${e.op} ${grouped(e.arg)})` : nodeText(e);
}

Deno.test("parse() reads the whole language into a tree without diagnostics", async () => {
  const { statements, comments } = await treeOf(RECIPE);
  assert.deepEqual(
    statements.map((s) => s.kind),
    [
      "recipe",
      "param",
      "param",
      "let",
      "let",
      "let",
      "when",
      "every",
      "expect",
      "ask",
      "investigate",
      "alert",
      "include",
    ],
  );
  assert.deepEqual(comments.map((c) => c.text), ["# a comment"]);
});

Deno.test("every node's place is the text it was read from", async () => {
  const { statements } = await treeOf(RECIPE);
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const n = node as { kind?: string; name?: unknown; span?: { start: number; end: number } };
    if (n.span && typeof n.name === "string" && n.kind !== "param") {
      assert.equal(RECIPE.slice(n.span.start, n.span.end), n.name);
    }
    Object.values(node).forEach(visit);
  };
  visit(statements);
  const last = statements.at(-1)!;
  assert.equal(RECIPE.slice(last.span.start, last.span.end), 'include "other.perf"');
});

Deno.test("operators bind as documented", async () => {
  assert.equal(await condition("a or b and not c == d"), "(a or (b and (not (c == d))))");
  assert.equal(await condition("1 + 2 * 3 - 4 % 5 == 6"), "(((1 + (2 * 3)) - (4 % 5)) == 6)");
  assert.equal(await condition("- a * b << 2 & c ^ d < 3"), "((((((- a) * b) << 2) & c) ^ d) < 3)");
  assert.equal(await condition("(a | b ^ c) != 0"), "((a | (b ^ c)) != 0)");
  assert.equal(await condition("not not a"), "(not (not a))");
  assert.equal(await condition('a not in (1, 2) and b not like "x"'), '((a not in (1, 2)) and (b not like "x"))');
  assert.equal(await condition("a - b - c"), "((a - b) - c)");
});

Deno.test("a percent sign is a unit after a number, an operator before an operand", async () => {
  assert.equal(await condition("a < 50%"), "(a < 50%)");
  assert.equal(await condition("a < 50% and b"), "((a < 50%) and b)");
  assert.equal(await condition("a %3 == 7%b"), "((a % 3) == (7 % b))");
});

Deno.test("| ends an expression outside of parentheses", async () => {
  const [statement] = (await treeOf("collect a.b | filter (x | 1) == 3 | limit 5")).statements;
  assert.equal(statement.kind === "pipeline" && statement.pipeline.stages.length, 2);
});

Deno.test("a stage without items may be followed by a statement that begins with a name", async () => {
  const { statements } = await treeOf("let a = collect x.y | distinct\na | sort b desc\na | limit 1");
  assert.deepEqual(statements.map((s) => s.kind), ["let", "pipeline", "pipeline"]);
});

Deno.test("`let a = b` names a result, whatever stands behind it", async () => {
  for (const end of ["", ";", "\nshow a", "; show a", " show a", " # c", "\nb | limit 1"]) {
    const [first] = (await treeOf(`let a = b${end}`)).statements;
    assert.ok(first.kind === "let" && first.pipeline && !first.value, end);
  }
});

Deno.test("words of the language that are no statements are names where a name is expected", async () => {
  const { statements } = await treeOf(
    "collect to.self(on: 1, with: 2) | filter span > calls and args.filter == start.collect | select cancel as desc",
  );
  assert.equal(statements.length, 1);
});

Deno.test("a header is left out and positions stay those of the file", async () => {
  const headed = addHeader("show nothing", "sonde/run");
  const [d] = await check(headed, TEST_REGISTRY);
  assert.deepEqual([d.start.line, d.start.column], [4, 6]);
  assert.equal(headed.slice(d.start.offset, d.end.offset), "nothing");
});

Deno.test("strings know their escapes, also the one for the end of a JavaScript comment", async () => {
  const [statement] = (await treeOf(String.raw`ask "a\"b\\c\n\t\x41\u{1F600}*\/"`)).statements;
  assert.equal(statement.kind === "ask" && statement.question?.value, 'a"b\\c\n\tA😀*/');
});

/** Any text must give a tree and diagnostics inside the text. */
async function survives(text: string): Promise<void> {
  const found = await check(text, TEST_REGISTRY);
  for (const d of found) {
    assert.ok(
      d.message.length > 0 && d.start.offset >= 0 && d.end.offset >= d.start.offset && d.end.offset <= text.length,
    );
    assert.ok(d.start.line >= 1 && d.start.column >= 1);
  }
}

Deno.test("check() never throws: random text", async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), survives), { numRuns: 300 });
});

const WORDS = [
  ..."recipe param let collect when every expect show save ask investigate alert include else for by as and or not in like"
    .split(" "),
  ..."true false null on with to tolerate cancel self span calls asc desc filter aggregate top proc.list a b count( p99("
    .split(" "),
  ...[
    '"text"',
    '"open',
    "'single'",
    "12",
    "5ms",
    "0x",
    "1e999",
    "50%",
    "9hz/s",
    "$a",
    "tracepoint:syscalls:sys_enter_open",
    'uprobe:"x":y',
  ],
  ..."| || && ! = == != < <= -> << + - * / % & ^ ~ ( ) { } [ ] , : ; . # \\ \n */ /*".split(" "),
  "\n",
];

Deno.test("check() never throws: random words of the language", async () => {
  const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(" "));
  await fc.assert(fc.asyncProperty(text, survives), { numRuns: 1500 });
});

Deno.test("check() never throws: mutations of a good recipe", async () => {
  const mutation = fc.record({
    at: fc.nat(RECIPE.length),
    remove: fc.nat(30),
    insert: fc.constantFrom("", " ", ...WORDS),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 5 }), async (mutations) => {
      let text = RECIPE;
      for (const m of mutations) text = text.slice(0, m.at) + m.insert + text.slice(m.at + m.remove);
      await survives(text);
      await survives(addHeader(text, "sonde/run"));
    }),
    { numRuns: 300 },
  );
});

Deno.test("check() survives what is far too deep, too long or too broken", async (t) => {
  const cases: Record<string, string> = {
    parentheses: `expect ${"(".repeat(20_000)}1${")".repeat(20_000)} == 1`,
    braces: "when true { ".repeat(5000),
    chain: `expect ${Array(20_000).fill("1").join(" + ")} == 1`,
    prefixes: `expect ${"not ".repeat(20_000)} true`,
    "nested chains": `expect ${"(1 + 2 + ".repeat(50)}1${")".repeat(50)} == 1`,
    derived: `collect proc.list | derive ${Array.from({ length: 20_000 }, (_, i) => `a${i} = pid`).join(", ")}`,
    commas: `collect a.b | select ${Array(20_000).fill("x").join(", ")}`,
    pipes: `collect a.b ${"| limit 1 ".repeat(20_000)}`,
    garbage: "] ".repeat(50_000),
    closers: ") } ".repeat(20_000),
    names: "a\n".repeat(50_000),
    quotes: '"'.repeat(50_001),
    size: "# x\n".repeat(100_000),
  };
  for (const [name, text] of Object.entries(cases)) await t.step(name, () => survives(text));
});
