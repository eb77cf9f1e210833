import assert from "node:assert/strict";
import { type Field, field } from "../core/data/mod.ts";
import { type Expr, exprText, probePointText } from "../core/query/mod.ts";
import { eventBatch, memoryEngine, TEST_REGISTRY, testServices } from "./_testing.ts";
import { BUILTINS } from "./builtins.ts";
import { check, compile } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import { execute } from "./run/execute.ts";
import { bindExpr, bindParams } from "./run/bind.ts";
import type { RecipeRegistry } from "./registry.ts";

const ARGS: readonly Field[] = [
  field("args.skaddr", "address"),
  field("args.daddr", "ip"),
  { ...field("args.dport", "int"), unsigned: true },
  { ...field("args.0", "int"), unsigned: true, bare: true },
];

/** Probes with addresses of the network and numbered arguments; members of any struct are ints. */
const REGISTRY: RecipeRegistry = {
  ...TEST_REGISTRY,
  probeFields: () => [...BUILTINS, ...ARGS],
  probeField: (_point, name) =>
    name.includes("(sok)")
      ? `${name}: the kernel has no struct "sok"`
      : /\.\d+$/.test(name) && !name.endsWith(".1")
      ? null
      : field(name, "int"),
};

const SOURCE = "collect tracepoint:sock:inet_sock_set_state for 1s";
const SPAN = "collect span tracepoint:a:b -> tracepoint:c:d on start.args.0 == end.arg0 for 1s";

/** The expressions of the last stage of a recipe without errors. */
async function selected(text: string): Promise<[string, string][]> {
  const { plan, diagnostics } = await compile(text, REGISTRY);
  assert.deepEqual(diagnostics.map((d) => diagnosticText(d, "x")), []);
  const [step] = plan!.steps;
  assert.ok(step.kind === "phase");
  const stage = step.pipelines[0].stages.at(-1)!;
  assert.ok(stage.kind === "select");
  return stage.columns.map((c) => [c.name, exprText(c.expr)]);
}

Deno.test("arguments have numbers and structs have other structs' members: the same whether args. is written or not", async () => {
  assert.deepEqual(
    await selected(
      `${SOURCE} | select args.0, arg0 as a, args.1, arg1 as b, args.0.(sock).x, skaddr.( tcp_sock ).srtt_us`,
    ),
    [
      ["args_0", "args.0"],
      ["a", "args.0"],
      ["args_1", "args.1"],
      ["b", "args.1"],
      ["args_0_sock_x", "args.0.(sock).x"],
      ["skaddr_tcp_sock_srtt_us", "args.skaddr.(tcp_sock).srtt_us"],
    ],
  );
  assert.deepEqual(await selected(`${SPAN} | select start.arg0 as a, end.arg1 as b, start.task.a.(mm_struct).b as c`), [
    ["a", "start.args.0"],
    ["b", "end.args.1"],
    ["c", "start.task.a.(mm_struct).b"],
  ]);
  const [first] = await selected(`${SOURCE} | select arg0 + 1 as more`);
  assert.deepEqual(first, ["more", "args.0 + 1"]);
});

Deno.test("a numbered argument is shown by a name", async () => {
  const { plan } = await compile(SOURCE, REGISTRY);
  const [step] = plan!.steps;
  assert.ok(step.kind === "phase");
  assert.deepEqual(step.pipelines[0].fields.map((f) => f.name), [
    ...["time", "pid", "comm", "skaddr", "daddr", "dport", "arg0"],
  ]);
});

Deno.test("the process of usym() is that of the event, or of the side of a span whose address it is", async () => {
  assert.deepEqual(await selected(`${SOURCE} | select usym(arg0) as f, usym(skaddr, ppid) as g, ksym(skaddr) as k`), [
    ["f", "usym(args.0, pid)"],
    ["g", "usym(args.skaddr, ppid)"],
    ["k", "ksym(args.skaddr)"],
  ]);
  assert.deepEqual(await selected(`${SPAN} | select usym(end.arg0) as f, usym(start.args.skaddr) as g`), [
    ["f", "usym(end.args.0, end.pid)"],
    ["g", "usym(start.args.skaddr, start.pid)"],
  ]);
});

Deno.test("an address of the network is written in any spelling, and kept in one", async () => {
  const { plan, diagnostics } = await compile(
    `param peer: ip = "::FFFF:10.0.0.9"\n${SOURCE} | filter daddr == $peer or daddr in ("0:0::1", "10.0.0.1")`,
    REGISTRY,
  );
  assert.deepEqual(diagnostics, []);
  const [step] = plan!.steps;
  assert.ok(step.kind === "phase");
  const [filter] = step.pipelines[0].stages;
  assert.ok(filter.kind === "filter");
  assert.equal(exprText(filter.expr), 'args.daddr == $peer or args.daddr in ("::1", "10.0.0.1")');
  const bound = (given: Record<string, string>): Expr => bindExpr(filter.expr, bindParams(plan!.params, given));
  assert.match(exprText(bound({})), /== "10\.0\.0\.9"/);
  assert.match(exprText(bound({ peer: "2001:DB8::0" })), /== "2001:db8::"/);
  assert.throws(() => bindParams(plan!.params, { peer: "localhost" }), /"localhost" is no ip/);
});

const ERRORS: readonly (readonly [source: string, expected: string, hint: string])[] = [
  [
    `${SOURCE} | filter daddr == "10.0.0"`,
    '1:70-78 type: "10.0.0" is no address of the network',
    'Such as: "10.0.0.1", "::1"; a part of one: like "10.%"',
  ],
  [
    `${SOURCE} | filter daddr in ("::1", "x")`,
    '1:78-81 type: "x" is no address of the network',
    'Such as: "10.0.0.1", "::1"; a part of one: like "10.%"',
  ],
  [
    `param p: ip = "here"\n${SOURCE} | filter daddr == $p`,
    '1:15-21 type: "here" is no address of the network',
    'Such as: "10.0.0.1", "::1"; a part of one: like "10.%"',
  ],
  [
    `${SOURCE} | filter args.skaddr.(sok).x == 1`,
    '1:61-80 unknown-field: args.skaddr.(sok).x: the kernel has no struct "sok"',
    "",
  ],
  [
    `${SOURCE} | aggregate count() by skaddr | derive f = ksym(skaddr)`,
    '1:95-107 at-source: "ksym" names code while its event is seen: The aggregate is no probe',
    "Write it before select and aggregate, or as a key: by ksym(…) as name",
  ],
  [
    `${SPAN} | select usym(if(end.arg0 == 0, start.arg0, 1)) as f`,
    "1:91-129 at-source: Whose address this is, is not known",
    "Add the process: usym(…, start.pid)",
  ],
  [`${SOURCE} | select ip(skaddr) as a`, '1:61-71 type: "ip" does not take address', "It is ip(x)"],
];

Deno.test("check() says what is wrong with addresses, casts and names of code, and where", async (t) => {
  for (const [source, expected, hint] of ERRORS) {
    await t.step(source, async () => {
      const found = await check(source, REGISTRY);
      assert.deepEqual(
        found.map((d) => `${d.start.line}:${d.start.column}-${d.end.column} ${d.code}: ${d.message}`).concat(
          found.map((d) => d.hint),
        ),
        [expected, hint],
      );
    });
  }
});

Deno.test("what only an engine computes is asked of it in terms of the probe's own fields, wherever the split falls", async () => {
  const clock = { ms: 0 };
  const asked: string[] = [];
  const engine = memoryEngine({
    events: eventBatch([], []),
    refuse(spec) {
      if (spec.steps.length > 0) return "no filters here";
      if (spec.output.kind !== "stream") return "no aggregates here";
      asked.push(...spec.output.fields.map((f) => `${f.name} = ${exprText(f.expr)}`));
      return "it is only asked";
    },
  }, clock);
  const { plan } = await compile(
    `${SOURCE} | derive a = args.skaddr + 8, r = arg0 | filter ksym(a) == "f" and str(r) == "x" and pid == 1`,
    REGISTRY,
  );
  await execute(plan!, testServices(engine, clock), {});
  assert.deepEqual(
    [...new Set(asked)].filter((f) => f.includes("(")),
    ["ksym(a) = ksym(args.skaddr + 8)", "str(r) = str(args.0)"],
  );
});

Deno.test("`arg` and a number is an ordinary name where no probe is", async () => {
  const [d] = await check("collect proc.list | filter arg0 > 1", REGISTRY);
  assert.match(d.message, /proc.list has no field "arg0"/);
  assert.equal(probePointText({ kind: "raw_tracepoint", name: "a" }), "raw_tracepoint:a");
});
