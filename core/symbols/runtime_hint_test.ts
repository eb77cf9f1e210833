import assert from "node:assert/strict";
import type { CodeMapping } from "./code_mapping.ts";
import { runtimeOf } from "./runtime_hint.ts";

const mapping = (path: string): CodeMapping => ({ start: 0, end: 1, offset: 0, major: 0, minor: 0, inode: 1, path });

const CASES: readonly (readonly [path: string, name: string, hint: RegExp])[] = [
  ["/usr/bin/python3.11", "python3.11", /cannot.*3\.12/],
  ["/usr/lib/x86_64-linux-gnu/libpython3.12.so.1.0", "python3.12", /-X perf/],
  ["/opt/python/bin/python3.13t", "python3.13", /PYTHONPERFSUPPORT=1/],
  ["/usr/bin/python2.7", "python2.7", /cannot/],
  ["/usr/local/bin/node", "node", /--perf-basic-prof/],
  ["/usr/lib/libnode.so.115", "node", /--interpreted-frames-native-stack/],
  ["/usr/lib/jvm/java-17/lib/server/libjvm.so", "java", /DumpPerfMapAtExit/],
  ["/usr/share/dotnet/shared/libcoreclr.so", "dotnet", /DOTNET_PerfMapEnabled=1/],
  ["/usr/lib/libruby-3.1.so.3.1", "ruby", /yjit/],
  ["/usr/sbin/php-fpm8.2", "php", /opcache/],
];

for (const [path, name, hint] of CASES) {
  Deno.test(`runtimeOf() knows ${path}`, () => {
    const found = runtimeOf([mapping("/bin/other"), mapping(path), mapping("")]);
    assert.equal(found?.name, name);
    assert.match(found.hint, hint);
  });
}

Deno.test("runtimeOf() takes other programs for none", () => {
  for (const path of ["", "/usr/bin/nodejs-tool", "/usr/bin/pythonic", "/bin/bash", "/usr/lib/libphp_x"]) {
    assert.equal(runtimeOf([mapping(path)]), null, path);
  }
});
