import assert from "node:assert/strict";
import fc from "fast-check";
import { program } from "./program.ts";
import { quickRun } from "./quick_run.ts";

Deno.test("quickRun() reads files, texts, parameters and outputs, and leaves everything else alone", () => {
  const of = (...args: string[]): unknown => quickRun(["run", ...args]);
  assert.deepEqual(of("-e", "collect x"), {
    file: undefined,
    options: { expression: "collect x", param: [], json: undefined, plugin: [] },
  });
  assert.deepEqual(of("a.perf", "--param", "w=5s", "--json", "-o", "x.json", "--param", "n=3"), {
    file: "a.perf",
    options: { output: "x.json", param: ["w=5s", "n=3"], json: true, plugin: [] },
  });
  for (
    const args of [
      ["--help"],
      ["--budget", "5%"],
      ["--watch", "1s", "a"],
      ["--junit", "x", "a"],
      ["a", "b"],
      ["-e"],
      ["--", "a"],
      ["-e", "a", "-e", "b"],
      ["--jso"],
    ]
  ) {
    assert.equal(of(...args), null, args.join(" "));
  }
  assert.equal(quickRun(["top"]), null);
  assert.equal(quickRun(["--json", "run", "a"]), null);
});

Deno.test("what quickRun() reads is what the parser of all commands reads", async () => {
  const word = fc.constantFrom(
    "-e",
    "--json",
    "-o",
    "--output",
    "--param",
    "a.perf",
    "collect x",
    "k=v",
    "-",
    "x.json",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (words) => {
      const quick = quickRun(["run", ...words]);
      fc.pre(quick !== null);
      let theirs: unknown[] = [];
      const sonde = program();
      const run = sonde.commands.find((c) => c.name() === "run")!;
      run.action((...args: unknown[]) => void (theirs = args));
      await sonde.parseAsync(["run", ...words], { from: "user" });
      const [file, o] = theirs as [string | undefined, Record<string, unknown>];
      assert.equal(quick!.file, file);
      const { expression, output, json, param } = quick!.options;
      assert.deepEqual([expression, output, json, param], [o.expression, o.output, o.json, o.param ?? []]);
    }),
    { numRuns: 300 },
  );
});
