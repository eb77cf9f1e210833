/** What editors ask, over whole recipes and with words of plugins. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TEST_REGISTRY } from "./_testing.ts";
import { marked } from "./_testing_place.ts";
import { analyse } from "./analysis.ts";
import { complete } from "./complete.ts";
import { definition } from "./definition.ts";
import { hover } from "./hover.ts";
import { cachedRegistry } from "./lsp/cached_registry.ts";
import type { RecipeRegistry } from "./registry.ts";
import { symbols } from "./symbols.ts";

const RECIPE = `recipe r "T"
param budget: ratio = 80%   "CPU that one process may use"
let waits = collect span tracepoint:sched:sched_wakeup, tracepoint:sched:sched_wakeup_new
    -> tracepoint:sched:sched_switch on start.args.pid == end.args.next_pid for 10s
  | filter start.cpu == end.cpu
  | aggregate count() as waits, p99(duration), hist(duration) by start.args.comm
  | top 10 by p99(duration)
let busy = collect proc.list(interval: 2s) | derive mib = rss / 1MiB, w = wait | select pid, comm, cpu, mib
when max(waits.p99_duration) > 20ms {
  let opened = collect calls syscall:openat for 5s | filter str(filename) like "/etc/%" | aggregate count() by comm
  save opened to "opened.csv"
} else { show busy as table }
expect max(busy.cpu) < $budget tolerate 5% else "Too busy"
ask "Why?" with waits, busy # not enough
`;

Deno.test("every place of a recipe, cut off there or changed, has answers and no exception", async () => {
  const edits = fc.record({
    at: fc.nat(RECIPE.length),
    drop: fc.nat(30),
    put: fc.constantFrom(
      "",
      " ",
      "|",
      "(",
      ")",
      '"',
      "$",
      ".",
      ",",
      "{",
      "}",
      "by ",
      "\n",
      "#",
      "collect ",
      "as ",
      "😀",
    ),
    cut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(edits, async ({ at, drop, put, cut }) => {
      const text = RECIPE.slice(0, at) + put + (cut ? "" : RECIPE.slice(at + drop));
      const offset = at + put.length;
      const { items, span } = await complete(text, offset, TEST_REGISTRY);
      assert.ok(span.start <= offset && offset <= span.end && span.end <= text.length);
      assert.equal(new Set(items.map((i) => i.label)).size, items.length, "nothing is offered twice");
      const a = await analyse(text, TEST_REGISTRY);
      const said = hover(a, offset);
      if (said) assert.ok(said.span.start <= offset && offset <= said.span.end && said.code !== "");
      const found = definition(a, offset);
      if (found?.target.kind === "here") assert.ok(found.target.span.end <= text.length);
      symbols(a);
    }),
    { numRuns: 500 },
  );
});

const PLUGIN: Partial<RecipeRegistry> = {
  stageNames: () => ["spread"],
  aggregationNames: () => ["gini"],
  addedWords: () => ({
    stages: [{ name: "spread", doc: "Spreads", params: [{ name: "x", type: "column", doc: "What" }], by: true }],
    aggregations: [{ name: "gini", doc: "How unequal" }],
  }),
};

Deno.test("stages and aggregations of plugins are completed and explained, loaded or not", async () => {
  const registry: RecipeRegistry = { ...TEST_REGISTRY, ...PLUGIN };
  const last = async (source: string): Promise<string | undefined> => {
    const { text, offset } = marked(source);
    return (await complete(text, offset, registry)).items.map((i) => `${i.label}: ${i.detail}`).at(-1);
  };
  assert.equal(await last("collect proc.list | ¦"), "spread: spread x [by COLUMN, …]");
  assert.equal(await last("collect proc.list | aggregate ¦"), "gini: gini(x)");
  const say = async (source: string): Promise<string | undefined> => {
    const { text, offset } = marked(source);
    return hover(await analyse(text, registry), offset)?.text;
  };
  assert.equal(await say("collect proc.list | spr¦ead rss"), "Spreads");
  assert.equal(await say("collect proc.list | aggregate gi¦ni(rss)"), "How unequal");
});

Deno.test("cachedRegistry() asks once, and again for what lies in files of programs", async () => {
  const asked: string[] = [];
  const inner: RecipeRegistry = {
    ...TEST_REGISTRY,
    probeFields: (p) => {
      asked.push(p.kind);
      return TEST_REGISTRY.probeFields(p);
    },
  };
  const cache = new Map();
  for (const text of ["collect tracepoint:sched:sched_switch", "collect uprobe:bash:main"]) {
    for (let i = 0; i < 3; i++) await analyse(text, cachedRegistry(inner, cache));
  }
  assert.deepEqual(asked, ["tracepoint", "uprobe", "uprobe", "uprobe"]);
});
