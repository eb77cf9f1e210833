import assert from "node:assert/strict";
import { testProfile } from "./_testing.ts";
import { linesAsNames } from "./lines_as_names.ts";

Deno.test("linesAsNames() puts the base name and line behind the function, where both are known", () => {
  const profile = testProfile([["main;hot;(anonymous) x.js:3;[unknown]", 1]]);
  const places: [string, number][] = [["/src/a.c", 7], ["b.c", 0], ["/x.js", 3], ["", 4]];
  const frames = profile.frames.map((f, i) => ({ ...f, file: places[i][0], line: places[i][1] }));
  const named = linesAsNames({ ...profile, frames });
  assert.deepEqual(named.frames.map((f) => f.function), ["main a.c:7", "hot", "(anonymous) x.js:3", "[unknown]"]);
  assert.deepEqual(named.frames.map((f) => f.line), [0, 0, 3, 4]);
});
