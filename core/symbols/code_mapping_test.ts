import assert from "node:assert/strict";
import fc from "fast-check";
import { parseMaps } from "../host/mod.ts";
import { type CodeMapping, codeMappings, findMapping, insertMapping, mappingConflicts } from "./code_mapping.ts";

const mapping = (start: number, end: number, path = "/a", offset = 0): CodeMapping => (
  { start, end, offset, major: 8, minor: 1, inode: path.length, path }
);

Deno.test("codeMappings() keeps the executable ones, unescapes newlines, leaves the vsyscall page out", () => {
  const text = `55d0c8000000-55d0c8001000 r--p 00000000 fe:00 1234   /bin/x
55d0c8001000-55d0c8003000 r-xp 00001000 fe:00 1234   /bin/a b\\012c
7ffd1b5f2000-7ffd1b5f4000 r-xp 00000000 00:00 0   [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]
`;
  assert.deepEqual(codeMappings(parseMaps(text)), [
    {
      start: 0x55d0c8001000,
      end: 0x55d0c8003000,
      offset: 4096,
      major: 254,
      minor: 0,
      inode: 1234,
      path: "/bin/a b\nc",
    },
    { start: 0x7ffd1b5f2000, end: 0x7ffd1b5f4000, offset: 0, major: 0, minor: 0, inode: 0, path: "[vdso]" },
  ]);
});

Deno.test("insertMapping() and findMapping() agree with painting addresses one by one", () => {
  const insertion = fc.record({ start: fc.nat(60), length: fc.integer({ min: 1, max: 20 }), id: fc.nat(3) });
  fc.assert(fc.property(fc.array(insertion, { maxLength: 12 }), (list) => {
    const painted: (string | undefined)[] = [];
    let mappings: CodeMapping[] = [];
    for (const { start, length, id } of list) {
      mappings = insertMapping(mappings, mapping(start, start + length, `/${id}`, 1000 * id));
      for (let a = start; a < start + length; a++) painted[a] = `/${id} ${1000 * id + a - start}`;
    }
    for (let a = 0; a < 90; a++) {
      const m = findMapping(mappings, a);
      assert.equal(m ? `${m.path} ${m.offset + a - m.start}` : undefined, painted[a]);
    }
    for (let i = 1; i < mappings.length; i++) assert.ok(mappings[i - 1].end <= mappings[i].start);
  }));
});

Deno.test("mappingConflicts() is true only where addresses change their meaning", () => {
  const old = [mapping(100, 200, "/lib", 0)];
  assert.equal(mappingConflicts(old, mapping(120, 150, "/lib", 20)), false);
  assert.equal(mappingConflicts(old, mapping(120, 150, "/lib", 0)), true);
  assert.equal(mappingConflicts(old, mapping(120, 150, "/other", 20)), true);
  assert.equal(mappingConflicts(old, mapping(200, 300, "/other", 20)), false);
  assert.equal(mappingConflicts([mapping(0, 9, "")], mapping(0, 9, "//anon")), false);
});
