import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sonde } from "./sonde.ts";

const EXAMPLE = fileURLToPath(new URL("../../docs/examples/zombies.js", import.meta.url));

/** The example in a folder of its own outside the project, where nothing of ours can be imported. */
async function outside(): Promise<
  { readonly dir: string; readonly file: string; [Symbol.asyncDispose](): Promise<void> }
> {
  const dir = await Deno.makeTempDir();
  const file = join(dir, "zombies.js");
  await Deno.copyFile(EXAMPLE, file);
  return { dir, file, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/** A shell with one zombie child: it says so, then waits without reaping. */
async function withZombie(): Promise<{ readonly pid: number; [Symbol.asyncDispose](): Promise<void> }> {
  // exec replaces the shell by a program that knows nothing of the child it inherits.
  const child = new Deno.Command("sh", { args: ["-c", "true & exec tail -f /dev/null"], stdin: "null" }).spawn();
  const zombie = (): boolean =>
    new TextDecoder().decode(
      new Deno.Command("ps", { args: ["-o", "stat=", "--ppid", String(child.pid)] }).outputSync().stdout,
    ).startsWith("Z");
  while (!zombie()) await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

Deno.test("a plugin outside the project adds a collector that a recipe finds", async () => {
  await using plugin = await outside();
  await using parent = await withZombie();
  const { code, out, err } = await sonde(
    ["run", "--json", "--plugin", plugin.file, "-e", `collect zombie.list | filter parent == ${parent.pid}`],
    { cwd: plugin.dir },
  );
  assert.equal(code, 0, err);
  const { rows } = JSON.parse(out).results.result;
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0].slice(2), [parent.pid, "tail"]);
});

Deno.test("a plugin outside the project adds a tool that people and the agent find", async () => {
  await using plugin = await outside();
  await using parent = await withZombie();
  const byHand = await sonde(["tool", "--json", "--plugin", plugin.file, "count_zombies"]);
  assert.equal(byHand.code, 0, byHand.err);
  assert.ok(JSON.parse(byHand.out).results.zombies.rows.some((r: unknown[]) => r[2] === parent.pid));
  const record = join(plugin.dir, "r.jsonl");
  const agent = await sonde([
    ...["diagnose", "--json", "--for", "3", "--plugin", plugin.file, "--record", record, "--full"],
  ]);
  assert.equal(agent.code, 0, agent.err);
  assert.ok((await Deno.readTextFile(record)).includes('"count_zombies"'), "the agent called it");
});

Deno.test("a plugin whose collector throws fails its own pipeline only", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = join(dir, "throws.js");
    await Deno.writeTextFile(
      file,
      `export default (s) => ({ name: "throws", version: "1", doc: "Throws", collectors: [{ kind: "rows",
        name: "bad.luck", doc: "Throws", params: [], window: "snapshot", fields: [s.data.field("x", "int")],
        rows() { throw new Error("no luck today"); } }] });`,
    );
    const recipe = "let bad = collect bad.luck\nlet good = collect system.load(interval: 10ms)";
    const { out, err } = await sonde(["run", "--json", "--plugin", file, "-e", recipe]);
    const result = JSON.parse(out);
    assert.equal(result.results.good.rows.length, 1);
    assert.match(err + out, /no luck today/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
