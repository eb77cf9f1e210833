/** What a start loads: each module costs time before the first line of the command runs. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Where plans are kept: nothing is at first. */
const CACHE = Deno.makeTempDirSync();
const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Rooms and packages whose modules a command loads, as Deno's own log tells. */
function loaded(...args: string[]): { rooms: Set<string>; packages: Set<string>; files: Set<string> } {
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--log-level=debug", "--config", `${ROOT}deno.json`, `${ROOT}cli/main.ts`, ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", XDG_CACHE_HOME: CACHE },
  }).outputSync();
  assert.equal(code, 0, new TextDecoder().decode(stderr).slice(-500));
  const rooms = new Set<string>();
  const packages = new Set<string>();
  const files = new Set<string>();
  for (const [, url] of new TextDecoder().decode(stderr).matchAll(/module: (file:\/\/[^\s,]+)/g)) {
    const path = fileURLToPath(url);
    if (path.startsWith(ROOT)) {
      files.add(path.slice(ROOT.length));
      const parts = path.slice(ROOT.length).split("/");
      rooms.add(parts.slice(0, parts[0] === "core" || parts[0] === "plugins" ? 2 : 1).join("/"));
    } else {
      const name = path.match(/\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
      packages.add(name ?? path);
    }
  }
  return { rooms, packages, files };
}

Deno.test("--help loads the command line, the data model and commander, nothing else", () => {
  const { rooms, packages } = loaded("--help");
  assert.deepEqual([...rooms].sort(), ["cli", "core/data"]);
  assert.deepEqual([...packages], ["commander"]);
});

Deno.test("a one-liner loads no agent, no profiler, no plugin, and no package but the parser's and the renderers'", () => {
  const { rooms, packages } = loaded("run", "-e", "collect raw_tracepoint:sys_enter for 10ms | aggregate count()");
  assert.ok(rooms.has("dsl"), [...rooms].join(" "));
  for (const room of ["core/agent", "core/store", "core/monitor", "core/profile", "core/symbols"]) {
    assert.ok(!rooms.has(room), room);
  }
  assert.deepEqual([...rooms].filter((room) => room.startsWith("plugins/") && room !== "plugins/index.json"), []);
  const allowed = /^(commander|chevrotain|@chevrotain\/.+)$/;
  assert.deepEqual([...packages].filter((name) => !allowed.test(name)), []);
});

Deno.test("a recipe that ran before loads no parser, no code generator, no types of the kernel, no command line", () => {
  const recipe = "collect raw_tracepoint:sys_enter for 11ms | filter pid != 0 | aggregate count() by comm";
  const cold = loaded("run", "-e", recipe);
  const warm = loaded("run", "-e", recipe);
  for (const file of ["dsl/parser.ts", "dsl/check.ts", "bpf/codegen/plan.ts", "bpf/probes/catalog.ts"]) {
    assert.ok(cold.files.has(file) && !warm.files.has(file), file);
  }
  assert.deepEqual([...warm.packages], []);
  assert.deepEqual([...warm.rooms].filter((r) => r === "bpf" || r === "dsl").sort(), ["bpf", "dsl"]);
  console.log(`${cold.files.size} files cold, ${warm.files.size} warm`);
});
