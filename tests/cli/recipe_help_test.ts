import assert from "node:assert/strict";
import { join } from "node:path";
import { sonde } from "./sonde.ts";

const RECIPE = `recipe few "A few \\x1b[31mprocesses"
param n: int = 3   "how many"
param least: ratio = 5%
collect proc.list | filter cpu > $least | limit $n
`;

Deno.test("run FILE --help tells what the recipe is for and which parameters it has, then the options", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, "few.perf");
    await Deno.writeTextFile(file, RECIPE);
    for (const args of [[file, "--help"], ["-h", file]]) {
      const { code, out } = await sonde(["run", ...args]);
      assert.equal(code, 0);
      assert.match(
        out,
        /few\.perf: A few \\x1b\[31mprocesses\n\nParameters:\n {2}n: int = 3 {9}how many\n {2}least: ratio = 5%\n\nUsage: sonde run /,
      );
      assert.match(out, /--watch <duration>[^]*--junit <file>[^]*-h, --help/);
    }
    const expression = await sonde(["run", "--help", "-e", RECIPE]);
    assert.match(expression.out, /^-e: A few/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("run --help without a recipe prints the options; of a recipe with errors also those, and ends with 2", async () => {
  const plain = await sonde(["run", "--help"]);
  assert.equal(plain.code, 0);
  assert.match(plain.out, /^Usage: sonde run \[options\] \[file\]/);
  const wrong = await sonde(["run", "--help", "-e", "collect proc.lst"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /There is no collector "proc\.lst"/);
  assert.match(wrong.out, /Usage: sonde run/);
  assert.equal((await sonde(["run", "--help", "/nonexistent.perf"])).code, 2);
});
