import assert from "node:assert/strict";
import { join } from "node:path";
import { skip } from "../skip.ts";
import { command, SONDE, sonde } from "./sonde.ts";

const UGLY = "collect  proc.list|limit 5 # five";
const NICE = "collect proc.list | limit 5  # five\n";

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("fmt changes files in place, names those that it changed, and leaves the others untouched", async () => {
  await inFolder(async (dir) => {
    const ugly = join(dir, "ugly.perf");
    const nice = join(dir, "nice.perf");
    await Deno.writeTextFile(ugly, UGLY);
    await Deno.writeTextFile(nice, NICE);
    const { ino } = await Deno.stat(nice);
    const { code, out, err } = await sonde(["fmt", ugly, nice]);
    assert.deepEqual([code, out, err], [0, `${ugly}\n`, ""]);
    assert.equal(await Deno.readTextFile(ugly), NICE);
    assert.equal((await Deno.stat(nice)).ino, ino);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(dir))).map((f) => f.name).sort(), ["nice.perf", "ugly.perf"]);
  });
});

Deno.test("fmt keeps the mode of a file, and a link stays one", async () => {
  await inFolder(async (dir) => {
    const file = join(dir, "a.perf");
    const link = join(dir, "link.perf");
    await Deno.writeTextFile(file, UGLY);
    await Deno.chmod(file, 0o775);
    await Deno.symlink("a.perf", link);
    assert.equal((await sonde(["fmt", link])).code, 0);
    assert.equal(await Deno.readTextFile(file), NICE);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o775);
    assert.ok((await Deno.lstat(link)).isSymlink);
  });
});

Deno.test("fmt --check changes nothing, names what it would change and ends with 1", async () => {
  await inFolder(async (dir) => {
    const file = join(dir, "a.perf");
    await Deno.writeTextFile(file, UGLY);
    const ugly = await sonde(["fmt", "--check", file]);
    assert.deepEqual([ugly.code, ugly.out], [1, `${file}\n`]);
    assert.equal(await Deno.readTextFile(file), UGLY);
    await Deno.writeTextFile(file, NICE);
    const nice = await sonde(["fmt", "--check", file]);
    assert.deepEqual([nice.code, nice.out], [0, ""]);
  });
});

Deno.test("fmt leaves a recipe with errors as it is, tells them, formats the others and ends with 2", async () => {
  await inFolder(async (dir) => {
    const broken = join(dir, "broken.perf");
    const binary = join(dir, "binary.perf");
    const good = join(dir, "good.perf");
    await Deno.writeTextFile(broken, "show   a\ncollect |");
    await Deno.writeTextFile(good, UGLY);
    const { code, out, err } = await sonde(["fmt", broken, good]);
    assert.deepEqual([code, out], [2, `${good}\n`]);
    assert.ok(err.startsWith(`${broken}:2:9: `), err);
    assert.equal(await Deno.readTextFile(broken), "show   a\ncollect |");
    await Deno.writeFile(binary, new Uint8Array([0x23, 0xff]));
    const refused = await sonde(["fmt", binary]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /binary\.perf": it is no UTF-8 text/);
    assert.match((await sonde(["fmt", dir])).err, /it is not a file/);
  });
});

Deno.test("fmt - reads standard input and writes standard output", async () => {
  const run = (args: string, text: string): ReturnType<typeof command> =>
    command("sh", ["-c", `printf '%s' "$2" | "$1" fmt ${args}`, "sh", SONDE, text]);
  assert.deepEqual(await run("-", UGLY), { code: 0, out: NICE, err: "" });
  assert.deepEqual(await run("--check -", UGLY), { code: 1, out: "-\n", err: "" });
  const broken = await run("-", "collect |");
  assert.deepEqual([broken.code, broken.out], [2, ""]);
  assert.match(broken.err, /^-:1:9: /);
  assert.equal((await sonde(["fmt", "-", "a.perf"])).code, 2);
});

Deno.test("fmt on a full disk ends with 3 and the file is what it was", async () => {
  await inFolder(async (dir) => {
    const script = `mount -t tmpfs -o size=8k none "$2" && cd "$2" && printf '%s' "$3" > a.perf || exit 99
head -c 4096 /dev/zero > rest; "$1" fmt a.perf; code=$?; cat a.perf; ls -A; exit $code`;
    const { code, out, err } = await command("unshare", ["-m", "sh", "-c", script, "sh", SONDE, dir, UGLY]).catch(
      () => ({ code: 99, out: "", err: "unshare is missing" }),
    );
    if (code === 99 || /unshare/.test(err)) return skip(`a small file system cannot be mounted: ${err.split("\n")[0]}`);
    assert.equal(code, 3, err);
    assert.match(err, /Cannot write "a\.perf": .*(ENOSPC|[Nn]o space)/);
    assert.equal(out, `${UGLY}a.perf\nrest\n`);
  });
});
