import assert from "node:assert/strict";
import { compareFrames } from "../../../tests/readelf_frames.ts";
import { skip } from "../../../tests/skip.ts";
import { bytesSource } from "../byte_source.ts";
import { type Elf, ElfError, EM, looksLikeElf, readElf } from "../elf.ts";
import { openRegularFile } from "../regular_file.ts";
import { cfiSections } from "./cfi_section.ts";
import { cfiTable } from "./cfi_table.ts";

/** `SONDE_ALL_BINARIES=1`: every program and library of the machine instead of some. */
const ALL = Deno.env.get("SONDE_ALL_BINARIES") === "1";
const FOLDERS = ALL ? ["/usr/bin", "/usr/sbin", "/usr/lib/x86_64-linux-gnu"] : ["/usr/bin"];
const SOME = 60;
const ET_REL = 1;
/** Without ALL: readelf takes a minute for some giants. */
const MAX_BYTES = ALL ? Infinity : 3 << 20;

/** Files of code, links and what is no ELF file aside. */
function programs(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (!entry.isFile || Deno.statSync(path).size > MAX_BYTES) continue;
    using file = openRegularFile(path);
    if (file && looksLikeElf(file.read(0, 4) ?? new Uint8Array())) found.push(path);
  }
  return found.sort();
}

function elfOf(path: string): { elf: Elf; close: () => void } | null {
  const file = openRegularFile(path);
  if (!file) return null;
  try {
    const elf = readElf(file);
    // readelf links object files in passing: their tables are not what they will be.
    if (elf.machine === EM.X86_64 && elf.type !== ET_REL) return { elf, close: () => file[Symbol.dispose]() };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
  }
  file[Symbol.dispose]();
  return null;
}

Deno.test(`unwind rows are those of readelf, in ${ALL ? "all" : SOME} binaries`, async () => {
  const total = { files: 0, entries: 0, rows: 0, wrong: 0 };
  const told: string[] = [];
  for (const folder of FOLDERS) {
    try {
      Deno.statSync(folder);
    } catch {
      continue;
    }
    const paths = programs(folder);
    const step = ALL ? 1 : paths.length / SOME;
    for (let i = 0; i < paths.length; i += step) {
      const path = paths[Math.floor(i)];
      const opened = elfOf(path);
      if (!opened) continue;
      const tables = cfiSections(opened.elf).map(cfiTable);
      opened.close();
      let seen;
      try {
        seen = await compareFrames(path, tables);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return skip("readelf is not installed");
        if (!(error instanceof ElfError)) throw error;
        seen = { entries: 0, rows: 0, wrong: 1, disagreements: [`${path}: ${error.message}`] };
      }
      total.files++;
      total.entries += seen.entries;
      total.rows += seen.rows;
      total.wrong += seen.wrong;
      told.push(...seen.disagreements);
    }
  }
  console.log(
    `${total.files} files, ${total.entries} entries, ${total.rows} rows: ${total.wrong} disagree with readelf`,
  );
  assert.equal(total.wrong, 0, told.slice(0, 20).join("\n"));
  assert.ok(total.rows > 1000);
});

Deno.test("find() gives each entry for its first and its last address, by the table and by scanning", () => {
  for (const path of ["/usr/bin/bash", "/usr/lib/x86_64-linux-gnu/libc.so.6"]) {
    const opened = elfOf(path);
    if (!opened) return skip(`${path} is not there`);
    const [section] = cfiSections(opened.elf);
    opened.close();
    assert.ok(section.header);
    const byTable = cfiTable(section);
    const byScan = cfiTable({ ...section, header: null });
    let n = 0;
    for (const fde of byTable.all()) {
      for (const address of [fde.start, fde.end - 1]) {
        assert.equal(byTable.find(address)?.offset, fde.offset);
        assert.equal(byScan.find(address)?.offset, fde.offset);
      }
      n++;
    }
    assert.ok(n > 1000);
    assert.equal(byTable.find(0), null);
    assert.equal(byTable.find(2 ** 40), null);
  }
});

const SOURCE = `
__attribute__((noinline)) long leaf(long x) { __asm__ volatile("" : "+r"(x)); return x + 1; }
__attribute__((noinline)) long keeps(long x) { char b[400]; __asm__ volatile("" :: "r"(b) : "memory"); return leaf(x) * x; }
__attribute__((noinline)) long grows(long x) { char *p = __builtin_alloca(x); __asm__ volatile("" :: "r"(p) : "memory"); return keeps(x) + x; }
`;

for (
  const [what, compiler, machine, options] of [
    [".debug_frame that is compressed", "gcc", "x86_64", [
      "-g",
      "-gz",
      "-fno-asynchronous-unwind-tables",
      "-fno-unwind-tables",
    ]],
    ["64-bit DWARF", "gcc", "x86_64", ["-g", "-gdwarf64", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"]],
    ["signed return addresses of aarch64", "aarch64-linux-gnu-gcc", "aarch64", ["-mbranch-protection=pac-ret"]],
  ] as const
) {
  Deno.test(`unwind rows are those of readelf: ${what}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      const path = `${dir}/lib.so`;
      await Deno.writeTextFile(`${dir}/lib.c`, SOURCE);
      const args = ["-O2", "-shared", "-nostdlib", "-fPIC", ...options, "-o", path, `${dir}/lib.c`];
      try {
        const { success, stderr } = await new Deno.Command(compiler, { args }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return skip(`${compiler} is not installed`);
        throw error;
      }
      const tables = cfiSections(readElf(bytesSource(await Deno.readFile(path)))).map(cfiTable);
      const seen = await compareFrames(path, tables, machine);
      assert.deepEqual(seen.disagreements, []);
      assert.ok(seen.entries >= 3 && seen.rows >= 4, `${seen.entries} entries, ${seen.rows} rows`);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
