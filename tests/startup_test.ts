/** What a start loads: each module costs time before the first line of the command runs. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Rooms and packages whose modules a command loads, as Deno's own log tells. */
function loaded(...args: string[]): { rooms: Set<string>; packages: Set<string> } {
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--log-level=debug", "--config", `${ROOT}deno.json`, `${ROOT}cli/main.ts`, ...args],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).outputSync();
  assert.equal(code, 0, new TextDecoder().decode(stderr).slice(-500));
  const rooms = new Set<string>();
  const packages = new Set<string>();
  for (const [, url] of new TextDecoder().decode(stderr).matchAll(/module: (file:\/\/[^\s,]+)/g)) {
    const path = fileURLToPath(url);
    if (path.startsWith(ROOT)) {
      const parts = path.slice(ROOT.length).split("/");
      rooms.add(parts.slice(0, parts[0] === "core" || parts[0] === "plugins" ? 2 : 1).join("/"));
    } else {
      const name = path.match(/\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
      packages.add(name ?? path);
    }
  }
  return { rooms, packages };
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
