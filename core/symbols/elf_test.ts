import assert from "node:assert/strict";
import fc from "fast-check";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { ElfError, fileOffsetToVaddr, PT, readElf } from "./elf.ts";
import { buildId, debugLink } from "./elf_notes.ts";
import { elfFunctions } from "./elf_symbols.ts";
import { symbolTable } from "./symbol_table.ts";

const OWN = Deno.readFileSync("/bin/ls");

/** All that is read of a file. */
function readAll(bytes: Uint8Array): void {
  const elf = readElf(bytesSource(bytes));
  buildId(elf);
  debugLink(elf);
  fileOffsetToVaddr(elf, 0x1000);
  const table = symbolTable(elfFunctions(elf));
  for (let a = 0; a < 1 << 20; a += 4099) table.find(a);
}

Deno.test("readElf() reads the sections and segments that readelf reads", async () => {
  for (const file of ["/bin/ls", "/usr/bin/perf", Deno.execPath()]) {
    const text = await outputOf("readelf", ["-lSW", file]);
    if (text === null) return skip("no readelf");
    const elf = readElf(bytesSource(await Deno.readFile(file)));
    const sections = [...text.matchAll(/^ +\[ *\d+\] (\S+) +\S+ +([0-9a-f]{16}) ([0-9a-f]{6,}) ([0-9a-f]{6,}) /gm)];
    assert.ok(sections.length > 10);
    assert.deepEqual(
      elf.sections.slice(1).map((s) => [s.name, s.addr, s.offset, s.size]),
      sections.map((m) => [m[1], ...m.slice(2, 5).map((x) => parseInt(x, 16))]),
    );
    const loads = [...text.matchAll(/^ +LOAD +(0x\S+) (0x\S+) 0x\S+ (0x\S+) (0x\S+) /gm)];
    assert.deepEqual(
      elf.segments.filter((s) => s.type === PT.LOAD).map((s) => [s.offset, s.vaddr, s.fileSize, s.memSize]),
      loads.map((m) => m.slice(1, 5).map(Number)),
    );
  }
});

Deno.test("buildId() reads what readelf -n reads, from sections and from segments alone", async () => {
  const text = await outputOf("readelf", ["-n", "/bin/ls"]);
  const expected = /Build ID: (\S+)/.exec(text ?? "")?.[1];
  if (!expected) return skip("no readelf, or /bin/ls has no build id");
  const elf = readElf(bytesSource(OWN));
  assert.equal(buildId(elf), expected);
  assert.equal(buildId({ ...elf, sections: [] }), expected);
});

Deno.test("fileOffsetToVaddr() prefers the executable of two segments that share a page of the file", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC("int main(void){return 0;}", `${dir}/a`)) return skip("no gcc");
    const elf = readElf(bytesSource(await Deno.readFile(`${dir}/a`)));
    const text = elf.sections.find((s) => s.name === ".text")!;
    assert.equal(fileOffsetToVaddr(elf, text.offset + 4), text.addr + 4);
    assert.equal(fileOffsetToVaddr(elf, 1e12), null);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readElf() refuses what is no 64-bit little-endian ELF, saying what it found", () => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /Not an ELF/],
    [new TextEncoder().encode("#!/bin/sh\n"), /Not an ELF/],
    [OWN.slice(0, 40), /cut off after 40/],
    [OWN.map((b, i) => i === 4 ? 1 : b), /class 1/],
    [OWN.map((b, i) => i === 5 ? 2 : b), /data 2/],
    [OWN.slice(0, 4096), /past the end/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(() => readElf(bytesSource(bytes)), (e) => e instanceof ElfError && message.test(e.message));
  }
});

Deno.test("a damaged file gives an ElfError or symbols, never another error or a hang", () => {
  const headerAndTables = fc.nat(OWN.length - 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(headerAndTables, fc.nat(255)), { minLength: 1, maxLength: 30 }), (edits) => {
      const bytes = OWN.slice();
      const shoff = Number(new DataView(bytes.buffer).getBigUint64(40, true));
      edits.forEach(([at, value], i) => {
        // Most edits hit what steers the reader: the header, program headers, section headers.
        const where = i % 3 === 0 ? at % 1024 : i % 3 === 1 ? shoff + at % (bytes.length - shoff) : at;
        bytes[where] = value;
      });
      try {
        readAll(bytes);
      } catch (error) {
        assert.ok(error instanceof ElfError, `${error}`);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("a file cut off anywhere gives an ElfError or symbols", () => {
  for (let n = 0; n < OWN.length; n += 997) {
    try {
      readAll(OWN.subarray(0, n));
    } catch (error) {
      assert.ok(error instanceof ElfError, `${n}: ${error}`);
    }
  }
});
