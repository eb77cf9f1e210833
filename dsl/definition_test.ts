import assert from "node:assert/strict";
import { TEST_REGISTRY } from "./_testing.ts";
import { marked } from "./_testing_place.ts";
import { analyse } from "./analysis.ts";
import { definition } from "./definition.ts";
import { symbols } from "./symbols.ts";

/** `¦` is the place, `»` where its word is declared; without one it is nowhere. */
const CASES: readonly string[] = [
  "param »d = 1s\ncollect proc.list for $¦d",
  "collect proc.list for $¦d",
  "let »a = collect proc.list\nshow a¦",
  'let »a = collect proc.list\nsave a¦ to "a.csv"',
  "let »a = collect proc.list\nlet b = a¦ | limit 1",
  "let »a = collect proc.list\na¦ | limit 1",
  "let »a = collect proc.list\nexpect max(a.r¦ss) > 0",
  'let a = collect proc.list\nwhen count(a) > 0 {\n  let »b = a\n  ask "q" with a, b¦\n}',
  "collect proc.list\n»collect host.info\nshow result_2¦",
  "show no¦ne",
  "collect proc.list | derive »x = rss | filter rss > 0 | top 3 by x¦",
  "collect proc.list | aggregate sum(rss) as mem by comm as »who | sort w¦ho",
  "collect proc.list | sort rs¦s",
  "colle¦ct proc.list",
];

for (const source of CASES) {
  Deno.test(`definition() ${JSON.stringify(source)}`, async () => {
    const { text, offset } = marked(source.replace("»", ""));
    const found = definition(await analyse(text, TEST_REGISTRY), offset);
    assert.equal(found?.target.kind === "here" ? found.target.span.start : -1, source.indexOf("»"));
  });
}

Deno.test("definition() of an include is the file", async () => {
  const { text, offset } = marked('include "lib/com¦mon.perf"');
  const found = definition(await analyse(text, TEST_REGISTRY), offset);
  assert.deepEqual(found, { target: { kind: "include", file: "lib/common.perf" }, origin: { start: 8, end: 25 } });
});

Deno.test("definition() of what an included file declares is there; symbols() leave it out", async () => {
  const included = "recipe lib\nparam d = 1s\nlet shared = collect proc.list for $d\n";
  const read = () => Promise.resolve({ id: "/r/lib.perf", name: "r/lib.perf", text: included });
  const at = async (source: string): Promise<unknown> => {
    const { text, offset } = marked(source);
    const target = definition(await analyse(text, TEST_REGISTRY, { read }), offset)?.target;
    return target?.kind === "file" ? [target.file, target.start.line, target.start.column, target.end.column] : target;
  };
  assert.deepEqual(await at('include "lib.perf"\nshow sha¦red'), ["r/lib.perf", 3, 5, 11]);
  assert.deepEqual(await at('include "lib.perf"\ncollect proc.list for $¦d'), ["r/lib.perf", 2, 7, 8]);
  const a = await analyse('include "lib.perf"\nlet own = shared | limit 1', TEST_REGISTRY, { read });
  assert.deepEqual(symbols(a).map((s) => s.name), ["own"]);
});

Deno.test("symbols() are the recipe's name, its parameters and results, those of blocks too", async () => {
  const a = await analyse(
    'recipe r "T"\nparam d = 1s "Doc"\nlet a = collect proc.list\nwhen count(a) > 0 { let b = a }',
    TEST_REGISTRY,
  );
  assert.deepEqual(symbols(a).map((s) => `${s.kind} ${s.name} ${s.detail}`.trim()), [
    "recipe r T",
    "parameter d Doc",
    "result a",
    "result b",
  ]);
});
