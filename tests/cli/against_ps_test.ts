import assert from "node:assert/strict";
import { join } from "node:path";
import { sonde } from "./sonde.ts";

/** A shell that spins, under a name of its own: busy, and of a size that does not change. */
function spinner(path: string): { readonly pid: number; [Symbol.asyncDispose](): Promise<void> } {
  const child = new Deno.Command(path, { args: ["-c", "while :; do :; done"], stdin: "null" }).spawn();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Resident memory in bytes of all processes of a name, and how many they are, by ps. */
function psSays(comm: string): { rss: number; count: number } {
  const { stdout } = new Deno.Command("ps", { args: ["-C", comm, "-o", "rss="] }).outputSync();
  const sizes = new TextDecoder().decode(stdout).trim().split("\n").map((line) => Number(line) * 1024);
  return { rss: sizes.reduce((a, b) => a + b, 0), count: sizes.length };
}

Deno.test("memory by name of the processes that use a CPU is what ps says", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const name of ["spin_one", "spin_two"]) {
      await Deno.copyFile("/bin/sh", join(dir, name));
      await Deno.chmod(join(dir, name), 0o755);
    }
    await using _a = spinner(join(dir, "spin_one"));
    await using _b = spinner(join(dir, "spin_two"));
    await using _c = spinner(join(dir, "spin_two"));
    const { code, out, err } = await sonde([
      ...["run", "--json", "-e"],
      "collect proc.list | filter cpu > 0% | aggregate sum(rss) as rss, count() by comm\n" +
      'result | filter comm like "spin%" | top 5 by rss',
    ]);
    assert.equal(code, 0, err);
    const rows: [string, number, number][] = JSON.parse(out).results.result_2.rows;
    assert.deepEqual(rows.map(([comm, rss, count]) => ({ comm, rss, count })), [
      { comm: "spin_two", ...psSays("spin_two") },
      { comm: "spin_one", ...psSays("spin_one") },
    ]);
    // The line as people type it.
    const plain = await sonde([
      "run",
      "-e",
      "collect proc.list | filter cpu > 0% | aggregate sum(rss) as rss, count() by comm | top 5 by rss",
    ]);
    assert.equal(plain.code, 0, plain.err);
    assert.match(plain.out, /^comm +rss +count$/m);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
