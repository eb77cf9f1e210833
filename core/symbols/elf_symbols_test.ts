import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { loadModule } from "./code_module.ts";
import { readElf } from "./elf.ts";
import { elfFunctions } from "./elf_symbols.ts";
import { symbolTable } from "./symbol_table.ts";

const PROGRAM = `
#include <string.h>
__attribute__((noinline)) static int cool(int x) { volatile int y = x; return y + 1; }
__attribute__((noinline)) int hot(int x) { volatile int y = 0; for (int i = 0; i < x; i++) y += cool(i); return y; }
__attribute__((noinline, weak)) int weak_name(int x) { return x * 3; }
extern int alias_name(int) __attribute__((alias("weak_name")));
int main(int argc, char **argv) { return hot(argc) + weak_name(argc) + alias_name(argc) + (int)strlen(argv[0]); }
`;

/** Symbols of readelf -sW that are defined functions, as [value, size, name]. */
function functionsOf(text: string): [number, number, string][] {
  const line = /^ *\d+: ([0-9a-f]+) +(\S+) (?:FUNC|IFUNC) +\S+ +\S+ +(?!UND)\S+ +(\S+)/gm;
  return [...text.matchAll(line)].map((m) => [parseInt(m[1], 16), Number(m[2]), m[3].replace(/@.*/, "")]);
}

Deno.test("elfFunctions() holds every function that readelf -sW lists", async () => {
  for (const file of ["/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/perf", Deno.execPath(), "/bin/bash"]) {
    const bytes = await Deno.readFile(file).catch(() => null);
    const text = await outputOf("readelf", ["-sW", file]);
    if (!bytes || text === null) {
      skip(`no readelf or no ${file}`);
      continue;
    }
    const columns = elfFunctions(readElf(bytesSource(bytes)));
    const got = new Set<string>();
    for (let i = 0; i < columns.length; i++) {
      got.add(`${columns.starts[i]} ${columns.sizes[i]} ${columns.nameOf(i).replace(/@.*/, "")}`);
    }
    for (const [value, size, name] of functionsOf(text)) assert.ok(got.has(`${value} ${size} ${name}`), name);
  }
});

Deno.test("a table answers every address inside functions as addr2line -f does", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(PROGRAM, `${dir}/a`)) return skip("no gcc");
    const elf = readElf(bytesSource(await Deno.readFile(`${dir}/a`)));
    const table = symbolTable(elfFunctions(elf));
    const text = elf.sections.find((s) => s.name === ".text")!;
    const addresses = Array.from({ length: text.size }, (_, i) => text.addr + i);
    const answer = await outputOf("addr2line", ["-f", "-e", `${dir}/a`, ...addresses.map((a) => a.toString(16))]);
    if (answer === null) return skip("no addr2line");
    const lines = answer.split("\n");
    let compared = 0;
    addresses.forEach((address, i) => {
      const hit = table.find(address);
      // addr2line goes on to the next symbol where a function's size ends; we say unknown there.
      if (!hit || !["cool", "hot", "weak_name", "alias_name", "main"].includes(hit.name)) return;
      const same = lines[2 * i] === hit.name || [hit.name, lines[2 * i]].every((n) => /weak_name|alias_name/.test(n));
      assert.ok(same, `${address.toString(16)}: ${hit.name}, addr2line says ${lines[2 * i]}`);
      compared++;
    });
    assert.ok(compared > 60);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a table prefers a global to a weak alias, as perf does", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(PROGRAM, `${dir}/a`)) return skip("no gcc");
    const columns = elfFunctions(readElf(bytesSource(await Deno.readFile(`${dir}/a`))));
    const weak = Array.from({ length: columns.length }, (_, i) => i).find((i) => columns.nameOf(i) === "weak_name")!;
    assert.equal(symbolTable(columns).find(columns.starts[weak])?.name, "alias_name");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("elfFunctions() names the stubs of the procedure linkage table as objdump does", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const layouts = [
      ["-fcf-protection=full"],
      ["-fcf-protection=full", "-Wl,-z,lazy,-z,ibtplt"],
      ["-fcf-protection=none", "-Wl,-z,lazy", "-no-pie"],
      ["-fcf-protection=none", "-Wl,-z,now"],
      ["-fcf-protection=none", "-fuse-ld=gold"],
    ];
    for (const options of layouts) {
      if (!await compileC(PROGRAM, `${dir}/a`, options)) return skip("no gcc");
      const text = await outputOf("objdump", ["-d", `${dir}/a`]);
      if (text === null) return skip("no objdump");
      const table = symbolTable(elfFunctions(readElf(bytesSource(await Deno.readFile(`${dir}/a`)))));
      const stubs = [...text.matchAll(/^([0-9a-f]+) <(\w+@plt)>:/gm)];
      assert.ok(stubs.some((s) => s[2] === "strlen@plt"), options.join(" "));
      for (const [, address, name] of stubs) {
        assert.equal(table.find(parseInt(address, 16) + 4)?.name, name, `${options.join(" ")} ${address}`);
      }
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("elfFunctions() names the stubs of aarch64, with and without BTI and pointer authentication", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/a.c`, PROGRAM);
    for (const options of [[], ["-mbranch-protection=standard", "-Wl,-z,force-bti,-z,pac-plt,-z,lazy"]]) {
      const args = ["-O1", ...options, "-o", `${dir}/a`, `${dir}/a.c`];
      const built = await new Deno.Command("aarch64-linux-gnu-gcc", { args, stderr: "null" }).output().catch(() =>
        null
      );
      if (!built?.success) return skip("no aarch64-linux-gnu-gcc");
      const text = await outputOf("aarch64-linux-gnu-objdump", ["-d", `${dir}/a`]);
      if (text === null) return skip("no aarch64-linux-gnu-objdump");
      const table = symbolTable(elfFunctions(readElf(bytesSource(await Deno.readFile(`${dir}/a`)))));
      const stubs = [...text.matchAll(/^([0-9a-f]+) <(\w+@plt)>:/gm)];
      assert.ok(stubs.some((s) => s[2] === "strlen@plt"));
      for (const [, address, name] of stubs) assert.equal(table.find(parseInt(address, 16) + 8)?.name, name);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("loadModule() finds functions by offset in the file, with and without position independence", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const options of [["-pie"], ["-no-pie"], ["-static"], ["-Wl,-z,noseparate-code"]]) {
      if (!await compileC(PROGRAM, `${dir}/a`, options)) return skip("no gcc");
      const source = bytesSource(await Deno.readFile(`${dir}/a`));
      const module = loadModule(source, `${dir}/a`, () => null);
      const text = readElf(source).sections.find((s) => s.name === ".text")!;
      const hot = (await outputOf("nm", [`${dir}/a`]))?.match(/^([0-9a-f]+) T hot$/m);
      if (!hot) return skip("no nm");
      assert.equal(module.find(parseInt(hot[1], 16) - text.addr + text.offset + 3)?.name, "hot");
      assert.equal(module.full, true);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
