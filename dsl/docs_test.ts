import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import index from "../plugins/index.json" with { type: "json" };
import { type Field, field } from "../core/data/mod.ts";
import type { PluginInfo } from "../core/plugin_api/mod.ts";
import { AGGREGATES, probePointText, SCALARS } from "../core/query/mod.ts";
import { CALL_FIELDS, TEST_PROBES, TEST_REGISTRY } from "./_testing.ts";
import { check } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import { ENDINGS } from "./endings.ts";
import { FORMS } from "./check_show.ts";
import { UNIT_NAMES } from "./literal.ts";
import type { RecipeRegistry } from "./registry.ts";
import { STAGES } from "./words.ts";

const PAGE = await Deno.readTextFile(fileURLToPath(new URL("../docs/language.md", import.meta.url)));

/** Probes of the page that are not among those of the tests. */
const MORE_PROBES: Readonly<Record<string, readonly Field[]>> = {
  "tracepoint:sock:inet_sock_set_state": [
    ...[field("args.skaddr", "address"), field("args.newstate", "int"), field("args.dport", "int")],
    field("args.daddr_v6", "ip"),
  ],
  "raw_tracepoint:kfree_skb": [field("args.skb", "address"), field("args.location", "address")],
};

/** The built-in collectors, and a few probes as every machine has them. */
const COLLECTORS = (index as unknown as PluginInfo[]).flatMap((p) => p.collectors);
const REGISTRY: RecipeRegistry = {
  collector: (name) => COLLECTORS.find((c) => c.name === name),
  collectorNames: () => COLLECTORS.map((c) => c.name),
  probeFields: (point) => {
    // Of a system call the kernel has the text's address.
    const known = TEST_PROBES[probePointText(point)]?.map((f) =>
      f.name === "filename" ? field("args.filename", "address") : { ...f, name: `args.${f.name}` }
    );
    return known ?? MORE_PROBES[probePointText(point)] ?? [field("args.id", "int")];
  },
  probeField: (_point, name) => field(name, "int"),
  matchProbes: TEST_REGISTRY.matchProbes,
  callFields: () => [...CALL_FIELDS, field("args.filename", "address")],
  matchCalls: (target) => ({ points: [target], total: 1 }),
  saveExtensions: () => [".json", ".csv", ".svg"],
};

Deno.test("every example of docs/language.md is a recipe without errors, or has the error that it shows", async (t) => {
  const blocks = [...PAGE.matchAll(/^```perf( bad)?\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```)?/gm)];
  assert.ok(blocks.length >= 10);
  for (const [, bad, source, shown] of blocks) {
    await t.step(source.split("\n")[0], async () => {
      const texts = (await check(source, REGISTRY)).map((d) => diagnosticText(d, "").slice(1));
      if (bad) assert.ok(texts.length === 1 && texts[0].startsWith(shown.trimEnd()), texts.join("\n"));
      else assert.deepEqual(texts, []);
    });
  }
});

Deno.test("docs/language.md names every stage, aggregation, function, form and unit", () => {
  const words = new Set(PAGE.match(/[a-z_][a-z_0-9]*/gi));
  const all = [
    ...STAGES.map((s) => s.name),
    ...AGGREGATES.keys(),
    ...SCALARS.keys(),
    ...Object.keys(ENDINGS),
    ...Object.keys(FORMS),
  ];
  const units = UNIT_NAMES.filter((u) => /^[A-Za-z]+$/.test(u) && !/^[kM]?Hz$|^min$/.test(u));
  assert.deepEqual([...all, ...units].filter((w) => !words.has(w)), []);
});
