import assert from "node:assert/strict";
import { join } from "node:path";
import { sonde } from "./sonde.ts";

/** Statements, the exit code, and what standard error or output says of it. */
const CASES: readonly (readonly [text: string, code: number, says: RegExp])[] = [
  ["collect proc.list | limit 1", 0, /^pid /m],
  ["let a = collect proc.list\nexpect count(a) > 0", 0, /^pass +count\(a\) > 0/m],
  ['let a = collect proc.list\nexpect count(a) < 0 else "too many"', 1, /^fail +count\(a\) < 0[^]*too many/m],
  ["let a = collect proc.list | filter pid < 0\nexpect max(a.cpu) < 1%", 1, /^inconclusive +max\(a\.cpu\)/m],
  ["collect proc.list | filter bogus > 1", 2, /^-e:1:28: proc\.list has no field "bogus"/m],
  ["collect proc.list | filter cpu > ", 2, /^-e:1:/m],
  ["", 2, /the recipe does nothing/],
  ["collect tracepoint:sched:sched_switch", 2, /has no "for": it would run until it is stopped/],
  ["every 1s { collect proc.list }", 2, /every without end would run until it is stopped/],
  ['include "nowhere.perf"', 2, /^-e:1:9: Cannot include "nowhere\.perf": there is no such file/m],
  ['let a = collect proc.list\nsave a to "/nowhere/at/all.csv"', 3, /nowhere/],
];

Deno.test("exit codes are those of the design", async (t) => {
  for (const [text, code, says] of CASES) {
    await t.step(text || "nothing", async () => {
      const run = await sonde(["run", "-e", text]);
      assert.equal(run.code, code, run.out + run.err);
      assert.match(run.out + run.err, says);
    });
  }
});

Deno.test("a recipe includes another, from whatever folder it is started; what is kept follows both", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(dir, "lib"));
    const part = join(dir, "lib", "part.perf");
    await Deno.writeTextFile(part, "param n: int = 2\nlet part = collect proc.list | top $n by rss | select pid");
    await Deno.writeTextFile(join(dir, "main.perf"), 'include "lib/part.perf"\nexpect count(part) == $n');
    const run = (n?: number) =>
      sonde(["run", ...(n ? ["--param", `n=${n}`] : []), "--json", join(dir, "main.perf")], { cwd: "/" });
    const rows = async (n?: number): Promise<number> => {
      const { code, out, err } = await run(n);
      assert.equal(code, 0, err);
      return JSON.parse(out).results.part.rows.length;
    };
    assert.equal(await rows(), 2);
    assert.equal(await rows(3), 3);
    await Deno.writeTextFile(part, "param n: int = 1\nlet part = collect proc.list | top $n by rss | select pid");
    assert.equal(await rows(), 1);
    await Deno.writeTextFile(part, "param n: int = 1\nlet part = collect proc.list | top $n by rrs");
    const wrong = await run();
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /lib\/part\.perf:2:\d+: proc\.list has no field "rrs"/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("every shows each round when it is over, and a table over all of them in JSON", async () => {
  const text = "every 200ms for 3s { collect process.fork for 50ms | aggregate count() }";
  const shown = await sonde(["run", "-e", text]);
  assert.equal(shown.code, 0, shown.err);
  // How many fit into the time depends on how busy the machine is.
  const rounds = [...shown.out.matchAll(/^── \d\d:\d\d:\d\d \(round (\d+)\)$/gm)].map(([, n]) => Number(n));
  assert.ok(rounds.length >= 2, shown.out);
  assert.deepEqual(rounds, rounds.map((_, i) => i + 1));
  const json = await sonde(["run", "--json", "-e", text]);
  const { fields, rows } = JSON.parse(json.out).results.result;
  assert.deepEqual(fields.map((f: { name: string }) => f.name), ["round_time", "count"]);
  assert.ok(rows.length >= 2);
  assert.equal(new Set(rows.map((r: [string]) => r[0])).size, rows.length);
});

Deno.test("show as draws a result, and JSON keeps what was measured", async () => {
  const text = "let a = collect proc.list | select comm, rss\nshow a as hist";
  const shown = await sonde(["run", "-e", text]);
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /▕█/);
  assert.match(shown.out, /p50 .* · p99/);
  const json = JSON.parse((await sonde(["run", "--json", "-e", text])).out);
  assert.deepEqual([json.results.a.kind, json.forms], ["table", [{ result: "a", form: "hist" }]]);
});

Deno.test("show as series draws every number of the first one's unit, and names the others", async () => {
  const text =
    "every 200ms for 1s { let m = collect system.memory(interval: 100ms) | select total, available, available_ratio" +
    "\n show m as series }";
  const { code, out, err } = await sonde(["run", "-e", text]);
  assert.equal(code, 0, err);
  assert.match(out, /^available /m);
  assert.match(out, /^total /m);
  assert.match(out, /Not drawn, being of another unit: available_ratio/);
});
