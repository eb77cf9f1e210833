import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeArchive, type Parts } from "./archive.ts";

/** Runs a packed program the way both kinds of executable do: a loader, and an archive somewhere in a file. */
function run(parts: Parts, ...args: string[]): { out: string; err: string } {
  const dir = Deno.makeTempDirSync();
  try {
    const { bytes, loader } = makeArchive(parts);
    const before = 12_345;
    const file = new Uint8Array(before + bytes.length + 7);
    file.set(bytes, before);
    Deno.writeFileSync(join(dir, "archive"), file);
    Deno.writeTextFileSync(join(dir, "loader.js"), loader(JSON.stringify(join(dir, "archive")), before));
    const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", join(dir, "loader.js"), ...args],
      env: { NO_COLOR: "1" },
    }).outputSync();
    return { out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const parts = (modules: Record<string, string>, more: Partial<Parts> = {}): Parts => ({
  entry: "main.js",
  modules: new Map(Object.entries(modules)),
  workers: new Map(),
  files: new Map(),
  ...more,
});

Deno.test("modules import one another as before, shared ones are loaded once, lazy ones only when asked for", () => {
  const { out, err } = run(parts({
    "main.js": 'import{count as c}from"./shared-1.js";import"./side-2.js";' +
      'if(import.meta.main)console.log("main",c());' +
      'const{lazy}=await import("./lazy-3.js");console.log(lazy(),c());' +
      'console.log(new URL("x",import.meta.url).protocol,"./shared-1.js".length,"./other.js");',
    "shared-1.js": "let n=0;export const count=()=>++n;",
    "side-2.js": 'console.log("side");',
    "lazy-3.js": 'import{count}from"./shared-1.js";console.log("lazy loads");export const lazy=()=>count();',
    "never-4.js": 'throw new Error("loaded too early");',
  }));
  assert.equal(err, "");
  // The name of a module is written over in strings too; bundled code has its hash and names it nowhere else.
  assert.deepEqual(out.split("\n").slice(0, 4), ["side", "main 1", "lazy loads", "2 3"]);
  assert.match(out.split("\n")[4], /^file: \d+ \.\/other\.js$/);
});

Deno.test("files, Workers, arguments and modules from outside are there", () => {
  const outside = Deno.makeTempFileSync({ suffix: ".js" });
  try {
    Deno.writeTextFileSync(outside, "export default (x) => x + 1;");
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { out, err } = run(
      parts({
        "main.js": `const assets = globalThis[Symbol.for("sonde.assets")];
          const worker = new Worker(assets.workerUrl("a_worker.ts"), { type: "module" });
          const answer = new Promise((resolve) => worker.onmessage = (e) => resolve(e.data));
          worker.postMessage(20);
          const plugin = await import(Deno.args[0]);
          console.log(JSON.stringify([assets.names, [...assets.read("all.bin")], await answer, plugin.default(1),
            assets.workerUrl("b_worker.ts"), assets.workerUrl("a_worker.ts") === assets.workerUrl("a_worker.ts")]));
          worker.terminate();`,
      }, {
        files: new Map([["empty.txt", new Uint8Array()], ["all.bin", bytes]]),
        workers: new Map([["a_worker.ts", "self.onmessage = (e) => self.postMessage(e.data * 2);"]]),
      }),
      pathToFileURL(outside).href,
    );
    assert.equal(err, "");
    assert.deepEqual(JSON.parse(out), [["empty.txt", "all.bin"], [...bytes], 40, 2, null, true]);
  } finally {
    Deno.removeSync(outside);
  }
});

Deno.test("modules that import one another in a ring are refused, dynamic imports may go round", () => {
  const ring = parts({ "main.js": 'import"./b.js";', "b.js": 'import{x}from"./main.js";' });
  assert.throws(() => makeArchive(ring), /in a ring: main\.js → b\.js → main\.js/);
  makeArchive(parts({ "main.js": 'import"./b.js";', "b.js": 'import("./main.js");' }));
});
