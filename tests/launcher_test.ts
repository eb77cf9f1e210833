/** The launcher, on a copy whose command only tells what it was given. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { skip } from "./skip.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const VERSION = Deno.readTextFileSync(join(ROOT, "deploy/find_deno.sh")).match(/^deno_version=(.+)$/m)![1];
const PACKAGE = Deno.build.arch === "aarch64" ? "linux-arm64-glibc" : "linux-x64-glibc";

interface Copy extends Disposable {
  /** Folder outside the copy. */
  readonly dir: string;
  readonly root: string;
  readonly launcher: string;
  readonly modules: string;
  run(path: string, args?: string[], options?: { cwd?: string; path?: string }): ReturnType<typeof spawnSync>;
}

/** A copy in a folder with an unpleasant name. */
function copy(withDeno: boolean): Copy {
  const dir = Deno.makeTempDirSync();
  const root = join(dir, "a b #1 %20 ü");
  const modules = join(root, "node_modules/@deno", PACKAGE);
  for (const folder of [join(root, "deploy"), join(root, "cli"), join(dir, "bin")]) {
    Deno.mkdirSync(folder, { recursive: true });
  }
  Deno.copyFileSync(join(ROOT, "sonde"), join(root, "sonde"));
  Deno.copyFileSync(join(ROOT, "deploy/find_deno.sh"), join(root, "deploy/find_deno.sh"));
  Deno.writeTextFileSync(join(root, "deno.json"), "{}");
  Deno.writeTextFileSync(
    join(root, "cli/main.ts"),
    `const who: string = Deno.execPath(); console.log(JSON.stringify({ args: Deno.args, cwd: Deno.cwd(), who }));`,
  );
  if (withDeno) {
    Deno.mkdirSync(modules, { recursive: true });
    Deno.symlinkSync(Deno.execPath(), join(modules, "deno"));
  }
  // What a bare machine has, and no npm or deno.
  for (const tool of ["chmod", "env", "grep", "mkdir", "mktemp", "mv", "readlink", "rm", "sh", "uname"]) {
    Deno.symlinkSync(`/usr/bin/${tool}`, join(dir, "bin", tool));
  }
  return {
    dir,
    root,
    launcher: join(root, "sonde"),
    modules,
    run: (path, args = [], options = {}) =>
      spawnSync("env", ["-i", `HOME=${dir}`, `PATH=${options.path ?? join(dir, "bin")}`, path, ...args], {
        cwd: options.cwd ?? dir,
        encoding: "utf8",
      }),
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

Deno.test("the launcher works from any folder, by any path, through links, and hands arguments on as they are", () => {
  using c = copy(true);
  const args = ["--help", "-A", "", "a b", "$(id)", "--", "*"];
  const inside = join(c.root, "cli");
  Deno.symlinkSync(c.launcher, join(c.dir, "absolute"));
  Deno.symlinkSync("absolute", join(c.dir, "link to link"));
  Deno.mkdirSync(join(c.dir, "sub"));
  Deno.symlinkSync(`../${c.root.slice(c.dir.length + 1)}/sonde`, join(c.dir, "sub/relative"));
  for (
    const [path, cwd] of [
      [c.launcher, "/"],
      ["./sonde", c.root],
      ["../sonde", inside],
      [join(c.dir, "absolute"), c.dir],
      ["./link to link", c.dir],
      ["sub/relative", c.dir],
      ["./relative", join(c.dir, "sub")],
    ]
  ) {
    const { status, stdout, stderr } = c.run(path, args, { cwd });
    assert.equal(status, 0, `${path}: ${stderr}`);
    const seen = JSON.parse(stdout as string);
    assert.deepEqual(seen.args, args, path);
    assert.equal(seen.cwd, cwd, path);
  }
  const found = c.run("link to link", args, { path: `${c.dir}:${join(c.dir, "bin")}` });
  assert.deepEqual(JSON.parse(found.stdout as string).args, args, "found on PATH");
});

Deno.test("the launcher becomes Deno and starts nothing else", () => {
  using c = copy(true);
  const log = join(c.dir, "trace");
  const run = spawnSync("strace", ["-f", "-e", "trace=execve", "-o", log, c.launcher], { cwd: c.dir });
  if (run.error) return skip("strace is not installed");
  assert.equal(run.status, 0);
  const started = Deno.readTextFileSync(log).split("\n").filter((line) => line.includes("execve("));
  assert.equal(started.length, 2, started.join("\n"));
});

Deno.test("without Deno and npm the launcher says what to install, and ends with 3", () => {
  using c = copy(false);
  const { status, stdout, stderr } = c.run(c.launcher);
  assert.equal(status, 3);
  assert.equal(stdout, "");
  assert.match(stderr as string, new RegExp(`needs Deno ${VERSION}, and npm`));
  assert.match(stderr as string, /apt-get install npm/);
});

Deno.test("a failing npm leaves nothing half done", () => {
  using c = copy(false);
  const npm = join(c.dir, "bin/npm");
  Deno.writeTextFileSync(npm, "#!/bin/sh\necho 'npm error no network here' >&2\nexit 1\n", { mode: 0o755 });
  const { status, stderr } = c.run(c.launcher);
  assert.equal(status, 3);
  assert.match(stderr as string, /no network here[^]*npm could not fetch @deno/);
  assert.deepEqual(Array.from(Deno.readDirSync(join(c.root, "node_modules")), ({ name }) => name), ["@deno"]);
  assert.deepEqual(Array.from(Deno.readDirSync(join(c.root, "node_modules/@deno"))), []);
});

Deno.test("the launcher fetches Deno once, says so, and is quiet the second time", () => {
  using c = copy(false);
  // Stands in for npm: puts the package where `npm install --prefix DIR` would.
  Deno.writeTextFileSync(
    join(c.dir, "bin/npm"),
    `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --prefix) shift; prefix=$1 ;; @deno/*) package=\${1%@*} ;; esac
  shift
done
mkdir -p "$prefix/node_modules/$package"
printf '#!/bin/sh\\nexec "${Deno.execPath()}" "$@"\\n' > "$prefix/node_modules/$package/deno"
`,
    { mode: 0o755 },
  );
  const first = c.run(c.launcher, ["one"]);
  assert.equal(first.status, 0, first.stderr as string);
  assert.match(first.stderr as string, new RegExp(`fetching Deno ${VERSION} with npm`));
  assert.deepEqual(JSON.parse(first.stdout as string).args, ["one"]);
  const second = c.run(c.launcher, ["two"]);
  assert.equal(second.stderr, "");
  assert.deepEqual(JSON.parse(second.stdout as string).args, ["two"]);
});

Deno.test("a Deno on PATH serves only when its version is the pinned one", () => {
  using c = copy(false);
  const deno = join(c.dir, "bin/deno");
  const script = (version: string): string =>
    `#!/bin/sh\n[ "$1" = --version ] && { echo "deno ${version} (stable)"; exit; }\nexec "${Deno.execPath()}" "$@"\n`;
  Deno.writeTextFileSync(deno, script(VERSION), { mode: 0o755 });
  assert.equal(c.run(c.launcher).status, 0);
  for (const version of [`${VERSION}0`, `1${VERSION}`, "0.1.0"]) {
    Deno.writeTextFileSync(deno, script(version));
    assert.equal(c.run(c.launcher).status, 3, version);
  }
});

Deno.test("the version that the launcher fetches is the one that runs the tests", () => {
  assert.equal(Deno.version.deno, VERSION);
});
