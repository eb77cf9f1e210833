import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("./", import.meta.url));

const NO_COMPILER = "/nowhere";

/**
 * Runs the check over a copy of the programs.
 *
 * @param change what is done to the copy before
 * @param path where compilers are looked for; by default where they are
 */
async function checkCopy(
  change: (folder: string) => void,
  path = Deno.env.get("PATH")!,
): Promise<{ code: number; out: string; err: string }> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const { name } of Deno.readDirSync(FOLDER)) {
      if (/\.(c|h|o|json)$|^build\.ts$/.test(name)) Deno.copyFileSync(FOLDER + name, `${folder}/${name}`);
    }
    change(folder);
    const args = ["run", "-A", "--quiet", "--no-config", `${folder}/build.ts`, "--check"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { PATH: path } }).output();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("--check finds objects in order, in whichever folder they lie", async () => {
  const { code, err } = await checkCopy(() => {});
  assert.equal(code, 0, err);
});

Deno.test("without the compiler --check compares hashes, and says that it compiled nothing", async () => {
  const { code, out } = await checkCopy(() => {}, NO_COMPILER);
  assert.equal(code, 0);
  assert.match(out, /^sched_latency\.bpf\.o: hashes agree; not compiled again, for that takes .* \(here: no clang, /m);
});

Deno.test("--check finds a source, a header or an object that was changed, and a source that was never compiled", async () => {
  const cases: [string, RegExp][] = [
    ["tcp_latency.bpf.c", /^tcp_latency\.bpf\.c has changed since its object was made: run `deno task bpf`\n$/],
    ["core.bpf.h", /^(?:\w+\.bpf\.c has changed .*\n){3,}$/],
    ["sched_latency.bpf.o", /^sched_latency\.bpf\.o is not the object of manifest\.json/],
    ["fresh.bpf.c", /^fresh\.bpf\.c is not in manifest\.json/],
  ];
  for (const [file, message] of cases) {
    const change = (folder: string): void => Deno.writeTextFileSync(`${folder}/${file}`, "\n", { append: true });
    const { code, err } = await checkCopy(change, NO_COMPILER);
    assert.equal(code, 1, file);
    assert.match(err, message);
  }
});
