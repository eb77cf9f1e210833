import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sonde } from "./sonde.ts";

const EXAMPLE = fileURLToPath(new URL("../../docs/examples/runs.js", import.meta.url));

async function run(
  text: string,
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  await using dir = await folder();
  const file = join(dir.path, "runs.js");
  await Deno.copyFile(EXAMPLE, file);
  return await sonde(["run", "--json", "--plugin", file, "-e", text], { cwd: dir.path, env });
}

async function folder(): Promise<{ readonly path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("a plugin outside the project adds a stage to the language", async () => {
  const { code, out, err } = await run("collect proc.list | sort state | runs state, 1 | filter run > 0");
  assert.equal(code, 0, err);
  const { fields, rows } = JSON.parse(out).results.result;
  assert.deepEqual(fields.map((f: { name: string; type: string }) => `${f.name}: ${f.type}`), [
    "state: string",
    "run: int",
  ]);
  // Sorted rows of one state are one run.
  assert.equal(new Set(rows.map((r: [string]) => r[0])).size, rows.length);
});

Deno.test("a plugin adds an aggregation to the language; states merge", async () => {
  const { code, out, err } = await run(
    "let a = collect proc.list | filter rss > 0B | aggregate geomean(rss) as g, min(rss) as least, max(rss) as most\n" +
      "expect a.g >= a.least and a.g <= a.most",
  );
  assert.equal(code, 0, err + out);
  const { fields, rows } = JSON.parse(out).results.a;
  assert.deepEqual([fields[0].type, fields[0].unit], ["bytes", "bytes"]);
  assert.ok(rows[0][0] > 0);
});

Deno.test("mistakes with words of plugins are found before anything runs", async () => {
  for (
    const [text, expected] of [
      ["collect proc.list | runs stat", 'There is no column "stat"'],
      ["collect proc.list | runs", "runs needs column: what has to be the same"],
      ["collect proc.list | select state as run | runs run", 'There is a column "run" already'],
      ["collect proc.list | aggregate geomean(comm) as g", '"geomean" does not take string'],
      ["collect proc.list | aggregate geomaen(rss) as g", "Did you mean geomean?"],
    ]
  ) {
    const { code, err } = await run(text);
    assert.equal(code, 2, text);
    assert.ok(err.includes(expected), `${text}\n${err}`);
  }
});

Deno.test("an alert goes to standard error, to JSON and to the notifiers of plugins", async () => {
  await using dir = await folder();
  const file = join(dir.path, "alerts");
  const { code, out, err } = await run(
    'let a = collect proc.list | aggregate count()\nalert "many processes" when a.count > 0',
    { RUNS_ALERTS: file },
  );
  assert.equal(code, 0, err);
  assert.match(err, /^ALERT \d\d:\d\d:\d\d many processes \(a\.count > 0: [\d,]+\)$/m);
  const [alert] = JSON.parse(out).alerts;
  assert.deepEqual([alert.message, alert.text], ["many processes", "a.count > 0"]);
  assert.match(await Deno.readTextFile(file), /^many processes \(a\.count > 0: /);
});
